/** One negotiation of the self-test: two gateways, a perfect network, one suite; from IKE_SA_INIT to a rekeyed Child SA. */
import { nameOf, PRF } from "../../src/wire/registry.ts";
import { toHex } from "../../src/bytes/mod.ts";
import type { CryptoProvider, Random } from "../../src/crypto/mod.ts";
import type { IkeSnapshot } from "../../src/engine/mod.ts";
import { Gateway } from "./gateway.ts";
import { type Suite, words } from "./suites.ts";

/** Turns of the microtask queue, and jumps in time, after which it counts as stuck. */
const MOST_TURNS = 20_000, MOST_JUMPS = 200;
/** Turns without work after which the engines are at rest: what a handler leaves behind is not counted as pending. */
const QUIET_TURNS = 8;

const LEFT = { name: "left", address: "192.0.2.1", inner: "10.1.0.1", network: "10.1.0.0/16" } as const;
const RIGHT = { name: "right", address: "192.0.2.2", inner: "10.2.0.1", network: "10.2.0.0/16" } as const;
type Side = typeof LEFT | typeof RIGHT;

function confOf(own: Side, peer: Side, suite: Suite): string {
  const { ikesa, childsa } = words(suite);
  const mode = own === LEFT ? "active" : "passive";
  // The end with the longer lifetime leaves the rekeying to the other
  const lifetime = own === LEFT ? 60 : 6000;
  return `ikev2 "selftest" ${mode} esp from ${own.network} to ${peer.network} \\
  local ${own.address} peer ${peer.address} \\
  ikesa ${ikesa} \\
  childsa ${childsa} \\
  srcid ${own.name}.example.com dstid ${peer.name}.example.com \\
  lifetime ${lifetime} psk "an example: never leaves this process"
`;
}

/** An IPv4 packet with a pattern behind its header (protocol 253 is for experiments, RFC 3692). */
function packet(from: Side, to: Side, length: number): Uint8Array {
  const octets = Uint8Array.from({ length }, (_, i) => i * 7);
  const inner = (side: Side) => side.inner.split(".").map(Number);
  octets.set([
    0x45,
    0,
    length >> 8,
    length & 0xff,
    0,
    0,
    0x40,
    0,
    64,
    253,
    0,
    0,
    ...inner(from),
    ...inner(to),
  ]);
  const view = new DataView(octets.buffer);
  let sum = 0;
  for (let at = 0; at < 20; at += 2) sum += view.getUint16(at);
  sum = (sum & 0xffff) + (sum >>> 16);
  view.setUint16(10, ~(sum + (sum >>> 16)) & 0xffff);
  return octets;
}

/** What must hold, or the negotiation has failed for this reason. */
function must(holds: boolean, reason: string): asserts holds {
  if (!holds) throw new Error(reason);
}

class Run {
  readonly #time = { now: 1_000 };
  readonly #left: Gateway;
  readonly #right: Gateway;
  readonly #suite: Suite;

