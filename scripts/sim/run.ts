/** One run: bad times, then good ones in which everybody has to come together, then the end, which leaves nothing. */
import assert from "node:assert/strict";
import { sameOctets } from "../../src/bytes/mod.ts";
import type { IkeSnapshot } from "../../src/engine/types.ts";
import type { SimulatedHost } from "../../tests/support/host.ts";
import { assertNothingLeft } from "../../tests/support/idle.ts";
import { createRng } from "../../tests/support/rng.ts";
import { Field, type Peer } from "./field.ts";
import type { SimOptions } from "./plan.ts";

/** Beyond all retransmissions, and the next starts of a policy that backs off. */
const SETTLED_MS = 1_800_000;
/** One is meant; two ends that miss one at the same moment make two, which the RFC allows (RFC 7296 §2.8.1). */
const MOST_CHILDREN = 2;
/** Steps of one peer in that time; more is a livelock. */
const STEPS_A_PEER = 50_000;
/** Mean time between packets of one peer. */
const PING_EVERY_MS = 10_000;

/**
 * Packets into a tunnel of which one has to pass, and how far they are apart. What one end gave up while it was cut
 * off the other one learns by a probe and all its retransmissions.
 */
const MOST_PINGS = 200;
const PING_AGAIN_MS = 2_000;

/** Something that happens at a time. */
interface Appointment {
  readonly atMs: number;
  readonly happen: () => void | Promise<void>;
}

/** Runs all of it; throws what is wrong. The field is there for a look in any case. */
export async function run(options: SimOptions, watch: (field: Field) => void = () => {}): Promise<Field> {
  const field = new Field(options);
  watch(field);
  await field.start();
  const steps = STEPS_A_PEER * options.peers;
  for (const { atMs, happen } of appointments(field)) {
    await field.advance(Math.max(atMs - field.clock.now(), 0), steps);
    await happen();
  }
  await field.advance(Math.max(options.seconds * 1000 - field.clock.now(), 0), steps);
  field.recover();
  await comeTogether(field, steps);
  await pingAll(field);
  await field.during(Promise.all(field.hosts.map(({ engine }) => engine.shutdown())), 600_000);
  // What is under way reaches those that are still there.
  await field.drive(0, steps);
  await assertNothingLeft(field);
  assertNoBugs(field);
  return field;
}

/** Mishaps and packets of all peers in the order in which they come. */
function appointments(field: Field): readonly Appointment[] {
  const list: Appointment[] = field.peers.flatMap((peer) =>
    peer.plan.mishaps.map((mishap) => ({ atMs: mishap.atMs, happen: () => field.befall(peer, mishap) }))
  );
  const endMs = field.options.seconds * 1000;
  for (const peer of field.peers) {
    const rng = createRng(field.options.seed, `packets ${peer.plan.index}`);
    for (let atMs = rng.below(PING_EVERY_MS); atMs < endMs; atMs += 1 + rng.below(2 * PING_EVERY_MS)) {
      const from = rng.chance(0.5) ? "peer" : "gateway";
      list.push({ atMs, happen: () => field.ping(peer, from) });
    }
  }
  return list.sort((a, b) => a.atMs - b.atMs);
}

/** Until every peer agrees with the gateway, or both have said that they refuse each other. */
async function comeTogether(field: Field, steps: number): Promise<void> {
  let why: string | undefined;
  const agreed = async () => (why = await disagreement(field)) === undefined;
  const refused = field.peers.filter(({ plan }) => !plan.agrees);
  const allRefused = () => refused.every((peer) => wasRefused(field, peer));
  try {
    await field.driveUntil("all agree", async () => allRefused() && await agreed(), SETTLED_MS, steps);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    const left = why ?? (allRefused() ? "" : "a refused peer was not told why");
    throw new Error(`Not together: ${left} (${text})`, { cause: error });
  }
}

/** Why gateway and peers do not agree: the same IKE SAs and Child SAs, with the same keys. */
async function disagreement(field: Field): Promise<string | undefined> {
  const gateway = await field.gateway.engine.snapshot();
  const byPolicy = Map.groupBy(gateway, ({ policy }) => policy);
  for (const { plan, host } of field.peers) {
    if (!plan.agrees) continue;
    const theirs = byPolicy.get(`to-${plan.name}`) ?? [];
    const mine = await host.engine.snapshot();
    const why = misfit(mine, theirs, plan.nat === undefined) ?? misfitKeys(field.gateway, host, plan.name);
    if (why !== undefined) return `${plan.name}: ${why}`;
  }
  return undefined;
}

/**
 * Both have the same IKE SAs, each established with Child SAs in use. There is one, but where both ends began at the
 * same moment, of themselves or for a packet: then each made one, and both stay.
 */
