/** Every algorithm that a peer on the kernel's ESP has too, in both roles: a tunnel each that carries pings both ways. */
import assert from "node:assert/strict";
import { Iked } from "../interop/iked.ts";
import { must, ping, Wire } from "../interop/lab.ts";
import { ikedConf, LEFT, PATHS, RIGHT, SUITES } from "../interop/suites.ts";
import { kernelTest } from "./peers.ts";
import { eachSuite, KINDS } from "./matrix.ts";

for (const kind of Object.keys(KINDS)) {
  for (const [role, side] of [["initiator", "left"], ["responder", "right"]] as const) {
    kernelTest("matrix", `xfrm: with ${kind}, every algorithm, we are the ${role}`, async (t) => {
      await eachSuite(kind, side, "xfrm", (name, carries) => t.step(name, carries));
    });
  }
}

kernelTest(
  "matrix",
  "xfrm: Blowfish of 160 bits, which no peer has, against libcrypto's on userland",
  async () => {
    const path = PATHS[0]!;
    const suite = { ...SUITES[0]!, childsa: "enc blowfish auth hmac-sha1" };
    await using wire = await Wire.create("", "direct");
    await using _right = await Iked.start(wire.right, ikedConf("right", path, suite), "-K", "userland");
    await using left = await Iked.start(wire.left, ikedConf("left", path, suite), "-K", "xfrm");
    await left.process.line(/child-up/);
    assert.equal(await ping(wire.left, LEFT.host, RIGHT.host, 5), 5, left.process.log);
    assert.equal(await ping(wire.right, RIGHT.host, LEFT.host, 5), 5);
    assert.match(await must("ip", "-n", wire.left, "xfrm", "state"), /enc cbc\(blowfish\) 0x[0-9a-f]{40}\n/);
  },
);
