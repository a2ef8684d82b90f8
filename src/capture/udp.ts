/** UDP datagrams (RFC 768) of the ports of IKE, and the IKE message in them (RFC 7296 §2, §2.23; RFC 3948 §2). */
import { viewOf } from "./view.ts";

export const UDP = 17;

const IKE_PORT = 500;
const NATT_PORT = 4500;
const UDP_HEADER_LENGTH = 8;
const MARKER_LENGTH = 4;
const IKE_HEADER_LENGTH = 28;
const NAT_KEEPALIVE = 0xff;

/** An IKE message and the ports it went between. */
export interface IkeDatagram {
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly message: Uint8Array;
}

/** Whether a payload that begins so may be a datagram of IKE. Without ports it may. */
export function mayBeIke(protocol: number, front: Uint8Array): boolean {
  if (protocol !== UDP) return false;
  if (front.length < 4) return true;
  const view = viewOf(front);
  return isIkePort(view.getUint16(0)) || isIkePort(view.getUint16(2));
}

/** The message in a datagram; undefined for other ports, ESP in UDP and keepalives. */
export function ikeDatagram(protocol: number, octets: Uint8Array): IkeDatagram | undefined {
  if (octets.length < UDP_HEADER_LENGTH || !mayBeIke(protocol, octets)) return undefined;
  const view = viewOf(octets);
  const sourcePort = view.getUint16(0), destinationPort = view.getUint16(2);
  // A card that cuts large datagrams up leaves the length to be filled in after the capture.
  const length = view.getUint16(4) || octets.length;
  if (length < UDP_HEADER_LENGTH) return undefined;
  const payload = octets.subarray(UDP_HEADER_LENGTH, length);
  const message = messageIn(payload, sourcePort === NATT_PORT || destinationPort === NATT_PORT);
  return message && { sourcePort, destinationPort, message };
}

function isIkePort(port: number): boolean {
  return port === IKE_PORT || port === NATT_PORT;
}

/**
 * On port 4500 four zero octets mark IKE, on port 500 there are none. Senders that do it the other way round are
 * recognised by a header that fits the datagram only when it is read so.
 */
function messageIn(payload: Uint8Array, natt: boolean): Uint8Array | undefined {
  if (payload.length === 0 || (payload.length === 1 && payload[0] === NAT_KEEPALIVE)) return undefined;
  const marked = payload.length >= MARKER_LENGTH && viewOf(payload).getUint32(0) === 0;
  const behindMarker = payload.subarray(MARKER_LENGTH);
  if (natt) {
    if (marked) return fits(payload) && !fits(behindMarker) ? payload : behindMarker;
    return fits(payload) ? payload : undefined;
  }
  return marked && fits(behindMarker) && !fits(payload) ? behindMarker : payload;
}

/** Whether these octets begin with a header of IKEv1 or IKEv2 whose length is just theirs. */
function fits(octets: Uint8Array): boolean {
  if (octets.length < IKE_HEADER_LENGTH) return false;
  const major = octets[17]! >> 4;
  return (major === 1 || major === 2) && viewOf(octets).getUint32(24) === octets.length;
}
