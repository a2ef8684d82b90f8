/** Traffic on the kernel's ESP while SAs are replaced and while one side is killed and started again. */
import assert from "node:assert/strict";
import { Iked } from "../interop/iked.ts";
import { must, ping, Wire } from "../interop/lab.ts";
import type { Peer } from "../interop/peers.ts";
import { LEFT, PATHS, RIGHT } from "../interop/suites.ts";
import { type Kind, policyOf, startKind } from "./modes.ts";
import { kernelTest } from "./peers.ts";
import { Sniffer } from "./sniffer.ts";

const path = PATHS[0]!;
const TUNNEL: Kind = { protocol: "ESP", mode: "tunnel", auth: "hmac-sha2-512" };
/** 200 times 1,000 octets a second, each way, for 20 s. */
const STREAM = { count: 4000, interval: 0.005, octets: 1000 };

async function stream(wire: Wire): Promise<number> {
  return await ping(wire.left, LEFT.host, RIGHT.host, STREAM.count, STREAM.interval, STREAM.octets);
}

/** Limits in each peer's words. libreswan, the responder, begins at half of its octets, or somewhat before. */
const LIMITS = {
  strongSwan: {
    octets: "rekey_bytes = 1000000\n    life_bytes = 2000000\n    rand_bytes = 0",
    time: "rekey_time = 8s\n    life_time = 20s\n    rand_time = 0s",
  },
  OpenIKED: { octets: "lifetime 3h bytes 1500000", time: "lifetime 12" },
  libreswan: {
    octets: "ipsec-max-bytes=3MiB\n  pfs=no",
    time: "salifetime=20s\n  rekeymargin=10s\n  rekeyfuzz=0%\n  pfs=no",
  },
} as const;
/** What a peer needs to take our rekeys. */
const NO_LIMITS = { strongSwan: "", OpenIKED: "", libreswan: "pfs=no" } as const;

const OURS = { octets: "lifetime 3h bytes 1500000", time: "lifetime 12" } as const;

const PEERS = ["strongSwan", "OpenIKED", "libreswan"] as const;

/** Packets that came to a namespace for an SA that it did not have. */
async function withoutSa(namespace: string): Promise<number> {
  const text = await must("ip", "netns", "exec", namespace, "cat", "/proc/net/xfrm_stat");
  return Number(/^XfrmInNoStates\s+(\d+)/m.exec(text)![1]);
}

/**
 * Where packets are lost by a peer's doing. As responder of a rekey OpenIKED and libreswan send by the new SA at once, as
 * they may (RFC 7296 §2.8), before we can have its keys; as initiator OpenIKED removes the old SA while packets are on
 * their way to it.
 */
const LOSES = {
  strongSwan: {},
  OpenIKED: { ours: "left", theirs: "right" },
  libreswan: { ours: "left" },
} as const satisfies Record<string, { ours?: "left"; theirs?: "right" }>;
const CLAIM = {
  left: "none is lost but what came before its SA could be here",
  right: "none is lost but what the peer had no SA for",
} as const;

/** A stream while Child SAs are replaced. */
async function rekeys(
  peer: typeof PEERS[number],
  kind: Kind,
  loses: "left" | "right" | undefined,
): Promise<void> {
  await using wire = await Wire.create("", "direct");
  await using _peer = await startKind(peer, wire.right, "right", kind, path);
  await using iked = await Iked.start(wire.left, policyOf("left", kind, path), "-K", "xfrm");
  await iked.process.line(/child-up/);
  const lost = STREAM.count - await stream(wire);
  const counts = { left: await withoutSa(wire.left), right: await withoutSa(wire.right) };
  const rekeyed = iked.process.lines.filter((line) => line.includes("child-rekeyed")).length;
  console.log(`${rekeyed} rekeys, ${lost} lost, without SA ${JSON.stringify(counts)}`);
  assert.ok(lost <= (loses === undefined ? 0 : counts[loses]), iked.process.log);
  assert.ok(rekeyed >= 1, iked.process.log);
  assert.equal((await iked.ctl("show", "sa")).ikeSas.length, 1);
  assert.ok(!iked.process.log.includes("child-down"), iked.process.log);
}

