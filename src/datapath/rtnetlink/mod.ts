/**
 * rtnetlink as octets: devices, addresses, routes, rules.
 *
 * Duty: requests as bodies, the kernel's messages as values; what is cut short or strange is undefined, never a throw.
 * May import: bytes, ip. Never: sockets, sequence numbers, waiting (that is ffi/libc/netlink.ts).
 * @module
 */
export * from "./message.ts";
export * from "./link.ts";
export * from "./address.ts";
export * from "./route.ts";
export * from "./rule.ts";
