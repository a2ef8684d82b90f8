/**
 * Writes the simulated wire as a capture (pcapng, link type RAW) and its keys in the format of Wireshark's table
 * `ikev2_decryption_table`, when `IKED_TEST_PCAP` names a directory.
 */
import { toHex } from "../../src/bytes/mod.ts";
import { addressToOctets, type Endpoint } from "../../src/ip/mod.ts";
import { NAMES } from "./wireshark_names.ts";
import type { Sent } from "./netem.ts";
import type { RecordedSa } from "./simulated_keys.ts";

const LINKTYPE_RAW = 101;

function block(type: number, body: Uint8Array): Uint8Array {
  const length = 12 + body.length;
  const octets = new Uint8Array(length);
  const view = new DataView(octets.buffer);
  view.setUint32(0, type, true);
  view.setUint32(4, length, true);
  octets.set(body, 8);
  view.setUint32(length - 4, length, true);
  return octets;
}

function sectionHeader(): Uint8Array {
  const body = new Uint8Array(16);
  const view = new DataView(body.buffer);
  view.setUint32(0, 0x1a2b3c4d, true);
  view.setUint16(4, 1, true);
  view.setBigInt64(8, -1n, true);
  return block(0x0a0d0d0a, body);
}

function interfaceDescription(): Uint8Array {
  const body = new Uint8Array(8);
  new DataView(body.buffer).setUint16(0, LINKTYPE_RAW, true);
  return block(1, body);
}

function enhancedPacket(wallMs: number, packet: Uint8Array): Uint8Array {
  const body = new Uint8Array(20 + Math.ceil(packet.length / 4) * 4);
  const view = new DataView(body.buffer);
  const microseconds = BigInt(wallMs) * 1000n;
  view.setUint32(4, Number(microseconds >> 32n), true);
  view.setUint32(8, Number(microseconds & 0xffff_ffffn), true);
  view.setUint32(12, packet.length, true);
  view.setUint32(16, packet.length, true);
  body.set(packet, 20);
  return block(6, body);
}

function ipChecksum(header: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < header.length; i += 2) sum += (header[i]! << 8) | header[i + 1]!;
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

function ipHeader(source: Endpoint, destination: Endpoint, length: number): Uint8Array {
  const v4 = source.address.family === 4;
  const header = new Uint8Array(v4 ? 20 : 40);
  const view = new DataView(header.buffer);
  if (v4) {
    header.set([0x45, 0]);
    view.setUint16(2, 20 + length);
    header.set([64, 17], 8);
  } else {
    header[0] = 0x60;
    view.setUint16(4, length);
    header.set([17, 64], 6);
  }
  header.set(addressToOctets(source.address), v4 ? 12 : 8);
  header.set(addressToOctets(destination.address), v4 ? 16 : 24);
  if (v4) view.setUint16(10, ipChecksum(header));
  return header;
}

/** One datagram as an IP packet; the UDP checksum is left out (0, as RFC 768 allows over IPv4). */
function packetOf(sent: Sent): Uint8Array {
  const marker = sent.natt ? 4 : 0;
  const length = 8 + marker + sent.data.length;
  const header = ipHeader(sent.source, sent.destination, length);
  const packet = new Uint8Array(header.length + length);
  packet.set(header);
  const view = new DataView(packet.buffer, header.length);
  view.setUint16(0, sent.source.port);
  view.setUint16(2, sent.destination.port);
  view.setUint16(4, length);
  packet.set(sent.data, header.length + 8 + marker);
  return packet;
}

/** The record of a network as pcapng; `epochMs` is the wall time of simulated time 0. */
export function pcapngOf(record: readonly Sent[], epochMs: number): Uint8Array {
  const blocks = [sectionHeader(), interfaceDescription()];
  for (const sent of record) blocks.push(enhancedPacket(epochMs + Math.floor(sent.at), packetOf(sent)));
  const whole = new Uint8Array(blocks.reduce((sum, b) => sum + b.length, 0));
  let at = 0;
  for (const b of blocks) {
    whole.set(b, at);
    at += b.length;
  }
  return whole;
}

/** Lines of `ikev2_decryption_table`: SPIs, SK_ei, SK_er, cipher, SK_ai, SK_ar, integrity. */
export function wiresharkKeys(sas: readonly RecordedSa[]): string {
  const hex = (value: bigint) => value.toString(16).padStart(16, "0");
  const lines = sas.map((sa) => {
    const encr = NAMES.encr[`${sa.suite.encr.id}/${sa.suite.encr.keyBits ?? ""}`] ??
      `unknown ${sa.suite.encr.id}`;
    const integ = sa.suite.integ === undefined ? "NONE [RFC4306]" : NAMES.integ[sa.suite.integ] ?? "unknown";
    const keys = [
      toHex(sa.sk.ei),
      toHex(sa.sk.er),
      `"${encr}"`,
      toHex(sa.sk.ai),
      toHex(sa.sk.ar),
      `"${integ}"`,
    ];
    return [hex(sa.spiI), hex(sa.spiR), ...keys].join(",");
  });
  return [...new Set(lines)].map((line) => `${line}\n`).join("");
}
