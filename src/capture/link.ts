/** Link layers: from a frame to the IP packet in it. */
import { viewOf } from "./view.ts";

/** Link types of the registry of tcpdump.org. */
export const LINKTYPE = {
  NULL: 0,
  ETHERNET: 1,
  /** Raw IP; 101 in files, 12 and 14 as some systems wrote it. */
  RAW: 101,
  RAW_12: 12,
  RAW_14: 14,
  LOOP: 108,
  LINUX_SLL: 113,
  IPV4: 228,
  IPV6: 229,
  LINUX_SLL2: 276,
} as const;

const ETHERTYPE_IPV4 = 0x0800;
const ETHERTYPE_IPV6 = 0x86dd;
/** 802.1Q, 802.1ad (QinQ) and what was used before it: type and tag, then the type of what follows. */
const ETHERTYPES_VLAN: readonly number[] = [0x8100, 0x88a8, 0x9100];
const VLAN_TAG_LENGTH = 4;

/** Where the type of the payload is in the header, and how long the header is, in octets. */
const TYPED: ReadonlyMap<number, readonly [typeOffset: number, headerLength: number]> = new Map([
  [LINKTYPE.ETHERNET, [12, 14]],
  [LINKTYPE.LINUX_SLL, [14, 16]],
  [LINKTYPE.LINUX_SLL2, [0, 20]],
]);

/** Octets in front of an IP packet, which says itself of which version it is. */
const UNTYPED: ReadonlyMap<number, number> = new Map([
  [LINKTYPE.NULL, 4],
  [LINKTYPE.LOOP, 4],
  [LINKTYPE.RAW, 0],
  [LINKTYPE.RAW_12, 0],
  [LINKTYPE.RAW_14, 0],
  [LINKTYPE.IPV4, 0],
  [LINKTYPE.IPV6, 0],
]);

/** Whether frames of this link type can be read. */
export function isKnownLink(linkType: number): boolean {
  return TYPED.has(linkType) || UNTYPED.has(linkType);
}

/** The IP packet of a frame, with what the link layer put behind it; undefined where there is none. */
export function ipPacketOf(linkType: number, frame: Uint8Array): Uint8Array | undefined {
  const typed = TYPED.get(linkType);
  if (typed === undefined) return frame.subarray(UNTYPED.get(linkType) ?? frame.length);
  const [typeOffset, headerLength] = typed;
  if (frame.length < headerLength) return undefined;
  let type = viewOf(frame).getUint16(typeOffset);
  let payload = frame.subarray(headerLength);
  while (ETHERTYPES_VLAN.includes(type)) {
    if (payload.length < VLAN_TAG_LENGTH) return undefined;
    type = viewOf(payload).getUint16(2);
    payload = payload.subarray(VLAN_TAG_LENGTH);
  }
  return type === ETHERTYPE_IPV4 || type === ETHERTYPE_IPV6 ? payload : undefined;
}
