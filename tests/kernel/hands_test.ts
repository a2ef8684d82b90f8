/**
 * Somebody else's hands in the kernel's tables: what of ours is gone is noticed at once and made again, and what others
 * put there stays as it is, whatever becomes of us.
 */
import assert from "node:assert/strict";
import { Iked } from "../interop/iked.ts";
import { must, ping, Wire } from "../interop/lab.ts";
import { ikedConf, LEFT, PATHS, RIGHT } from "../interop/suites.ts";
import { BIG, kernelTest, startPeer } from "./peers.ts";
import { tables } from "./tables.ts";

const path = PATHS[0]!;

async function xfrm(namespace: string, words: string): Promise<void> {
  await must("ip", "-n", namespace, "xfrm", ...words.split(" "));
}

/** SAs and policies in the shape of ours, of somebody who does so by hand. */
async function strangers(namespace: string): Promise<void> {
  const outer = `src ${path.left} dst ${path.right}`, key = `0x${"42".repeat(20)}`;
  for (const spi of ["0x1001", "0x1002"]) {
    const algorithms = `auth-trunc hmac(sha1) ${key} 96 enc cbc(aes) 0x${"17".repeat(16)}`;
    await xfrm(namespace, `state add ${outer} proto esp spi ${spi} reqid 7 mode tunnel ${algorithms}`);
  }
  for (const direction of ["out", "in", "fwd"]) {
    const selector = direction === "out"
      ? "src 10.1.0.0/16 dst 10.3.0.0/16"
      : "src 10.3.0.0/16 dst 10.1.0.0/16";
    const ends = direction === "out" ? outer : `src ${path.right} dst ${path.left}`;
    const template = `tmpl ${ends} proto esp reqid 7 mode tunnel`;
    await xfrm(namespace, `policy add ${selector} dir ${direction} priority 1000 ${template}`);
  }
  // A block of what is ours, in its own class of priority.
  await xfrm(namespace, "policy add src 10.1.0.0/16 dst 10.2.0.0/16 proto udp dport 9 dir out action block");
}

/** The SPIs of the one tunnel that is up. */
async function spis(iked: Iked): Promise<{ readonly in: string; readonly out: string }> {
  const [sa] = (await iked.ctl("show", "sa")).ikeSas;
  const child = sa.children.find(({ state }: { state: string }) => state === "installed");
  return { in: child.spiIn, out: child.spiOut };
}

kernelTest("slice", "xfrm: what somebody else removes is noticed, told and made again at once", async (t) => {
  await using wire = await Wire.create("", "direct");
  await using _peer = await startPeer("strongSwan", wire.right, "right", path);
  await using iked = await Iked.start(wire.left, ikedConf("left", path, BIG), "-K", "xfrm");
  await iked.process.line(/child-up/);
  const carries = async () =>
    assert.equal(await ping(wire.left, LEFT.host, RIGHT.host, 3, 0.1), 3, iked.process.log);
  await carries();
  const { policies } = await tables(wire.left);
  const deletions: readonly (readonly [string, () => Promise<string>])[] = [
    ["all SAs", () => Promise.resolve("state flush")],
    [
      "the inbound SA",
      async () => `state delete src ${path.right} dst ${path.left} proto esp spi 0x${(await spis(iked)).in}`,
    ],
    [
      "the outbound SA",
      async () => `state delete src ${path.left} dst ${path.right} proto esp spi 0x${(await spis(iked)).out}`,
    ],
  ];
  for (const [what, words] of deletions) {
    await t.step(`${what}: rekeyed`, async () => {
      const from = iked.process.lines.length;
      await xfrm(wire.left, await words());
      await iked.process.line(
        /warning: Child SA .* removed from the data path by somebody else: rekeying/,
        from,
      );
      await iked.process.line(/child-rekeyed/, from);
      await carries();
      assert.equal((await tables(wire.left)).policies, policies);
    });
  }
  const gone: readonly (readonly [string, string, number])[] = [
    ["all policies", "policy flush", 3],
    ["one policy", `policy delete src ${LEFT.net} dst ${RIGHT.net} dir out`, 1],
  ];
  for (const [what, words, count] of gone) {
    await t.step(`${what}: put back`, async () => {
      const from = iked.process.lines.length;
      await xfrm(wire.left, words);
      await iked.process.line(
        new RegExp(`warning: Somebody else removed IPsec policies: put ${count} back`),
        from,
      );
      const sorted = (text: string) => text.split(/^(?=src )/m).sort();
      assert.deepEqual(sorted((await tables(wire.left)).policies), sorted(policies));
      await carries();
    });
  }
  assert.equal((await iked.process.stop()).code, 0);
  assert.deepEqual(await tables(wire.left), { states: "", policies: "" });
});

kernelTest(
  "matrix",
  "xfrm: strangers' SAs and policies of our shape outlive us: stop, kill -9, restart",
  async () => {
    await using wire = await Wire.create("", "direct");
    await using _peer = await startPeer("strongSwan", wire.right, "right", path);
    await strangers(wire.left);
    const before = await tables(wire.left);
    assert.equal(before.states.match(/^src /gm)!.length, 2);
    assert.equal(before.policies.match(/^src /gm)!.length, 4);
    for (const end of ["SIGTERM", "SIGKILL", "SIGTERM"] as const) {
      await using iked = await Iked.start(wire.left, ikedConf("left", path, BIG), "-K", "xfrm");
      await iked.process.line(/child-up/);
      assert.equal(await ping(wire.left, LEFT.host, RIGHT.host, 3, 0.1), 3);
      const during = await tables(wire.left);
      for (const block of [...before.states.split(/^(?=src )/m), ...before.policies.split(/^(?=src )/m)]) {
        assert.ok(`${during.states}${during.policies}`.includes(block), block);
      }
      await iked.process.stop(end);
      if (end === "SIGTERM") assert.deepEqual(await tables(wire.left), before);
    }
  },
);
