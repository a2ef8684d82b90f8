/** A process that steers two flows into a device of its own and waits to be killed. */
import { LIBC_PATHS, Netlink, openLibc, openTun } from "../../ffi/libc/mod.ts";
import { Steering } from "../../cli/daemon/net/steering.ts";
import { ANY_PORT, parsePrefix, rangeOfPrefix } from "../../src/ip/mod.ts";

const exists = (path: string): boolean => {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
};
const libc = openLibc(LIBC_PATHS.find(exists)!);
const tun = openTun(libc);
const steering = new Steering({ netlink: new Netlink(libc), tun: { index: tun.index, mtu: 1400 } });
const side = (prefix: string, protocol = 0, port = ANY_PORT) => ({
  addresses: rangeOfPrefix(parsePrefix(prefix)!),
  protocol,
  ports: port,
});
for (
  const result of [
    steering.start(),
    steering.setFlows([
      { policy: "v4", local: side("10.1.0.0/16"), remote: side("10.2.0.0/16") },
      {
        policy: "port",
        local: side("10.1.0.0/16", 6),
        remote: side("10.3.0.0/16", 6, { start: 22, end: 22 }),
      },
      { policy: "v6", local: side("2001:db8:1::/48"), remote: side("2001:db8:2::/48") },
    ]),
  ]
) if (!result.ok) throw new Error(result.error.message);
console.log("steering");
await Deno.stdin.read(new Uint8Array(1));
// Only reached when the test ended without killing us.
await new Promise(() => setInterval(() => {}, 1 << 30));
