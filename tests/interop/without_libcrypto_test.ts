/** On a host that has no libcrypto.so.3 the daemon says what it lacks, and its tunnel works all the same. */
import assert from "node:assert/strict";
import { dirname } from "node:path";
import { LIBCRYPTO_PATHS } from "../../ffi/libcrypto/mod.ts";
import { Iked } from "./iked.ts";
import { ping, tcp, whyNot, Wire } from "./lab.ts";
import { StrongSwan } from "./peers.ts";
import { ikedConf, LEFT, PATHS, RIGHT, SUITES, swanctlConf } from "./suites.ts";

const why = whyNot();
const skipped = why === undefined ? "" : ` [skipped: ${why}]`;

/** Runs a command where libcrypto is not to be seen: a mount namespace with a whiteout over the library's folder. */
function hidden(path: string): string[] {
  const folder = dirname(path);
  const script = `d=$(mktemp -d) && mount -t tmpfs t "$d" && mkdir "$d/up" "$d/work" &&
    mknod "$d/up/libcrypto.so.3" c 0 0 &&
    mount -t overlay -o "lowerdir=${folder},upperdir=$d/up,workdir=$d/work" o ${folder} && exec "$@"`;
  return ["unshare", "-m", "sh", "-c", script, "sh"];
}

async function library(): Promise<string> {
  for (const path of LIBCRYPTO_PATHS) {
    if (await Deno.stat(path).then(() => true, () => false)) return await Deno.realPath(path);
  }
  throw new Error("No libcrypto.so.3 to hide");
}

for (const suite of [SUITES[0]!, SUITES[2]!]) {
  Deno.test({
    name: `without libcrypto: ${suite.name} with strongSwan, and the start says what is missing${skipped}`,
    ignore: why !== undefined,
    fn: async () => {
      const path = PATHS[0]!;
      await using wire = await Wire.create("ikp-", "direct");
      await using peer = await StrongSwan.start(wire.right, "userland");
      await peer.load(swanctlConf("right", path, suite));
      await using iked = await Iked.startUnder(
        hidden(await library()),
        wire.left,
        ikedConf("left", path, suite),
      );
      assert.match(
        iked.process.log,
        /^iked: warning: libcrypto\.so\.3 not found, using the portable algorithms/m,
      );
      await iked.process.line(/child-up/);
      assert.equal(await ping(wire.left, LEFT.host, RIGHT.host, 5), 5);
      await tcp(wire.right, wire.left, RIGHT.host, LEFT.host, 1_000_000);
    },
  });
}