for (const peer of PEERS) {
  const { ours, theirs }: { ours?: "left"; theirs?: "right" } = LOSES[peer];
  const claim = (loses: "left" | "right" | undefined) =>
    `of 4,000 packets each way ${loses === undefined ? "none is lost" : CLAIM[loses]}`;
  for (const limit of ["octets", "time"] as const) {
    kernelTest("matrix", `xfrm: we rekey by ${limit}, with ${peer}: ${claim(ours)}`, async () => {
      await rekeys(peer, { ...TUNNEL, more: OURS[limit], theirs: NO_LIMITS[peer] }, ours);
    });
    kernelTest("matrix", `xfrm: ${peer} rekeys by ${limit}: ${claim(theirs)}`, async () => {
      await rekeys(peer, { ...TUNNEL, theirs: LIMITS[peer][limit] }, theirs);
    });
  }
}

/** Until three pings were answered, for five minutes: a peer that says nothing of what it forgot is dead only then. */
async function untilItFlows(wire: Wire): Promise<void> {
  const words = ["-n", "-c", "3", "-i", "0.1", "-w", "300", "-I", LEFT.host, RIGHT.host];
  await must("ip", "netns", "exec", wire.left, "ping", ...words);
}

for (const peer of PEERS) {
  kernelTest(
    "matrix",
    `xfrm: we are killed under traffic and start again: it flows, and nothing was in clear, with ${peer}`,
    async () => {
      await using wire = await Wire.create("", "direct");
      await using _peer = await startKind(peer, wire.right, "right", TUNNEL, path);
      const conf = policyOf("left", TUNNEL, path);
      const first = await Iked.start(wire.left, conf, "-K", "xfrm");
      await first.process.line(/child-up/);
      await untilItFlows(wire);
      await using sniffer = await Sniffer.start(wire.left);
      const all = ping(wire.left, LEFT.host, RIGHT.host, 300, 0.1);
      await first.process.stop("SIGKILL");
      // The SAs are still there, and so is traffic.
      assert.equal(await ping(wire.left, LEFT.host, RIGHT.host, 5), 5);
      const began = performance.now();
      await using second = await Iked.start(wire.left, conf, "-K", "xfrm");
      const ready = performance.now();
      await second.process.line(/child-up/);
      await untilItFlows(wire);
      const flows = performance.now();
      await first[Symbol.asyncDispose]();
      console.log(
        `ready after ${(ready - began).toFixed(0)} ms, traffic ${(flows - ready).toFixed(0)} ms later; ` +
          `${300 - await all} of 300 pings in 30 s lost`,
      );
      const { esp, clear } = await sniffer.stop();
      assert.deepEqual(clear, []);
      assert.ok(esp > 100, `${esp}`);
    },
  );
}

/** Ends a peer by its own way, or where it stands. */
const ENDS:
  readonly (readonly [how: string, peer: typeof PEERS[number], end: (peer: Peer) => Promise<void>])[] = [
    ...PEERS.map((peer) => ["is stopped", peer, (running: Peer) => running[Symbol.asyncDispose]()] as const),
    ["is killed", "strongSwan", async (running) => {
      await running.inside("sh", "-c", "kill -9 $(cat /run/charon.pid)");
      await running[Symbol.asyncDispose]();
    }],
  ];

for (const [how, peer, end] of ENDS) {
  kernelTest(
    "matrix",
    `xfrm: ${peer} ${how} under traffic and starts again: it flows, and nothing was in clear`,
    async () => {
      await using wire = await Wire.create("", "direct");
      const first = await startKind(peer, wire.right, "right", TUNNEL, path);
      await using sniffer = await Sniffer.start(wire.left);
      const conf = `set dpd_check_interval 3\n${policyOf("left", TUNNEL, path)}`;
      await using iked = await Iked.start(wire.left, conf, "-K", "xfrm");
      await iked.process.line(/child-up/);
      await untilItFlows(wire);
      const all = ping(wire.left, LEFT.host, RIGHT.host, 300, 0.1);
      await end(first);
      await using _second = await startKind(peer, wire.right, "right", TUNNEL, path);
      await untilItFlows(wire);
      console.log(`${300 - await all} of 300 pings in 30 s lost`);
      const { esp, clear } = await sniffer.stop();
      assert.deepEqual(clear, []);
      assert.ok(esp > 100, `${esp}`);
    },
  );
}
