/**
 * PF_KEYv2 (RFC 2367) as Linux has it, with the extensions of KAME: SAs, policies and events of the kernel's IPsec, as
 * octets and values. Who sends them is the net role.
 */
export * from "./numbers.ts";
export * from "./message.ts";
export * from "./sa.ts";
export * from "./policy.ts";
export * from "./events.ts";
export * from "./port.ts";
