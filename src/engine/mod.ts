/**
 * Room `engine`: the stateful heart of iked.
 *
 * Duty: from datagrams to IKE SAs and back: endpoint, one mailbox for each IKE SA, timers, start and end of SAs.
 * May import: exchange and what it imports. Never: sockets, clocks, randomness or logs of its own; it is given them.
 * @module
 */
export * from "./api.ts";
export { createEngine } from "./engine.ts";
export { DEFAULT_LIMITS, DEFAULT_PORTS, type Limits } from "./options.ts";
export * from "./types.ts";
export * from "./reload/types.ts";
export type * from "../exchange/ports.ts";
export { DEFAULT_TIMING, type Timing } from "../exchange/context.ts";
export { type Fault, type Reason, REASONS } from "../exchange/reasons.ts";