  constructor(suite: Suite, left: CryptoProvider, right: CryptoProvider, random: Random) {
    this.#suite = suite;
    const common = { random, time: this.#time };
    this.#left = new Gateway({ ...common, ...LEFT, provider: left });
    this.#right = new Gateway({ ...common, ...RIGHT, provider: right });
  }

  async whole(): Promise<void> {
    try {
      await this.#right.start(confOf(RIGHT, LEFT, this.#suite));
      await this.#left.start(confOf(LEFT, RIGHT, this.#suite));
      await this.#until("child-up");
      await this.#agreed();
      this.#carries();
      await this.#until("child-rekeyed");
      must(this.#left.installed.length === 2, "the rekeyed Child SA is not installed");
      must(this.#left.installed[0]!.inbound !== this.#left.installed[1]!.inbound, "rekeying changed no key");
      this.#sameKeys();
      this.#carries();
    } finally {
      this.#left.close();
      this.#right.close();
    }
  }

  /** Delivers what is on its way until nothing happens any more. */
  async #settle(): Promise<void> {
    const gateways = [[this.#left, this.#right], [this.#right, this.#left]] as const;
    for (let turn = 0, quiet = 0; quiet < QUIET_TURNS; turn++) {
      must(turn < MOST_TURNS, "an engine does not come to rest");
      await undefined;
      let busy = false;
      for (const [from, to] of gateways) {
        const batch = from.datagrams.splice(0);
        if (batch.length > 0) {
          to.engine.handleDatagrams(
            batch.map(({ local, remote, data, natt }) => ({
              local: remote,
              remote: local,
              data: data.slice(),
              natt,
            })),
          );
        }
        busy ||= batch.length > 0 || from.engine.pending() > 0;
      }
      quiet = busy ? 0 : quiet + 1;
    }
  }

  /** Lets time jump from timer to timer until both ends have said it. */
  async #until(kind: "child-up" | "child-rekeyed"): Promise<void> {
    const ends = [this.#left, this.#right];
    for (let jump = 0;; jump++) {
      await this.#settle();
      const failed = ends.flatMap(({ events }) => events).find((event) => event.kind === "failed");
      must(failed === undefined, `${failed?.report.code}: ${failed?.report.wanted}, ${failed?.report.got}`);
      if (ends.every((end) => end.has(kind))) return;
      const timers = ends.map((end) => end.engine.nextTimeout()).filter((time) => time !== undefined);
      must(timers.length > 0 && jump < MOST_JUMPS, `never ${kind}`);
      this.#time.now = Math.max(this.#time.now, Math.min(...timers));
      for (const end of ends) end.engine.handleTimeout(this.#time.now);
    }
  }

  /** Both ends say that they have what was asked for. */
  async #agreed(): Promise<void> {
    const { ikeEncr, ikeInteg, prf, ke, espEncr, espInteg, esn } = this.#suite;
    for (const end of [this.#left, this.#right]) {
      const sas: readonly IkeSnapshot[] = await end.engine.snapshot();
      const [sa] = sas, child = sa?.children[0];
      must(sas.length === 1 && sa !== undefined && child !== undefined, "there is not one SA of each kind");
      const got = [sa.encr, sa.integ, sa.prf, sa.ke, child.encr, child.integ, child.esn];
      const wanted = [
        ikeEncr.ianaName,
        ikeInteg?.ianaName ?? null,
        nameOf(PRF, prf.id),
        ke.ianaName,
        espEncr.ianaName,
        espInteg?.ianaName ?? null,
        esn,
      ];
      must(String(got) === String(wanted), `agreed on ${got.join(" ")} in place of ${wanted.join(" ")}`);
    }
    this.#sameKeys();
  }

  #sameKeys(): void {
    const left = this.#left.installed.at(-1)!, right = this.#right.installed.at(-1)!;
    must(left.inbound === right.outbound && left.outbound === right.inbound, "the keys of the ends differ");
    must(left.inbound !== left.outbound, "both directions have the same keys");
  }

  /** A packet each way comes out as it went in; one octet changed on the way, and nothing comes out. */
  #carries(): void {
    const ways = [[this.#left, LEFT, this.#right, RIGHT], [this.#right, RIGHT, this.#left, LEFT]] as const;
    for (const [from, fromSide, to, toSide] of ways) {
      const inner = packet(fromSide, toSide, 301);
      from.fromInside(inner);
      const [sealed, ...more] = from.packets.splice(0);
      must(sealed !== undefined && more.length === 0, "a packet was not sealed");
      const forged = sealed.slice();
      forged[forged.length - 1]! ^= 1;
      to.fromOutside(forged);
      must(to.delivered.length === 0, "a forged packet was opened");
      to.fromOutside(sealed);
      const [opened] = to.delivered.splice(0);
      must(opened !== undefined && toHex(opened) === toHex(inner), "a sealed packet was not opened");
    }
  }
}

/** Negotiates; what went wrong, or undefined. Private values and nonces come from `random`. */
export async function negotiate(
  suite: Suite,
  left: CryptoProvider,
  right: CryptoProvider,
  random: Random,
): Promise<string | undefined> {
  try {
    await new Run(suite, left, right, random).whole();
    return undefined;
  } catch (error) {
    const { ikesa, childsa } = words(suite);
    return `${error instanceof Error ? error.message : String(error)} (ikesa ${ikesa} childsa ${childsa})`;
  }
}
