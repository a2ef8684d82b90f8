/**
 * IP fragments to whole payloads (RFC 791 §3.2, RFC 8200 §4.5), within bounds: of the datagrams that are incomplete,
 * the oldest go first. A datagram with fragments that overlap is refused altogether (RFC 5722); a fragment that was
 * captured twice is no overlap. Where fragments are missing, the front of the payload is handed out as lost.
 */
import type { Fragment, IpPacket } from "./ip.ts";

/** Longest payload of an IP packet, in octets. */
const MAX_PAYLOAD_LENGTH = 65_535;
/** Datagrams that are incomplete at a time. */
export const MAX_DATAGRAMS = 64;
/** Fragments of one datagram. */
export const MAX_FRAGMENTS = 256;
/** Octets of all incomplete datagrams together. */
export const MAX_HELD_OCTETS = 262_144;
/** An identification may be used again after this (RFC 8200 §4.5). */
const LIFETIME_NS = 60_000_000_000n;

interface Part {
  readonly offset: number;
  readonly octets: Uint8Array;
}

/** A fragment and where it was found. */
export interface FoundFragment {
  /** Number of the frame. */
  readonly frame: number;
  readonly timeNs: bigint | undefined;
  readonly packet: IpPacket;
  readonly fragment: Fragment;
}

interface Datagram {
  readonly beganNs: bigint | undefined;
  /** The one at offset 0. */
  first: FoundFragment | undefined;
  /** Nothing more is taken from it: it overlaps, or is nothing for us. */
  refused: boolean;
  readonly parts: Part[];
  held: number;
  /** Known once the last fragment is there. */
  total: number | undefined;
}

export class Reassembly {
  readonly #datagrams = new Map<string, Datagram>();
  readonly #wants: (protocol: number, payload: Uint8Array) => boolean;
  #held = 0;
  #lost: FoundFragment[] = [];

  /** `wants` sees the front of a payload and says whether the rest of it is worth waiting for. */
  constructor(wants: (protocol: number, payload: Uint8Array) => boolean) {
    this.#wants = wants;
  }

  /** Octets of fragments in memory. */
  get heldOctets(): number {
    return this.#held;
  }

  /** Takes a fragment; the payload once all are there, as a packet that is none any more. */
  add(found: FoundFragment): IpPacket | undefined {
    const { packet, fragment: { offset, more } } = found, { payload } = packet;
    const key = keyOf(found);
    const datagram = this.#datagramOf(key, found.timeNs);
    if (datagram.refused) return undefined;
    if (offset === 0 && !this.#wants(packet.protocol, payload)) return this.#refuse(datagram);
    const end = offset + payload.length;
    if (payload.length === 0 || (more && payload.length % 8 !== 0) || end > MAX_PAYLOAD_LENGTH) {
      // Most often a frame of which the capture kept the front alone.
      if (offset === 0) this.#lost.push(found);
      return this.#refuse(datagram);
    }
    if (isRepeated(datagram, offset, payload)) return undefined;
    if (overlaps(datagram, offset, end) || datagram.parts.length === MAX_FRAGMENTS) {
      return this.#refuse(datagram);
    }
    if (!more) {
      if (datagram.total !== undefined) return this.#refuse(datagram);
      datagram.total = end;
    }
    if (datagram.total !== undefined && (end > datagram.total || reachOf(datagram) > datagram.total)) {
      return this.#refuse(datagram);
    }
    const octets = payload.slice();
    datagram.parts.push({ offset, octets });
    datagram.held += octets.length;
    this.#held += octets.length;
    if (offset === 0) datagram.first = { ...found, packet: { ...packet, payload: octets } };
    if (datagram.held === datagram.total) {
      this.#forget(key, datagram);
      return { ...datagram.first!.packet, payload: joined(datagram, datagram.total) };
    }
    for (const [oldest, victim] of this.#datagrams) {
      if (this.#held <= MAX_HELD_OCTETS) break;
      this.#lose(oldest, victim);
    }
    return undefined;
  }

  /** The fronts of datagrams that were given up since the last call: their first fragments and what follows those. */
  takeLost(): readonly FoundFragment[] {
    const lost = this.#lost;
    if (lost.length > 0) this.#lost = [];
    return lost;
  }

  /** Gives up all that is incomplete. */
  end(): void {
    for (const [key, datagram] of this.#datagrams) this.#lose(key, datagram);
  }

  #datagramOf(key: string, timeNs: bigint | undefined): Datagram {
    const known = this.#datagrams.get(key);
    if (known !== undefined) {
      const { beganNs } = known;
      if (timeNs === undefined || beganNs === undefined || timeNs - beganNs <= LIFETIME_NS) return known;
      this.#lose(key, known);
    }
    for (const [oldest, victim] of this.#datagrams) {
      if (this.#datagrams.size < MAX_DATAGRAMS) break;
      this.#lose(oldest, victim);
    }
    const fresh: Datagram = {
      beganNs: timeNs,
      first: undefined,
      refused: false,
      parts: [],
      held: 0,
      total: undefined,
    };
    this.#datagrams.set(key, fresh);
    return fresh;
  }

  /** Stays in mind without octets, so that later fragments do not begin it anew. */
  #refuse(datagram: Datagram): undefined {
    datagram.refused = true;
    this.#held -= datagram.held;
    datagram.held = 0;
    datagram.parts.length = 0;
    datagram.first = undefined;
  }

  #lose(key: string, datagram: Datagram): void {
    this.#forget(key, datagram);
    const { first } = datagram;
    if (first === undefined) return;
    const payload = joined(datagram, frontOf(datagram));
    this.#lost.push({ ...first, packet: { ...first.packet, payload } });
  }

  #forget(key: string, datagram: Datagram): void {
    this.#held -= datagram.held;
    this.#datagrams.delete(key);
  }
}

/** What fragments of one datagram have in common; in IPv6 the protocol is that of the first fragment only. */
function keyOf({ packet: { source, destination, protocol }, fragment: { id } }: FoundFragment): string {
  const kind = source.family === 4 ? protocol : "v6";
  return `${source.value.toString(36)} ${destination.value.toString(36)} ${kind} ${id}`;
}

function isRepeated({ parts }: Datagram, offset: number, payload: Uint8Array): boolean {
  const same = parts.find((part) => part.offset === offset && part.octets.length === payload.length);
  return same !== undefined && same.octets.every((octet, at) => octet === payload[at]);
}

function overlaps({ parts }: Datagram, offset: number, end: number): boolean {
  return parts.some((part) => offset < part.offset + part.octets.length && part.offset < end);
}

function reachOf({ parts }: Datagram): number {
  return parts.reduce((reach, part) => Math.max(reach, part.offset + part.octets.length), 0);
}

/** Octets without a gap from the start. */
function frontOf({ parts }: Datagram): number {
  let front = 0;
  for (const { offset, octets } of parts.toSorted((a, b) => a.offset - b.offset)) {
    if (offset !== front) break;
    front += octets.length;
  }
  return front;
}

/** The first `length` octets, which are all there. */
function joined({ parts }: Datagram, length: number): Uint8Array {
  const whole = new Uint8Array(length);
  for (const { offset, octets } of parts) if (offset < length) whole.set(octets, offset);
  return whole;
}
