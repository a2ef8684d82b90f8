/**
 * Room `proposal`: Security Association proposals (RFC 7296 §2.7, §3.3).
 *
 * Duty: between wire and value; the responder's choice, the initiator's check of it, and why none fits, in words.
 * May import: wire, crypto. Never: policy, keys, state, I/O.
 * @module
 */
export * from "./types.ts";
export * from "./transforms.ts";
export * from "./select.ts";
export * from "./explain.ts";
