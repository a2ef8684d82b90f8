/**
 * Room `crypto`: algorithms and the key schedule of IKEv2.
 *
 * Duty: the registry of algorithms, the interface that implementations keep, the implementation without permissions
 * (`portable`), prf+ and the key schedule (RFC 7296 §2.13-2.18). May import: `bytes`, `wire/registry`.
 * Never: I/O, clock, a source of randomness of its own, WebCrypto, knowledge of messages.
 *
 * `portable/` is imported by itself, by who needs it: `provider.ts`, or `packets.ts` where no key is exchanged.
 * @module
 */
export * from "./algorithms.ts";
export * from "./inventory.ts";
export * from "./provider.ts";
export * from "./suite.ts";
export * from "./groups.ts";
export * from "./key_schedule.ts";
