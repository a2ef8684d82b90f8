/**
 * Room `sa`: the life of IKE SAs and Child SAs as data.
 *
 * Duty: states as discriminated unions, life-cycle tables, tables by SPI, the window of message ids, timers, and the
 * protection of a whole message (SK payload). May import: selector, proposal and what they import.
 * Never: sends, awaits, reads a clock, knows policies or the holder of keys.
 * @module
 */
export * from "./child.ts";
export * from "./child_table.ts";
export * from "./ike.ts";
export * from "./ike_table.ts";
export * from "./protection.ts";
export * from "./tables.ts";
export * from "./timers.ts";
export * from "./window.ts";
