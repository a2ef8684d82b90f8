/**
 * Room `auth`: who is who, proven by keys.
 *
 * Duty: what is asked of the holder of keys, the holder itself, signed octets and AUTH (RFC 7296 §2.15).
 * May import: `wire`, `crypto`. Never: I/O, clock, messages and states of exchanges.
 * @module
 */
export * from "./requests.ts";
export * from "./key_holder.ts";
export * from "./psk.ts";
export * from "./signed_octets.ts";
