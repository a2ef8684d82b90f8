/**
 * The demo inside its namespaces: this one is the site "left", a second network namespace without a name the site
 * "right". Started by `demo.ts`; ends with 0, with 1, or with `CANNOT` and the reason on stderr.
 */
import {
  coverFolder,
  currentNetns,
  enterNetns,
  inNetns,
  type Libc,
  LIBC_PATHS,
  LibcError,
  Netlink,
  newNetns,
  openLibc,
  openTun,
} from "../../ffi/libc/mod.ts";
import { linkByName, newAddress, newVeth, parseLink, setLink } from "../../src/datapath/rtnetlink/mod.ts";
import { addressToOctets, parseAddress, parsePrefix } from "../../src/ip/mod.ts";
import { Daemon } from "./daemon.ts";
import { CANNOT } from "./limits.ts";
import { confOf, LEFT, RIGHT, type Site } from "./sites.ts";
import { Tap } from "./tap.ts";
import { burst, ping } from "./traffic.ts";

const PINGS = 5;
const BURST_MS = 3000;
const WIRE = "wire0";

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

function cannot(reason: string): never {
  console.error(reason);
  Deno.exit(CANNOT);
}

/** A folder that only this mount namespace sees: files in it are gone with us. */
function privateFolder(libc: Libc): string {
  const needed = [
    Deno.execPath(),
    import.meta.dirname!,
    Deno.env.get("DENO_DIR") ?? "",
    Deno.env.get("HOME") ?? "",
  ];
  const folder = ["/run", "/srv", "/mnt"].find((path) =>
    exists(path) && !needed.some((other) => other.startsWith(`${path}/`))
  );
  if (folder === undefined) {
    cannot("no folder that can be covered by a private one");
  }
  coverFolder(libc, folder);
  return folder;
}

function indexOf(netlink: Netlink, name: string): number {
  return parseLink(
    netlink.require(linkByName(name), `find the device ${name}`)[0]!,
  )!.index;
}

/** Gives one end of the wire and the inside their addresses. */
function configure(netlink: Netlink, site: Site): void {
  for (
    const [device, address] of [["lo", `${site.inner}/32`], [
      WIRE,
      `${site.outer}/24`,
    ]] as const
  ) {
    const index = indexOf(netlink, device);
    netlink.require(
      newAddress(index, parsePrefix(address)!),
      `give ${device} ${address}`,
    );
    netlink.require(setLink(index, { up: true }), `bring ${device} up`);
  }
}

/** Wire, addresses, and whether a TUN device can be had. */
function prepare(
  libc: Libc,
): { readonly left: Netlink; readonly right: number } {
  try {
    openTun(libc).close();
    const right = newNetns(libc);
    const left = new Netlink(libc),
      rightNetlink = inNetns(libc, right, () => new Netlink(libc));
    left.require(
      newVeth(WIRE, WIRE, { fd: right }),
      "join the two sites by a wire",
    );
    configure(left, LEFT);
    configure(rightNetlink, RIGHT);
    rightNetlink.close();
    return { left, right };
  } catch (error) {
    if (error instanceof LibcError) cannot(error.message);
    throw error;
  }
}

function octetsOf(address: string): readonly number[] {
  return [...addressToOctets(parseAddress(address)!)];
}

function section(title: string): void {
  console.log(`\n── ${title}`);
}

function check(condition: boolean, reason: string): void {
  if (!condition) throw new Error(reason);
}

async function showTraffic(libc: Libc, right: number, tap: Tap): Promise<void> {
  section(`ping from the left gateway to ${RIGHT.inner}, source not bound`);
  tap.packets(Infinity);
  const times = await ping(libc, [
    ...addressToOctets(parseAddress(RIGHT.inner)!),
  ], PINGS);
  times.forEach((time, i) =>
    console.log(
      `seq=${i + 1} ${time === undefined ? "no answer" : `${time.toFixed(2)} ms`}`,
    )
  );
  check(times.every((time) => time !== undefined), "a ping had no answer");

  section("the same packets on the wire between the gateways");
  const seen = tap.packets(4);
  for (const line of seen) console.log(line);
  check(
    seen.length === 4 && seen.every((line) => line.includes("ESP")),
    "not only ESP was on the wire",
  );

  section(`one TCP connection through the tunnel, ${BURST_MS / 1000} s`);
  const home = currentNetns(libc);
  enterNetns(libc, right);
  const listener = Deno.listen({ hostname: RIGHT.inner, port: 5001 });
  enterNetns(libc, home);
  const { octets, seconds } = await burst(
    listener,
    Deno.connect({ hostname: RIGHT.inner, port: 5001 }),
    BURST_MS,
  );
  listener.close();
  const rate = octets * 8 / seconds / 1e9;
  console.log(
    `${(octets / 2 ** 20).toFixed(0)} MiB in ${seconds.toFixed(2)} s: ${rate.toFixed(2)} Gbit/s`,
  );
}

async function run(): Promise<void> {
  const path = LIBC_PATHS.find(exists);
  if (path === undefined) cannot("no libc.so.6 in the known places");
  if (!exists("/dev/net/tun")) cannot("no /dev/net/tun");
  const libc = openLibc(path);
  const { left, right } = prepare(libc);
  const folder = privateFolder(libc);
  const confs = {
    left: confOf(LEFT, RIGHT, "active"),
    right: confOf(RIGHT, LEFT, "passive"),
  };
  section("two gateways, two configurations");
  console.log(confs.left + "\n" + confs.right.trimEnd());

  const wire = indexOf(left, WIRE);
  const tap = new Tap(libc, wire), strangers = new Tap(libc, wire, true);
  // An echo in clear, outside of every flow: the tap for strangers has to see request and reply.
  const clear = await ping(libc, octetsOf(RIGHT.outer), 1);
  const control = strangers.packets(3);
  check(clear[0] !== undefined && control.length === 2, "the look at the wire misses packets in clear");
  section("the negotiation");
  const passive = inNetns(
    libc,
    right,
    () => new Daemon({ name: "right", conf: confs.right, folder }),
  );
  await passive.line(/^iked: ready$/m);
  const active = new Daemon({ name: "left", conf: confs.left, folder });
  await Promise.all([active.line(/child-up/), passive.line(/child-up/)]);

  await showTraffic(libc, right, tap);

  section("iked ctl show sa, on the left");
  console.log((await active.ctl("show", "sa")).trimEnd());
  const { ikeSas } = JSON.parse(await active.ctl("--json", "show", "sa"));
  check(
    ikeSas.length === 1 && ikeSas[0].children.length === 1,
    "there is not one SA of each kind",
  );
  check(
    ikeSas[0].children[0].packetsIn > PINGS,
    "the SA has not carried the traffic",
  );

  section("taking it down");
  await active.stop();
  await passive.stop();
  const strange = strangers.packets(5);
  check(
    strange.length === 0,
    `something else than ESP and IKE was on the wire: ${strange.join("; ")}`,
  );
  console.log(
    "both daemons ended with 0; nothing but ESP and IKE was ever on the wire",
  );
}

try {
  await run();
  console.log("\ndemo: ok (namespaces)");
  Deno.exit(0);
} catch (error) {
  console.log(
    `\ndemo: failed: ${error instanceof Error ? error.message : error}`,
  );
  Deno.exit(1);
}
