/**
 * The kernel's IPsec as a data path, behind a port that each interface to it implements: what the kernel should hold,
 * compared with what it holds.
 */
export * from "./values.ts";
export * from "./selector.ts";
export * from "./algorithms.ts";
export * from "./failure.ts";
export * from "./port.ts";
export * from "./probe.ts";
export * from "./kernel.ts";
