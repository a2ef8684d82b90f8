/**
 * Room `policy`: what iked.conf(5) calls a policy.
 *
 * Duty: the type, identities in text and on the wire, and which policy an incoming peer gets.
 * May import: selector, proposal. Never: the language of the configuration, SAs, I/O.
 * @module
 */
export * from "./types.ts";
export type * from "./radius.ts";
export * from "./identity.ts";
export * from "./distinguished_name.ts";
export * from "./certificate_identities.ts";
export * from "./lookup.ts";
export { formatMark, isNoMark } from "./mark.ts";
export type { Tag } from "./tag.ts";
