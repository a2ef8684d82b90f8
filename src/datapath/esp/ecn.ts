/**
 * Congestion marks across the tunnel (RFC 6040). Going out the inner field is copied (§4.1, normal mode); coming in
 * the outer one is merged into the inner (§4.2, figure 4).
 */
import { fold, type PacketBuffer } from "./buffer.ts";
import type { InnerPacket } from "./packet.ts";

const NOT_ECT = 0, ECT1 = 1, ECT0 = 2, CE = 3;

/** Writes the ECN field of a packet, with the checksum of an IPv4 header brought along (RFC 1624). */
function setEcn(packet: InnerPacket, buffer: PacketBuffer, ecn: number): void {
  const { view } = buffer;
  const at = packet.offset;
  const before = view.getUint16(at);
  packet.trafficClass = (packet.trafficClass & 0xfc) | ecn;
  const after = packet.family === 4 ? (before & 0xfffc) | ecn : (before & 0xffcf) | (ecn << 4);
  view.setUint16(at, after);
  if (packet.family === 4) {
    const sum = fold((~view.getUint16(at + 10) & 0xffff) + (~before & 0xffff) + after);
    view.setUint16(at + 10, ~sum & 0xffff);
  }
}

/** Carries the outer mark into the packet; false: it has to be dropped. */
export function mergeEcn(packet: InnerPacket, buffer: PacketBuffer, outerTrafficClass: number): boolean {
  const outer = outerTrafficClass & 3, inner = packet.trafficClass & 3;
  if (outer === CE) {
    if (inner === NOT_ECT) return false;
    if (inner !== CE) setEcn(packet, buffer, CE);
  } else if (outer === ECT1 && inner === ECT0) {
    setEcn(packet, buffer, ECT1);
  }
  return true;
}
