import assert from "node:assert/strict";
import { literalBlocks, section } from "../man/pages.ts";
import { Capture } from "./capture.ts";
import { runOn } from "./gateway.ts";
import { hostTest } from "./namespaces.ts";
import { bringUp } from "./policies.ts";
import { noPing, ping, pingInVain, Sites, tcp } from "./sites.ts";

const noNft = (() => {
  try {
    return new Deno.Command("nft", { args: ["--version"], stdout: "null" }).outputSync().success
      ? undefined
      : "no nft";
  } catch {
    return "no nft";
  }
})();

/** The first example of iked.conf(5), as the other site has it. */
function mirrored(example: string): string {
  const swaps = [["active", "passive"], ["10.1.0.0", "10.2.0.0"], ["192.0.2.1", "192.0.2.2"], [
    "left.example.com",
    "right.example.com",
  ]] as const;
  return swaps.reduce(
    (text, [a, b]) =>
      text.replaceAll(new RegExp(`${RegExp.escape(a)}|${RegExp.escape(b)}`, "g"), (one) => one === a ? b : a),
    example,
  );
}

hostTest(
  "iked.conf(5): the rules for the packet filter let the first example's tunnel through, and nothing else",
  async (libc) => {
    await using sites = new Sites(libc);
    const { left, right, leftLan, rightLan } = sites;
    const [example] = literalBlocks(section("iked.conf.5", "EXAMPLES"));
    const [rules] = literalBlocks(section("iked.conf.5", "PACKET FILTERING"));
    left.configure(example!);
    right.configure(mirrored(example!));
    await Deno.writeTextFile(`${left.folder}/rules.nft`, rules!);
    assert.equal(await ping(leftLan, "10.2.0.2", 2), 2);
    assert.equal((await runOn(left.host, "nft", "-f", `${left.folder}/rules.nft`)).stderr, "");
    assert.equal(await pingInVain(leftLan, "10.2.0.2", 2), 0);
    assert.equal(await pingInVain(right.host, "192.0.2.1", 2), 0);
    await bringUp(sites);
    assert.equal(await ping(leftLan, "10.2.0.2", 3), 3);
    assert.equal(await ping(rightLan, "10.1.0.2", 3), 3);
    assert.equal(await ping(rightLan, "10.1.0.1", 3), 3);
    assert.equal(await pingInVain(right.host, "192.0.2.1", 2), 0);
  },
  noPing ?? noNft,
);

hostTest(
  "iked.conf(5): the example of outgoing address translation carries what the rule translates, and nothing goes in clear",
  async (libc) => {
    await using sites = new Sites(libc);
    const { left, right, leftLan, rightLan } = sites;
    const [example, rules] = literalBlocks(section("iked.conf.5", "OUTGOING ADDRESS TRANSLATION"));
    for (
      const [host, device, address] of [
        [left.host, "lan", "192.168.1.1"],
        [leftLan, "eth", "192.168.1.2"],
        [right.host, "lan", "192.168.2.1"],
        [rightLan, "eth", "192.168.2.2"],
      ] as const
    ) host.address(device, `${address}/24`);
    // Deno 2.5.7 binds no TCP socket to the source that it is told.
    const way = ["192.168.2.0/24", "via", "192.168.1.1", "src", "192.168.1.2"];
    assert.equal((await runOn(leftLan, "ip", "route", "add", ...way)).stderr, "");
    left.configure(example!);
    const flow = /from .* \\$/m;
    right.configure(mirrored(example!).replace(flow, "from 192.168.2.0/24 to 10.10.10.1 \\"));
    await bringUp(sites);
    using wire = new Capture(left.host);
    const there = () => ping(leftLan, "192.168.2.2", 3, "-I", "192.168.1.2");
    assert.equal(await pingInVain(leftLan, "192.168.2.2", 2, "-I", "192.168.1.2"), 0);
    assert.deepEqual(wire.kinds(), new Set());
    await Deno.writeTextFile(`${left.folder}/rules.nft`, rules!);
    assert.equal((await runOn(left.host, "nft", "-f", `${left.folder}/rules.nft`)).stderr, "");
    assert.equal(await there(), 3);
    assert.equal(await ping(left.host, "192.168.2.2", 3), 3, "the gateway itself, from 192.168.1.1");
    await tcp([leftLan, "192.168.1.2"], [rightLan, "192.168.2.2"], 1_000_000);
    assert.deepEqual(wire.kinds(), new Set(["ip 50"]));
    left.host.address("lo", "10.10.10.1/32");
    assert.equal(await ping(rightLan, "10.10.10.1", 3, "-I", "192.168.2.2"), 3);
    const drops = await left.drops();
    assert.equal(await ping(left.host, "192.168.2.2", 3, "-I", "10.10.10.1"), 3);
    assert.deepEqual(await left.drops(), drops);
  },
  noPing ?? noNft,
);
