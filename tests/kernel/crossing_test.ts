/** Rekeys of a Child SA that both ends begin at once (RFC 7296 §2.8.1), over a wire that takes its time. */
import assert from "node:assert/strict";
import { Iked } from "../interop/iked.ts";
import { must, ping, Wire } from "../interop/lab.ts";
import type { Peer } from "../interop/peers.ts";
import { ikedConf, LEFT, PATHS, RIGHT } from "../interop/suites.ts";
import { stopsClean } from "./carries.ts";
import { BIG, kernelTest, startPeer } from "./peers.ts";

const path = PATHS[0]!;

/** A peer that can be told to rekey, and what it has to have besides. */
interface Kind {
  /** How many of the two outcomes are waited for: libreswan keeps its own in either, and would rekey that the next time. */
  readonly outcomes: 1 | 2;
  readonly more: string;
  readonly rekey: readonly string[];
}

const KINDS: Readonly<Record<string, Kind>> = {
  strongSwan: { outcomes: 2, more: "", rekey: ["swanctl", "--rekey", "--child", "net"] },
  libreswan: {
    outcomes: 1,
    more: "pfs=no",
    rekey: ["ipsec", "whack", "--rekey-ipsec", "--name", "gw", "--asynchronous"],
  },
};

/** Both ends begin; what our log says until the new Child SA is there. Ours has to for want of its outbound SA. */
async function bothRekey(wire: Wire, iked: Iked, peer: Peer, rekey: readonly string[]): Promise<string> {
  const { children } = (await iked.ctl("show", "sa")).ikeSas[0];
  const at = iked.process.lines.length;
  await peer.inside(...rekey);
  const sa = ["src", path.left, "dst", path.right, "proto", "esp", "spi", `0x${children.at(-1).spiOut}`];
  await must("ip", "-n", wire.left, "xfrm", "state", "delete", ...sa);
  await iked.process.line(/child-rekeyed/, at);
  return iked.process.lines.slice(at).join("\n");
}

for (const [kind, { outcomes, more, rekey }] of Object.entries(KINDS)) {
  kernelTest(
    "matrix",
    `crossing: ${kind} and we rekey the Child SA at once, and the tunnel lives on`,
    async () => {
      await using wire = await Wire.create("", "direct");
      await using peer = await startPeer(kind, wire.right, "right", path, more);
      await using iked = await Iked.start(wire.left, ikedConf("left", path, BIG), "-K", "xfrm");
      await iked.process.line(/child-up/);
      const delay = ["root", "netem", "delay", "3s", "limit", "10000"];
      for (const end of [wire.left, wire.right]) {
        await must("tc", "-n", end, "qdisc", "add", "dev", "wire", ...delay);
      }
      const seen = new Set<string>();
      for (let tries = 0; tries < 12 && seen.size < outcomes; tries++) {
        const before = iked.process.log.length;
        const log = await bothRekey(wire, iked, peer, rekey);
        const [, whose] = /at once: (our|the peer's) new one stays/.exec(log) ?? [];
        if (whose !== undefined) seen.add(whose);
        // Our packets take the peer's new one when it has used it, or has deleted the old one.
        for (let waits = 0; waits < 10 && await ping(wire.left, LEFT.host, RIGHT.host, 1) === 0; waits++);
        assert.equal(await ping(wire.left, LEFT.host, RIGHT.host, 5, 0.2), 5, iked.process.log);
        assert.equal(await ping(wire.right, RIGHT.host, LEFT.host, 5, 0.2), 5, iked.process.log);
        assert.doesNotMatch(iked.process.log.slice(before), /: error: | child-down /);
      }
      assert.equal(seen.size, outcomes, iked.process.log);
      await stopsClean(iked, wire.left);
    },
  );
}
