/**
 * Packets on their way out: sealed where the socket will send them from, and joined to runs of one SA and one size
 * that go out as one message (UDP_SEGMENT: all of the first one's length, the last may be shorter).
 */
import type { PacketBuffer } from "./buffer.ts";
import { type Child, ESP_HEADER, type OuterPath } from "./sa.ts";
import { seal, sealedLength } from "./seal.ts";

/** Packets of one message with UDP_SEGMENT (Linux: UDP_MAX_SEGMENTS). */
const MAX_SEGMENTS = 64;
/** Octets of a message of several packets: below 65,535 with all outer headers. */
const MAX_MESSAGE = 65_000;

/** Octets that `room` has to give: the longest ESP packet of any transform, and what it writes behind its end. */
export const OUTBOX_ROOM = 65_536;

/** The sockets, as this room sees them. */
export interface Outside {
  /** The memory from which messages of this path are sent. */
  buffer(path: OuterPath): PacketBuffer;
  /** Where in it the next message begins: `OUTBOX_ROOM` octets, until the next `send`. */
  room(path: OuterPath): number;
  /** Sends what was written there: `length` octets as packets of `segment` octets each, the last may be shorter. */
  send(path: OuterPath, length: number, segment: number, trafficClass: number, dontFragment: boolean): void;
}

/** The message that is being filled. */
export class Outbox {
  readonly #outside: Outside;
  #child: Child | undefined;
  #path: OuterPath | undefined;
  #buffer: PacketBuffer | undefined;
  #at = 0;
  #used = 0;
  #count = 0;
  #segment = 0;
  #limit = 0;
  #trafficClass = 0;
  #dontFragment = false;
  #full = false;

  constructor(outside: Outside) {
    this.#outside = outside;
  }

  /**
   * Where the inner packet of `length` octets has to be written in `buffer`; then `end` seals it. What does not fit
   * the path in `whole` goes by itself: kernels lose runs that they have to cut to packets and to fragments at once.
   */
  begin(child: Child, length: number, trafficClass: number, whole: boolean, dontFragment: boolean): number {
    const sealed = sealedLength(child.outbound, length);
    if (
      this.#full || child !== this.#child || sealed > this.#segment || trafficClass !== this.#trafficClass ||
      dontFragment !== this.#dontFragment || !whole || this.#used + sealed > MAX_MESSAGE
    ) this.flush();
    if (this.#count === 0) {
      const { path } = child;
      this.#child = child;
      this.#path = path;
      this.#buffer = this.#outside.buffer(path);
      this.#at = this.#outside.room(path);
      this.#segment = sealed;
      // A raw socket has no UDP_SEGMENT: a message is a packet.
      this.#limit = path.udpEncap && whole ? MAX_SEGMENTS : 1;
      this.#trafficClass = trafficClass;
      this.#dontFragment = dontFragment;
    }
    return this.#at + this.#used + ESP_HEADER + child.outbound.ivLength;
  }

  /** The memory that `begin` spoke of. */
  get buffer(): PacketBuffer {
    return this.#buffer!;
  }

  /** Seals the packet that `begin` gave the place for. */
  end(length: number, nextHeader: number): void {
    const sealed = seal(this.#child!.outbound, this.#buffer!, this.#at + this.#used, length, nextHeader);
    this.#used += sealed;
    this.#count++;
    this.#full = sealed < this.#segment || this.#count === this.#limit;
  }

  /** Sends what is there. */
  flush(): void {
    if (this.#count > 0) {
      this.#outside.send(this.#path!, this.#used, this.#segment, this.#trafficClass, this.#dontFragment);
    }
    this.#child = undefined;
    this.#used = this.#count = 0;
    this.#full = false;
  }
}
