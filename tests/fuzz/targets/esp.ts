/**
 * ESP from outside: packets of a peer, damaged on the way, and anything that a peer with the keys can put inside.
 * What is delivered is a packet that the selectors allow, nothing else is.
 *
 *     what (1): 0 | the place of the SPI (1), octets      a packet as it comes
 *               1 | next header (1), inner octets         sealed with the right keys
 */
import assert from "node:assert/strict";
import { DROP, packetBuffer, VNET_HEADER } from "../../../src/datapath/mod.ts";
import { seal } from "../../../src/datapath/esp/seal.ts";
import type { ChildSuite } from "../../../src/crypto/mod.ts";
import { connected, filler, GCM, type Host, ip, tcp, udp, V4, V6 } from "../../datapath/support.ts";
import { damage, pick } from "../../support/mutate.ts";
import type { Rng } from "../../support/rng.ts";
import type { Episode, Target } from "../target.ts";

const WHAT = { raw: 0, sealed: 1 } as const;

const SUITES: readonly ChildSuite[] = [
  GCM,
  { ...GCM, esn: true },
  { protocol: 3, encr: { id: 28 }, esn: false },
  { protocol: 3, encr: { id: 12, keyBits: 128 }, integ: 12, esn: false },
  { protocol: 3, encr: { id: 12, keyBits: 256 }, integ: 2, esn: true },
  { protocol: 3, encr: { id: 11 }, integ: 12, esn: true },
];

/** The opposite direction: what the peer may send. */
const IN4 = V4, IN6 = V6;
const ROUTING = Uint8Array.of(17, 0, 0, 0, 0, 0, 0, 0);

/** Packets from the peer's networks to ours, with all that the inner parser looks at. */
export const PACKETS: readonly Uint8Array[] = [
  udp(IN4, filler(40)),
  udp(IN6, filler(40)),
  udp(IN4, filler(0)),
  tcp({ ...IN4, id: 7 }, { sequence: 1, flags: 0x10 }, filler(60)),
  tcp(IN6, { sequence: 1, flags: 0x18, options: filler(12) }, filler(60)),
  ip({ ...IN4, protocol: 1 }, filler(20)),
  ip({ ...IN4, protocol: 17, fragment: 0x2000 }, filler(24)),
  ip({ ...IN4, protocol: 17, fragment: 0x0003 }, filler(24)),
  ip({ ...IN6, protocol: 43 }, Uint8Array.of(...ROUTING, ...filler(16))),
  ip({ ...IN6, protocol: 44 }, Uint8Array.of(17, 0, 0, 1, 0, 0, 0, 1, ...filler(16))),
  ip({ ...IN6, protocol: 0 }, Uint8Array.of(60, 0, 1, 4, 0, 0, 0, 0, 17, 0, 1, 4, 0, 0, 0, 0, ...filler(16))),
];

/** One data path that receives, and the peer's keys. */
class Arrivals implements Episode {
  readonly #peer: Host;
  readonly #here: Host;
  readonly #buffer = packetBuffer(4_096);

  constructor(suite: ChildSuite) {
    const { here, there } = connected(suite);
    this.#peer = here;
    this.#here = there;
  }

  feed(input: Uint8Array): string {
    const packet = input[0] === WHAT.sealed ? this.#sealed(input) : this.#raw(input);
    const { drops } = this.#here.esp;
    const before = total(drops.toObject()), replayed = drops.of(DROP.replayed);
    const frames = this.#here.outsideRaw([packet], 0, 8 + (input.length & 3));
    this.#here.delivered.length = this.#here.events.length = this.#here.sent.length = 0;
    for (const frame of frames) assertDeliverable(frame.subarray(VNET_HEADER), packet.length);
    const dropped = total(drops.toObject()) - before;
    assert.equal(frames.length + dropped, 1, "Neither delivered nor counted once");
    if (input[0] === WHAT.sealed) {
      assert.equal(drops.of(DROP.replayed), replayed, "A fresh number counted as replayed");
      return frames.length > 0 ? "delivered" : "refused";
    }
    assert.equal(frames.length, 0, "A forged packet was delivered");
    return "dropped";
  }

  finish(): void {
    this.#here.esp.close();
    this.#peer.esp.close();
  }

  /** Octets as they come: with the SPI of the pair in front where the place says so. */
  #raw(input: Uint8Array): Uint8Array {
    const packet = input.slice(2);
    if (input[1] === 0 && packet.length >= 4) packet.set([0x20, 0, 0, 1]);
    return packet;
  }

  #sealed(input: Uint8Array): Uint8Array {
    const sa = this.#peer.esp.tables.byId(1)!.outbound;
    const text = input.subarray(2);
    this.#buffer.octets.set(text, 8 + sa.ivLength);
    const length = seal(sa, this.#buffer, 0, text.length, input[1] ?? 0);
    return this.#buffer.octets.slice(0, length);
  }
}

function total(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

/** An IP packet of the right length between the two networks (RFC 4301 §5.2). */
function assertDeliverable(packet: Uint8Array, most: number): void {
  const view = new DataView(packet.buffer, packet.byteOffset, packet.length);
  const version = packet[0]! >>> 4;
  assert.ok(packet.length <= most, "More came out than went in");
  if (version === 4) {
    assert.equal(view.getUint16(2), packet.length);
    assert.deepEqual([packet[12], packet[13], packet[16], packet[17]], [10, 1, 10, 2]);
  } else {
    assert.equal(version, 6);
    assert.equal(view.getUint16(4) + 40, packet.length);
    const networks = [view.getUint32(8), view.getUint16(12), view.getUint32(24), view.getUint16(28)];
    assert.deepEqual(networks, [0x2001_0db8, 1, 0x2001_0db8, 2]);
  }
}

function withHead(head: readonly number[], octets: Uint8Array): Uint8Array {
  const input = new Uint8Array(head.length + octets.length);
  input.set(head);
  input.set(octets, head.length);
  return input;
}

export default function load(): Target {
  const { here } = connected(GCM);
  const wire = PACKETS.flatMap((packet) => here.inside(packet));
  const generate = (rng: Rng): Uint8Array => {
    if (rng.chance(0.3)) {
      // A packet that was not damaged would be authentic.
      const packet = damage(pick(wire, rng), rng);
      return withHead(
        [WHAT.raw, rng.chance(0.9) ? 0 : 1],
        rng.chance(0.9) ? flipped(packet, rng) : rng.octets(60),
      );
    }
    const packet = pick(PACKETS, rng);
    const nextHeader = rng.chance(0.1) ? rng.below(256) : packet[0]! >>> 4 === 4 ? 4 : 41;
    const inner = rng.chance(0.15) ? packet : damage(packet, rng).subarray(0, 3_000);
    return withHead([WHAT.sealed, nextHeader], inner);
  };
  return {
    name: "esp",
    says: "damaged ESP packets, and sealed ones with anything inside, into the data path",
    inputs: 500,
    reaches: ["delivered", "refused", "dropped"],
    generate,
    open: (seed) => new Arrivals(SUITES[seed % SUITES.length]!),
  };
}

/** One bit of what an ICV covers is wrong, whatever the damage did. */
function flipped(packet: Uint8Array, rng: Rng): Uint8Array {
  if (packet.length > 8) packet[8 + rng.below(packet.length - 8)]! ^= 1 << rng.below(8);
  return packet;
}
