/** The IKE messages of a capture, one after the other. */
import { type IpPacket, parseIp, upperOf } from "./ip.ts";
import { ipPacketOf, isKnownLink } from "./link.ts";
import { pcapForm, pcapFrames } from "./pcap.ts";
import { pcapngFrames, SECTION_HEADER } from "./pcapng.ts";
import { Reassembly } from "./reassembly.ts";
import type { CapturedMessage, CaptureFault, CaptureItem, Frame, Source } from "./types.ts";
import { ikeDatagram, mayBeIke } from "./udp.ts";
import { viewOf } from "./view.ts";
import { Window } from "./window.ts";

const MAGIC_LENGTH = 4;
/** First octets of the files that are read. */
const MAGICS: readonly (readonly number[])[] = [
  [0x0a, 0x0d, 0x0d, 0x0a],
  [0xd4, 0xc3, 0xb2, 0xa1],
  [0xa1, 0xb2, 0xc3, 0xd4],
  [0x4d, 0x3c, 0xb2, 0xa1],
  [0xa1, 0xb2, 0x3c, 0x4d],
];

export class IkeCapture {
  readonly #window: Window;
  readonly #reassembly = new Reassembly((protocol, front) => {
    const upper = upperOf(protocol, front);
    return upper === undefined || mayBeIke(upper.protocol, upper.payload);
  });

  constructor(source: Source) {
    this.#window = new Window(source);
  }

  /** Octets of the capture that are in memory at present, the buffer's free ones included. */
  get heldOctets(): number {
    return this.#window.capacity + this.#reassembly.heldOctets;
  }

  /** Messages and faults in the order of the file. To be called once. */
  *items(): Generator<CaptureItem> {
    const unknownLinks = new Set<number>();
    let count = 0;
    for (const frame of this.#frames()) {
      if (frame.kind === "fault") {
        yield frame;
        continue;
      }
      count++;
      const { linkType } = frame;
      if (isKnownLink(linkType)) {
        const message = this.#messageIn(frame, count);
        yield* this.#lost();
        if (message !== undefined) yield message;
      } else if (!unknownLinks.has(linkType)) {
        unknownLinks.add(linkType);
        const text = `Frames of link type ${linkType}, the first is frame ${count}, cannot be read`;
        yield { kind: "fault", code: "unknown", octet: this.#window.octet, message: text };
      }
    }
    this.#reassembly.end();
    yield* this.#lost();
  }

  /** What is there of messages whose other fragments did not come. */
  *#lost(): Generator<CapturedMessage> {
    for (const { packet, timeNs, frame } of this.#reassembly.takeLost()) {
      const message = messageOf(packet, frame, timeNs);
      if (message !== undefined) yield message;
    }
  }

  #frames(): Iterable<Frame | CaptureFault> {
    const magic = this.#window.peek(MAGIC_LENGTH);
    if (magic.length < MAGIC_LENGTH) {
      const begun = MAGICS.some((known) => magic.every((octet, at) => octet === known[at]));
      return [begun ? fault("truncated", magic.length, "The file ends within its header") : notCapture()];
    }
    if (viewOf(magic).getUint32(0) === SECTION_HEADER) return pcapngFrames(this.#window);
    const form = pcapForm(magic);
    return form === undefined ? [notCapture()] : pcapFrames(this.#window, form);
  }

  #messageIn({ linkType, octets, timeNs }: Frame, frame: number): CapturedMessage | undefined {
    const ip = ipPacketOf(linkType, octets);
    const packet = ip && parseIp(ip);
    if (packet === undefined) return undefined;
    const { fragment } = packet;
    if (fragment === undefined) return messageOf(packet, frame, timeNs);
    const whole = this.#reassembly.add({ packet, fragment, frame, timeNs });
    return whole && messageOf(whole, frame, timeNs);
  }
}

function messageOf(packet: IpPacket, frame: number, timeNs: bigint | undefined): CapturedMessage | undefined {
  const upper = upperOf(packet.protocol, packet.payload);
  // Fragments within fragments are nobody's.
  if (upper === undefined || upper.fragment !== undefined) return undefined;
  const datagram = ikeDatagram(upper.protocol, upper.payload);
  return datagram && {
    kind: "message",
    frame,
    ...(timeNs === undefined ? {} : { timeNs }),
    source: { address: packet.source, port: datagram.sourcePort },
    destination: { address: packet.destination, port: datagram.destinationPort },
    octets: datagram.message,
  };
}

function fault(code: CaptureFault["code"], octet: number, message: string): CaptureFault {
  return { kind: "fault", code, octet, message };
}

function notCapture(): CaptureFault {
  return fault("not-a-capture", 0, "Neither pcap nor pcapng: another magic number is expected");
}
