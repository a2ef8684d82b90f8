/**
 * Room `bytes`: octets and the small values every other room is made of.
 *
 * Duty: results, branded integers, hex, constant-time compare, secrets that can be wiped, reader and writer.
 * May import: nothing. Never: I/O, clock, randomness, knowledge of any protocol.
 * @module
 */
export * from "./result.ts";
export * from "./brand.ts";
export * from "./hex.ts";
export * from "./octets.ts";
export * from "./secret.ts";
export * from "./reader.ts";
export * from "./writer.ts";
