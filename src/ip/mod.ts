/**
 * Room `ip`: addresses, prefixes, ranges, ports and endpoints as values.
 *
 * Duty: parse, print, compare, contain. An address is its family and its number, so values survive `postMessage`.
 * May import: bytes. Never: name resolution, interfaces, I/O.
 * @module
 */
export * from "./address.ts";
export * from "./prefix.ts";
export * from "./endpoint.ts";
