/** Reads captures (pcap and pcapng) and gives the IKE messages in them: UDP ports 500 and 4500, IPv4 and IPv6. */

/** One frame, as captured. */
export interface Frame {
  readonly linkType: number;
  readonly octets: Uint8Array;
}

/** An IKE message from a capture, without the non-ESP marker. */
export interface CapturedIke {
  /** Counts frames from 1. */
  readonly frame: number;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly message: Uint8Array;
}

const LINK_NULL = 0;
const LINK_ETHERNET = 1;
const LINK_RAW = 101;
const LINK_RAW_BSD = 12;
const LINK_LINUX_SLL = 113;

const UDP = 17;

/** All frames of a capture file. */
export function readFrames(file: Uint8Array): Frame[] {
  const view = viewOf(file);
  return view.getUint32(0, true) === 0x0a0d0d0a ? readPcapng(file) : readPcap(file);
}

/** The IKE messages of a capture file, in order; fragmented IP packets, ESP and keepalives are passed over. */
export function readIkeMessages(file: Uint8Array): CapturedIke[] {
  const messages: CapturedIke[] = [];
  for (const [index, frame] of readFrames(file).entries()) {
    const packet = ipPacketOf(frame);
    const datagram = packet === undefined ? undefined : udpOf(packet);
    if (datagram !== undefined) {
      const message = ikeOf(datagram);
      if (message !== undefined) messages.push({ frame: index + 1, ...message });
    }
  }
  return messages;
}

function viewOf(octets: Uint8Array): DataView {
  return new DataView(octets.buffer, octets.byteOffset, octets.length);
}

function readPcap(file: Uint8Array): Frame[] {
  const view = viewOf(file);
  const magic = view.getUint32(0, true);
  const little = magic === 0xa1b2c3d4 || magic === 0xa1b23c4d;
  if (!little && ![0xa1b2c3d4, 0xa1b23c4d].includes(view.getUint32(0))) throw new Error("Not a capture");
  const linkType = view.getUint32(20, little) & 0xffff;
  const frames: Frame[] = [];
  for (let at = 24; at + 16 <= file.length;) {
    const length = view.getUint32(at + 8, little);
    frames.push({ linkType, octets: file.subarray(at + 16, at + 16 + length) });
    at += 16 + length;
  }
  return frames;
}

function readPcapng(file: Uint8Array): Frame[] {
  const view = viewOf(file);
  const little = view.getUint32(8, true) === 0x1a2b3c4d;
  const linkTypes: number[] = [];
  const frames: Frame[] = [];
  for (let at = 0; at + 12 <= file.length;) {
    const type = view.getUint32(at, little);
    const length = view.getUint32(at + 4, little);
    if (length < 12) throw new Error("Not a pcapng block");
    if (type === 1) linkTypes.push(view.getUint16(at + 8, little));
    if (type === 6) {
      const captured = view.getUint32(at + 20, little);
      const linkType = linkTypes[view.getUint32(at + 8, little)] ?? LINK_ETHERNET;
      frames.push({ linkType, octets: file.subarray(at + 28, at + 28 + captured) });
    }
    at += length;
  }
  return frames;
}

function ipPacketOf({ linkType, octets }: Frame): Uint8Array | undefined {
  switch (linkType) {
    case LINK_ETHERNET: {
      const vlan = octets[12] === 0x81 && octets[13] === 0x00;
      return octets.subarray(vlan ? 18 : 14);
    }
    case LINK_LINUX_SLL:
      return octets.subarray(16);
    case LINK_NULL:
      return octets.subarray(4);
    case LINK_RAW:
    case LINK_RAW_BSD:
      return octets;
    default:
      return undefined;
  }
}

function udpOf(packet: Uint8Array): Uint8Array | undefined {
  const version = (packet[0] ?? 0) >> 4;
  if (version === 4 && packet.length >= 20) {
    const view = viewOf(packet);
    const fragment = view.getUint16(6) & 0x3fff;
    if (packet[9] !== UDP || fragment !== 0) return undefined;
    return packet.subarray((packet[0]! & 0x0f) * 4, view.getUint16(2));
  }
  if (version === 6 && packet.length >= 40 && packet[6] === UDP) {
    return packet.subarray(40, 40 + viewOf(packet).getUint16(4));
  }
  return undefined;
}

function ikeOf(datagram: Uint8Array): Omit<CapturedIke, "frame"> | undefined {
  if (datagram.length < 8) return undefined;
  const view = viewOf(datagram);
  const sourcePort = view.getUint16(0);
  const destinationPort = view.getUint16(2);
  const payload = datagram.subarray(8, view.getUint16(4));
  const ports = [sourcePort, destinationPort];
  if (ports.includes(4500)) {
    const marked = payload.length > 4 && viewOf(payload).getUint32(0) === 0;
    return marked ? { sourcePort, destinationPort, message: payload.subarray(4) } : undefined;
  }
  return ports.includes(500) ? { sourcePort, destinationPort, message: payload } : undefined;
}
