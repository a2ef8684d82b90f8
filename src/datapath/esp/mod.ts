/**
 * ESP in this process: the transform, the databases, the offloads (RFC 4301, RFC 4303, RFC 3948, RFC 6040).
 *
 * Works on buffers of the caller, in place and without allocation per packet. Hostile input is dropped and counted
 * (`DROP`), never thrown.
 * @module
 */
export { type PacketBuffer, packetBuffer, packetBufferOver } from "./buffer.ts";
export { classify, KEEPALIVE_MS, KEEPALIVE_OCTET, NON_ESP_MARKER } from "./demux.ts";
export { DROP, type Drop, Drops } from "./drops.ts";
export { type Arrival, Esp, type EspOptions } from "./esp.ts";
export { OUTBOX_ROOM, type Outside } from "./outbox.ts";
export type { OuterPath } from "./sa.ts";
export { PacketMemory } from "./packet_memory.ts";
export { packetsIn, VNET_HEADER } from "./vnet.ts";
