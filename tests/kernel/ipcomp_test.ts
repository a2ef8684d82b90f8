/** IPComp on the kernel's IPsec (`-K xfrm`) with peers on theirs (RFC 3173, RFC 7296 §2.22). Runs in the lab's VM. */
import assert from "node:assert/strict";
import { Iked } from "../interop/iked.ts";
import { IKED, must, run, Wire } from "../interop/lab.ts";
import { StrongSwan } from "../interop/peers.ts";
import { ikedConf, LEFT, PATHS, RIGHT, swanctlConf } from "../interop/suites.ts";
import { answered, pingWords } from "../support/ping.ts";
import { stopsClean } from "./carries.ts";
import { type Kind, nameOf, policyOf } from "./modes.ts";
import { BIG, kernelTest, peerInitiates, startPeer } from "./peers.ts";

/** What a peer's configuration says for IPComp. */
const COMPRESS: Readonly<Record<string, string>> = {
  strongSwan: "ipcomp = yes",
  libreswan: "compress=yes",
  OpenIKED: "ipcomp",
};

/** Octets that a ping carries which compresses well. */
const BIG_PING = 1200;

function ours(side: "left" | "right", path = PATHS[0]!): string {
  return ikedConf(side, path, BIG).replace(" esp ", " ipcomp esp ");
}

async function pingOctets(namespace: string, from: string, to: string, octets: number): Promise<void> {
  const words = [...pingWords(5, 0.2, 20), "-s", `${octets}`, "-p", "00", "-I", from, to];
  const done = await run("ip", "netns", "exec", namespace, "ping", ...words);
  assert.equal(answered(done.stdout, 5), 5, `${done.stdout}${done.stderr}`);
}

/** Octets and packets of each SA of a protocol in a namespace's kernel. */
async function counters(namespace: string, protocol: string): Promise<{ octets: number; packets: number }[]> {
  const text = await must("ip", "-n", namespace, "-s", "xfrm", "state");
  return text.split(/^(?=src )/m).filter((one) => one.includes(`\tproto ${protocol} `)).map((one) => {
    const [, octets, packets] = /lifetime current:\s+(\d+)\(bytes\), (\d+)\(packets\)/.exec(one)!;
    return { octets: Number(octets), packets: Number(packets) };
  });
}

/** Big packets go compressed, small ones as they are; both arrive, both ways. */
async function assertCompresses(
  wire: Wire,
  iked: Iked,
  here: string,
  [left, right] = [LEFT.host as string, RIGHT.host as string],
  { protocol, mode }: Kind = { protocol: "ESP", mode: "tunnel" },
): Promise<void> {
  for (const octets of [BIG_PING, 10]) {
    await pingOctets(wire.left, left, right, octets);
    await pingOctets(wire.right, right, left, octets);
  }
  const comp = await counters(here, "comp"), around = await counters(here, protocol.toLowerCase());
  assert.equal(comp.length, 2);
  // Ten requests and ten answers of each size: what comes in small is not counted as compressed.
  for (const { octets, packets } of comp) assert.ok(packets >= 10 && octets >= 10 * BIG_PING);
  for (const { octets, packets } of around) {
    assert.ok(packets >= 20 && octets < 10 * BIG_PING / 2, `${octets}`);
  }
  const [sa] = (await iked.ctl("show", "sa")).ikeSas;
  assert.equal(sa.children[0].ipcomp, "IPCOMP_DEFLATE");
  assert.deepEqual([sa.children[0].protocol, sa.children[0].mode], [protocol, mode]);
}

/** CPIs of the SAs in a namespace's kernel. */
async function cpis(namespace: string): Promise<string[]> {
  const text = await must("ip", "-n", namespace, "xfrm", "state");
  return [...text.matchAll(/proto comp spi (0x[0-9a-f]+)/g)].map(([, cpi]) => cpi!).sort();
}

/**
 * OpenIKED 7.2 agrees on IPComp and loads the SAs, but its policies on Linux want ESP in tunnel mode, which is not there:
 * nothing passes, not even from one OpenIKED to another. So what both kernels hold is all there is to compare.
 */
