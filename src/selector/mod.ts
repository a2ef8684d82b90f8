/**
 * Room `selector`: traffic selectors (RFC 7296 §2.9, §3.13; RFC 4301 §4.4.1).
 *
 * Duty: between wire and value; match, cover, intersect; offer, narrow and check what two peers agree on; text.
 * May import: wire (and ip, bytes). Never: policy, keys, state, I/O.
 * @module
 */
export * from "./types.ts";
export * from "./convert.ts";
export * from "./sets.ts";
export * from "./match.ts";
export * from "./negotiate.ts";
export * from "./format.ts";
