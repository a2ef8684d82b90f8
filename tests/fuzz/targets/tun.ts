/**
 * The device: packets and super-packets with any header in front, as applications on this host or behind it can make
 * them. What leaves is ESP that the peer takes; what the peer delivers is no more than what went in.
 *
 *     virtio_net_hdr (10), IP packet
 */
import assert from "node:assert/strict";
import { DROP, VNET_HEADER } from "../../../src/datapath/mod.ts";
import type { ChildSuite } from "../../../src/crypto/mod.ts";
import { connected, filler, GCM, type Host, tcp, udp, V4, V6 } from "../../datapath/support.ts";
import { damage, pick } from "../../support/mutate.ts";
import type { Rng } from "../../support/rng.ts";
import type { Episode, Target } from "../target.ts";
import { PACKETS } from "./esp.ts";

/** Octets of one ESP packet; the path's MTU is 1,500. */
const MOST_OUTER = 1_500;
/** ESP packets that one super-packet of 64 KiB may become: cut to 8 octets and more each. */
const MOST_SEGMENTS = 8_192;
const LONGEST = 40_000;

/** What the peer may count when it gets what we sealed: packets that make no sense to it, but none that is forged. */
const FORGED = [DROP.forged, DROP.badPadding, DROP.malformedEsp, DROP.replayed, DROP.unknownSpi] as const;

const SUITES: readonly ChildSuite[] = [GCM, {
  protocol: 3,
  encr: { id: 12, keyBits: 128 },
  integ: 12,
  esn: true,
}];

function vnet(
  flags: number,
  type: number,
  header: number,
  size: number,
  start: number,
  offset: number,
): Uint8Array {
  const octets = new Uint8Array(VNET_HEADER);
  const view = new DataView(octets.buffer);
  octets[0] = flags;
  octets[1] = type;
  [header, size, start, offset].forEach((value, at) => view.setUint16(2 + 2 * at, value, true));
  return octets;
}

class Departures implements Episode {
  readonly #here: Host;
  readonly #there: Host;

  constructor(suite: ChildSuite) {
    const { here, there } = connected(suite);
    this.#here = here;
    this.#there = there;
  }

  feed(input: Uint8Array): string {
    const header = new Uint8Array(VNET_HEADER);
    header.set(input.subarray(0, VNET_HEADER));
    const here = this.#here, there = this.#there;
    const sealed = here.inside(input.subarray(VNET_HEADER), header);
    assert.ok(sealed.length <= MOST_SEGMENTS, `${sealed.length} packets of one`);
    for (const packet of sealed) assert.ok(packet.length <= MOST_OUTER, `${packet.length} octets outside`);
    there.outsideRaw(sealed);
    for (const cause of FORGED) assert.equal(there.esp.drops.of(cause), 0, `The peer counts ${cause}`);
    const told = here.delivered.length;
    assert.ok(told <= 1, "More than one ICMP message for a packet");
    for (const host of [here, there]) {
      host.sent.length = host.delivered.length = host.events.length = 0;
    }
    return sealed.length > 1 ? "split" : sealed.length === 1 ? "sent" : told > 0 ? "told" : "dropped";
  }

  finish(): void {
    this.#here.esp.close();
    this.#there.esp.close();
  }
}

/** Packets with a fitting header: plain, unfinished checksums, segmentation of TCP and UDP. */
function frames(): readonly Uint8Array[] {
  const long = [1_400, 9_000].flatMap((length) => [
    {
      packet: tcp({ ...V4, id: 9 }, { sequence: 1, flags: 0x18 }, filler(length)),
      header: vnet(1, 1, 40, 1_200, 20, 16),
    },
    { packet: tcp(V6, { sequence: 1, flags: 0x10 }, filler(length)), header: vnet(1, 4, 60, 1_200, 40, 16) },
    { packet: udp(V4, filler(length)), header: vnet(1, 5, 28, 1_000, 20, 6) },
    { packet: udp(V6, filler(length)), header: vnet(1, 5, 48, 1_000, 40, 6) },
    { packet: udp(V6, filler(length)), header: vnet(0, 0, 0, 0, 0, 0) },
  ]);
  const plain = PACKETS.map((packet) => ({ packet, header: vnet(0, 0, 0, 0, 0, 0) }));
  return [...plain, ...plain, ...plain, ...long].map(({ packet, header }) =>
    Uint8Array.of(...header, ...packet)
  );
}

export default function load(): Target {
  const corpus = frames();
  const generate = (rng: Rng): Uint8Array => {
    const frame = pick(corpus, rng).slice();
    if (rng.chance(0.4)) {
      // One field of the device's header, or of the IP header behind it.
      const at = rng.below(rng.chance(0.6) ? VNET_HEADER : Math.min(VNET_HEADER + 60, frame.length));
      frame[at] = rng.chance(0.5) ? rng.below(256) : pick([0, 1, 2, 3, 4, 5, 0x80, 0xff], rng);
      return frame;
    }
    const damaged = rng.chance(0.2) ? frame : damage(frame, rng);
    return damaged.subarray(0, LONGEST);
  };
  return {
    name: "tun",
    says: "damaged packets and super-packets from the device into the data path",
    inputs: 300,
    reaches: ["sent", "split", "dropped"],
    generate,
    open: (seed) => new Departures(SUITES[seed % SUITES.length]!),
  };
}