async function assertAgrees(wire: Wire, iked: Iked): Promise<void> {
  const [sa] = (await iked.ctl("show", "sa")).ikeSas;
  assert.equal(sa.children[0].ipcomp, "IPCOMP_DEFLATE");
  const mine = await cpis(wire.left);
  assert.equal(mine.length, 2);
  assert.deepEqual(await cpis(wire.right), mine);
}

for (const kind of ["strongSwan", "libreswan", "OpenIKED"]) {
  const path = PATHS[0]!;
  const check = (wire: Wire, iked: Iked, here: string) =>
    kind === "OpenIKED" ? assertAgrees(wire, iked) : assertCompresses(wire, iked, here);
  kernelTest(kind === "strongSwan" ? "slice" : "matrix", `ipcomp: with ${kind}, we initiate`, async () => {
    await using wire = await Wire.create("", "direct");
    await using _peer = await startPeer(kind, wire.right, "right", path, COMPRESS[kind]);
    await using iked = await Iked.start(wire.left, ours("left"), "-K", "xfrm");
    await iked.process.line(/child-up/);
    await check(wire, iked, wire.left);
    await stopsClean(iked, wire.left);
  });
  kernelTest("matrix", `ipcomp: with ${kind}, which initiates`, async () => {
    await using wire = await Wire.create("", "direct");
    await using iked = await Iked.start(wire.right, ours("right"), "-K", "xfrm");
    await using peer = await startPeer(kind, wire.left, "left", path, COMPRESS[kind]);
    await peerInitiates(kind, peer);
    await iked.process.line(/child-up/);
    await check(wire, iked, wire.right);
    await stopsClean(iked, wire.right);
  });
}

for (const side of ["left", "right"] as const) {
  const role = side === "left" ? "declines" : "initiates without it";
  kernelTest(
    "matrix",
    `ipcomp: strongSwan ${role}: packets go uncompressed, and the log says so`,
    async () => {
      await using wire = await Wire.create("", "direct");
      await using iked = await Iked.start(
        wire[side],
        ours(side).replace(" active ", " passive "),
        "-K",
        "xfrm",
      );
      const other = side === "left" ? "right" : "left";
      await using peer = await startPeer("strongSwan", wire[other], other, PATHS[0]!);
      if (side === "left") await run("ip", "netns", "exec", wire.left, "ping", "-c1", "-W1", RIGHT.host);
      else await peerInitiates("strongSwan", peer);
      await iked.process.line(/Peer does not compress/);
      await iked.process.line(/child-up/);
      await pingOctets(wire.left, LEFT.host, RIGHT.host, BIG_PING);
      assert.deepEqual(await cpis(wire[side]), []);
      for (const { octets, packets } of await counters(wire[side], "esp")) {
        assert.ok(packets >= 5 && octets >= packets * 1000, `${octets}`);
      }
      const [sa] = (await iked.ctl("show", "sa")).ikeSas;
      assert.equal(sa.children[0].ipcomp, null);
      await stopsClean(iked, wire[side]);
    },
  );
}

kernelTest("matrix", "ipcomp: with strongSwan, IPv4 through NAT", async () => {
  const path = PATHS[2]!;
  await using wire = await Wire.create("", path.mode);
  await using _peer = await startPeer("strongSwan", wire.right, "right", path, COMPRESS["strongSwan"]);
  await using iked = await Iked.start(wire.left, ours("left", path), "-K", "xfrm");
  await iked.process.line(/child-up/);
  await assertCompresses(wire, iked, wire.left);
  const [sa] = (await iked.ctl("show", "sa")).ikeSas;
  assert.equal(sa.children[0].encap, "udp");
  await stopsClean(iked, wire.left);
});

kernelTest("matrix", "ipcomp: with strongSwan, IPv6 in IPv6; IPv4 in IPv6 goes uncompressed", async () => {
  const path = PATHS[1]!, v6 = { leftNet: "fd01::/64", rightNet: "fd02::/64" };
  await using wire = await Wire.create("", path.mode);
  await using peer = await StrongSwan.start(wire.right, "kernel");
  await peer.load(swanctlConf("right", path, BIG, { ...v6, child: "ipcomp = yes" }));
  {
    const conf = ikedConf("left", path, BIG, v6).replace(" esp ", " ipcomp esp ");
    await using iked = await Iked.start(wire.left, conf, "-K", "xfrm");
    await iked.process.line(/child-up/);
    await assertCompresses(wire, iked, wire.left, ["fd01::1", "fd02::1"]);
    await stopsClean(iked, wire.left);
  }
  await peer.load(swanctlConf("right", path, BIG, { child: "ipcomp = yes" }));
  await using iked = await Iked.start(wire.left, ours("left", path), "-K", "xfrm");
  await iked.process.line(/not of one family/);
  await iked.process.line(/child-up/);
  await pingOctets(wire.left, LEFT.host, RIGHT.host, BIG_PING);
  assert.deepEqual(await cpis(wire.left), []);
  await stopsClean(iked, wire.left);
});

