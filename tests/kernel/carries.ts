/** One pair of SAs with a peer, on the kernel's IPsec: it carries, and nothing is left of it. */
import assert from "node:assert/strict";
import { Iked } from "../interop/iked.ts";
import { ping, Wire } from "../interop/lab.ts";
import { LEFT, type Path, RIGHT } from "../interop/suites.ts";
import { type Kind, policyOf, startKind } from "./modes.ts";
import { peerInitiates } from "./peers.ts";
import { tables } from "./tables.ts";
import { ClearPackets } from "./wire.ts";

/** Hosts that the SA protects. */
function hostsOf({ mode, nets }: Kind, path: Path): readonly [left: string, right: string] {
  if (mode === "transport") return [path.left, path.right];
  // The first host of a network of the lab's.
  return nets === undefined ? [LEFT.host, RIGHT.host] : [hostOf(nets[0]), hostOf(nets[1])];
}

function hostOf(net: string): string {
  return net.replace(/::\/.*$/, "::1").replace(/\.0\.0\/.*$/, ".0.1");
}

/** Pings both ways; the SA that `show sa` names carried every one, and nothing left in clear. */
export async function assertCarries(
  wire: Wire,
  iked: Iked,
  here: string,
  kind: Kind,
  path: Path,
): Promise<void> {
  const [left, right] = hostsOf(kind, path);
  const back = kind.mode === "transport" ? path.seen : left;
  await using clear = await ClearPackets.watch(here);
  const child = async () => (await iked.ctl("show", "sa")).ikeSas[0].children[0];
  const before = await child();
  assert.equal(await ping(wire.left, left, right, 5, 0.2), 5, iked.process.log);
  // Nobody reaches a host behind a NAT but through what that host has opened.
  const ways = path.mode === "nat" && kind.mode === "transport" ? 1 : 2;
  if (ways === 2) assert.equal(await ping(wire.right, right, back, 5, 0.2), 5);
  const after = await child();
  assert.deepEqual([after.protocol, after.mode], [kind.protocol, kind.mode]);
  for (const count of ["packetsIn", "packetsOut"]) {
    assert.ok(after[count] - before[count] >= 5 * ways, JSON.stringify([before, after]));
  }
  const { states, policies } = await tables(here);
  for (const spi of [after.spiIn, after.spiOut]) {
    assert.match(states, new RegExp(`proto ${kind.protocol.toLowerCase()} spi 0x${spi} .*mode ${kind.mode}`));
  }
  if (kind.mode === "transport") assert.doesNotMatch(policies, /dir fwd .*\n.*\n?\s*tmpl/);
  assert.equal(await clear.end(), "");
}

/** What a stop must leave: nothing. */
export async function stopsClean(iked: Iked, here: string): Promise<void> {
  assert.equal((await iked.process.stop()).code, 0, iked.process.log);
  assert.deepEqual(await tables(here), { states: "", policies: "" });
}

/** Rekeys by either side under pings lose none of them. */
export async function assertRekeys(datapath: string, kind: Kind, path: Path): Promise<void> {
  await using wire = await Wire.create("", "direct");
  await using peer = await startKind("strongSwan", wire.right, "right", kind, path);
  const conf = policyOf("left", { ...kind, more: "lifetime 15" }, path);
  await using iked = await Iked.start(wire.left, conf, "-K", datapath);
  await iked.process.line(/child-up/);
  const [left, right] = hostsOf(kind, path);
  const pings = ping(wire.left, left, right, 150, 0.1);
  await peer.inside("swanctl", "--rekey", "--child", "net");
  await iked.process.line(/child-rekeyed/);
  const { length } = iked.process.lines;
  await iked.process.line(/child-rekeyed/, length);
  assert.equal(await pings, 150, iked.process.log);
  for (const { mode } of (await iked.ctl("show", "sa")).ikeSas[0].children) assert.equal(mode, kind.mode);
  await stopsClean(iked, wire.left);
}

export async function weInitiate(
  datapath: string,
  peer: string,
  kind: Kind,
  path: Path,
): Promise<void> {
  await using wire = await Wire.create("", path.mode);
  await using _peer = await startKind(peer, wire.right, "right", kind, path);
  await using iked = await Iked.start(wire.left, policyOf("left", kind, path), "-K", datapath);
  await iked.process.line(/child-up/);
  await assertCarries(wire, iked, wire.left, kind, path);
  await stopsClean(iked, wire.left);
}

export async function peerBegins(
  datapath: string,
  peer: string,
  kind: Kind,
  path: Path,
): Promise<void> {
  await using wire = await Wire.create("", path.mode);
  await using iked = await Iked.start(wire.right, policyOf("right", kind, path), "-K", datapath);
  await using started = await startKind(peer, wire.left, "left", kind, path);
  await peerInitiates(peer, started);
  await iked.process.line(/child-up/);
  await assertCarries(wire, iked, wire.right, kind, path);
  await stopsClean(iked, wire.right);
}
