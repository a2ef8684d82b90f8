/** Every algorithm that a peer on the kernel's ESP has too, in both roles: a tunnel each that carries pings both ways. */
import { kernelTest } from "./peers.ts";
import { eachSuite, KINDS } from "./matrix.ts";

for (const kind of Object.keys(KINDS)) {
  for (const [role, side] of [["initiator", "left"], ["responder", "right"]] as const) {
    kernelTest("matrix", `xfrm: with ${kind}, every algorithm, we are the ${role}`, async (t) => {
      await eachSuite(kind, side, "xfrm", (name, carries) => t.step(name, carries));
    });
  }
}
