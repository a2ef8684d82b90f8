import assert from "node:assert/strict";
import { negotiate } from "../../examples/two_engines.ts";

Deno.test("examples/two_engines.ts: both sides install the same keys, each the other's SPIs", async () => {
  const said: string[] = [];
  const [left, right, ...more] = await negotiate((line) => said.push(line));
  assert.equal(more.length, 0);
  assert.deepEqual(left!.outbound, right!.inbound);
  assert.deepEqual(left!.inbound, right!.outbound);
  assert.ok(left!.outbound.encrKey.length > 0);
  assert.ok(said.includes("left: child-up") && said.includes("right: child-up"));
});