for (
  const [kind, proposal] of [
    [{ protocol: "ESP", mode: "transport" }, "esp_proposals = aes256-sha1"],
    [{ protocol: "AH", mode: "tunnel" }, "ah_proposals = sha1"],
  ] as const
) {
  kernelTest("matrix", `ipcomp: with strongSwan, inside of ${nameOf(kind)}`, async () => {
    const path = PATHS[0]!, transport = kind.mode === "transport";
    const nets = transport ? { leftNet: path.left, rightNet: path.right } : {};
    await using wire = await Wire.create("", "direct");
    await using peer = await StrongSwan.start(wire.right, "kernel");
    const conf = swanctlConf("right", path, BIG, { ...nets, child: `mode = ${kind.mode}\n    ipcomp = yes` });
    await peer.load(conf.replace(/esp_proposals = .*/, proposal));
    const policy = policyOf("left", kind, path).replace(" active ", " active ipcomp ");
    await using iked = await Iked.start(wire.left, policy, "-K", "xfrm");
    await iked.process.line(/child-up/);
    const [left, right] = transport ? [path.left, path.right] : [LEFT.host, RIGHT.host];
    await assertCompresses(wire, iked, wire.left, [left, right], kind);
    await stopsClean(iked, wire.left);
  });
}

kernelTest("matrix", "ipcomp: rekeys by either side lose no ping, big or small", async () => {
  await using wire = await Wire.create("", "direct");
  await using peer = await startPeer("strongSwan", wire.right, "right", PATHS[0]!, COMPRESS["strongSwan"]);
  const conf = ours("left").replace(" psk ", " lifetime 15 psk ");
  await using iked = await Iked.start(wire.left, conf, "-K", "xfrm");
  await iked.process.line(/child-up/);
  const before = await cpis(wire.left);
  const pings = [BIG_PING, 10].map(async (octets) => {
    const words = [...pingWords(150, 0.1, 40), "-s", `${octets}`, "-p", "00", "-I", LEFT.host, RIGHT.host];
    return answered((await run("ip", "netns", "exec", wire.left, "ping", ...words)).stdout, 150);
  });
  await peer.inside("swanctl", "--rekey", "--child", "net");
  await iked.process.line(/child-rekeyed/);
  await iked.process.line(/child-rekeyed/, iked.process.lines.length);
  assert.deepEqual(await Promise.all(pings), [150, 150], iked.process.log);
  assert.ok((await cpis(wire.left)).every((cpi) => !before.includes(cpi)));
  await stopsClean(iked, wire.left);
});

kernelTest(
  "matrix",
  "ipcomp: a kernel without it refuses the configuration and names the modules",
  async () => {
    const rule = "/etc/modprobe.d/iked-test.conf";
    await using wire = await Wire.create("", "direct");
    await run("modprobe", "-r", "ipcomp", "ipcomp6");
    await Deno.writeTextFile(rule, "install ipcomp /bin/false\ninstall ipcomp6 /bin/false\n");
    try {
      await assert.rejects(
        Iked.start(wire.left, ours("left"), "-K", "xfrm"),
        /lacks IPComp: load the modules ipcomp and ipcomp6 \(CONFIG_INET_IPCOMP/,
      );
      await using iked = await Iked.start(
        wire.left,
        ours("left").replace(" active ipcomp ", " active "),
        "-K",
        "xfrm",
      );
      await Deno.writeTextFile(`${iked.folder}/iked.conf`, ours("left"));
      const reload = await run(IKED, "ctl", "-s", iked.socket, "reload");
      assert.equal(reload.code, 1);
      assert.match(reload.stderr, /iked\.conf:1:\d+: error: .*lacks IPComp/);
    } finally {
      await Deno.remove(rule);
    }
  },
);
