import assert from "node:assert/strict";
import { expandTag } from "../../src/policy/tag.ts";
import { Pair } from "../support/pair.ts";
import { sideA, sideB } from "../support/policies.ts";

Deno.test("tag: both ends mark what their policies say, the first Child SA and those after it, and show it", async () => {
  const pair = await new Pair({
    a: sideA({ policy: { tag: "$name", childLifetime: { ms: 60_000, octets: 0 } } }),
    b: sideB({ policy: { tag: "from-$id" } }),
  }).start();
  await pair.advance(1_000);
  const [b] = await pair.b.engine.snapshot();
  const id = b!.peer.id!;
  const wanted = {
    a: expandTag("$name", "to-b", undefined)!.mark,
    b: expandTag(`from-${id}`, "", undefined)!.mark,
  };
  const marks = (host: "a" | "b") => [...pair[host].datapath.pairs.values()].map(({ child }) => child.mark);
  assert.deepEqual([marks("a"), marks("b")], [[wanted.a], [wanted.b]]);
  assert.deepEqual(b!.children.map(({ tag, mark }) => [tag, Number(mark)]), [[`from-${id}`, wanted.b]]);
  const first = [...pair.a.datapath.pairs.keys()];
  await pair.advance(70_000);
  assert.notDeepEqual([...pair.a.datapath.pairs.keys()], first, "it was rekeyed");
  assert.deepEqual(new Set([...marks("a"), ...marks("b")]), new Set([wanted.a, wanted.b]));
});
