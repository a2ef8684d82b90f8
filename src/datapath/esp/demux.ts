/** What a UDP datagram on the NAT-T port is (RFC 3948 §2.1–2.3). */
import type { PacketBuffer } from "./buffer.ts";

/** Octets of the non-ESP marker before IKE on the NAT-T port (RFC 3948 §2.2). */
export const NON_ESP_MARKER = 4;

/** The one octet of a NAT keepalive (RFC 3948 §2.3). */
export const KEEPALIVE_OCTET = 0xff;

/** NAT mappings are kept open by something at least this often (RFC 3948 §4). */
export const KEEPALIVE_MS = 20_000;

/** Tells apart what came on the NAT-T port: `length` octets at `at`. */
export function classify(
  buffer: PacketBuffer,
  at: number,
  length: number,
): "ike" | "esp" | "keepalive" | "malformed" {
  if (length === 1 && buffer.octets[at] === KEEPALIVE_OCTET) return "keepalive";
  if (length < 8) return "malformed";
  return buffer.view.getUint32(at) === 0 ? "ike" : "esp";
}
