/**
 * Netlink XFRM (linux/xfrm.h): SAs, policies and events of the kernel's IPsec, as octets and values. Who sends them is
 * the net role.
 */
export * from "./numbers.ts";
export * from "./selector.ts";
export * from "./lifetime.ts";
export * from "./algorithms.ts";
export * from "./encapsulation.ts";
export * from "./replay.ts";
export * from "./sa.ts";
export * from "./policy.ts";
export * from "./events.ts";
export * from "./migrate.ts";
export * from "./info.ts";
export * from "./port.ts";