function misfit(
  mine: readonly IkeSnapshot[],
  theirs: readonly IkeSnapshot[],
  twoMayBegin: boolean,
): string | undefined {
  const most = twoMayBegin ? 2 : 1;
  if (mine.length === 0 || mine.length > most || mine.length !== theirs.length) {
    return `${mine.length} IKE SAs, the gateway has ${theirs.length}`;
  }
  for (const a of mine) {
    const b = theirs.find(({ spiI, spiR }) => spiI === a.spiI && spiR === a.spiR);
    if (b === undefined) return "The SPIs of the IKE SA differ";
    if (a.state !== "established" || b.state !== "established") {
      return `${a.state}, at the gateway ${b.state}`;
    }
    const states = [a, b].map(({ children }) => children.map(({ state }) => state));
    const count = states[0]!.length;
    if (count === 0 || count > MOST_CHILDREN || states[1]!.length !== count) {
      return `${count} Child SAs, the gateway has ${states[1]!.length}`;
    }
    const odd = states.flat().find((state) => state !== "installed");
    if (odd !== undefined) return `A Child SA is ${odd}`;
  }
  return undefined;
}

/** Every pair of the peer has a counterpart at the gateway with the same keys. */
function misfitKeys(gateway: SimulatedHost, host: SimulatedHost, name: string): string | undefined {
  const counterparts = new Map(
    [...gateway.datapath.pairs.values()].filter(({ child }) => child.policy === `to-${name}`)
      .map(({ child }) => [child.inbound.spi, child]),
  );
  if (counterparts.size !== host.datapath.pairs.size) return "Not as many pairs as at the gateway";
  for (const { child: { inbound, outbound } } of host.datapath.pairs.values()) {
    const counterpart = counterparts.get(outbound.spi);
    const same = counterpart !== undefined && counterpart.outbound.spi === inbound.spi &&
      sameOctets(counterpart.inbound.encrKey, outbound.encrKey) &&
      sameOctets(counterpart.outbound.encrKey, inbound.encrKey);
    if (!same) return "The halves of a Child SA have different keys";
  }
  return undefined;
}

/** Each side has said in its log that it refuses the other. */
function wasRefused({ gateway }: Field, { plan, host }: Peer): boolean {
  const codes = [gateway, host].map(({ events }, side) =>
    new Set(
      events.flatMap((event) =>
        event.kind === "failed" && (side === 1 || event.report.policy === `to-${plan.name}`)
          ? [event.report.code]
          : []
      ),
    )
  );
  return codes.every((set) => set.has("auth-failed") || set.has("refused-auth"));
}

/**
 * A packet each way through every tunnel arrives. The peers' come first: of a NAT's new mapping the gateway learns by
 * them (RFC 7296 §2.23). One that meets the end of a lifetime may be lost, and the next one passes.
 */
async function pingAll(field: Field): Promise<void> {
  for (const from of ["peer", "gateway"] as const) {
    const waiting = new Set(field.peers.filter(({ plan }) => plan.agrees));
    field.arrived = (peer, by) => by === from && waiting.delete(peer);
    for (let tries = 0; waiting.size > 0; tries++) {
      assert.ok(tries < MOST_PINGS, `${waiting.size} tunnels carry nothing from the ${from}`);
      for (const peer of waiting) field.ping(peer, from);
      await field.advance(PING_AGAIN_MS);
    }
  }
  assert.equal(field.packets.clear, 0, "Packets in clear");
}

function assertNoBugs(field: Field): void {
  for (const { name, events } of [...field.hosts, ...field.fallen]) {
    const bugs = events.filter((event) => event.kind === "log" && event.level === "error");
    assert.deepEqual(bugs, [], `Internal errors at "${name}"`);
  }
}

/** What happened in a run, in one line. */
export function summary(field: Field): string {
  const fates = Map.groupBy(field.network.record, ({ fate }) => fate);
  const count = (fate: "lost" | "duplicated") => fates.get(fate)?.length ?? 0;
  const events = [...field.hosts, ...field.fallen].flatMap((host) => host.events);
  const kinds = Map.groupBy(events, ({ kind }) => kind);
  const shown = (["ike-up", "ike-rekeyed", "child-up", "child-rekeyed", "ike-down", "failed"] as const)
    .map((kind) => `${kinds.get(kind)?.length ?? 0} ${kind}`);
  const mishaps = [...field.mishaps].sort().map(([kind, times]) => `${times} ${kind}`);
  const { sent, delivered, held, refused } = field.packets;
  return `seed ${field.options.seed}: ${field.peers.length} peers, ${
    Math.round(field.clock.now() / 1000)
  } s; ` +
    `${field.network.record.length} datagrams, ${count("lost")} lost, ${count("duplicated")} doubled; ` +
    `${shown.join(", ")}; ${mishaps.join(", ") || "no mishap"}; ` +
    `packets ${sent} sent, ${delivered} delivered, ${held} held back, ${refused} refused`;
}
