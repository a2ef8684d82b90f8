/**
 * The embeddable face of iked: wire codec, configuration and engine, without ffi and without Deno's own API.
 *
 * - {@link parseMessage}, {@link emitMessage}: octets of IKEv2 and typed messages (RFC 7296 §3).
 * - {@link parse}, {@link compile}: iked.conf(5) to policies, every error with its place.
 * - {@link createEngine}: the protocol. It is given time, randomness, a key holder, a data path and a way to send, and
 *   does nothing of its own accord; so it runs in a daemon, in a test with simulated time, or in a browser's worker.
 * - {@link KeyHolder} with {@link createPortable}: keys and algorithms in pure TypeScript (on `node:crypto` and noble).
 * - {@link Esp}: ESP in userland over buffers (RFC 4303), for whoever brings a device.
 *
 * `examples/two_engines.ts` has two engines negotiate in memory, in a few lines.
 * @module
 */
export * from "./src/bytes/mod.ts";
export * from "./src/ip/mod.ts";
export * from "./src/wire/mod.ts";
export * as config from "./src/config/mod.ts";
export type * from "./src/policy/types.ts";
export { createPortable } from "./src/crypto/portable/provider.ts";
export type * from "./src/crypto/provider.ts";
export { KeyHolder } from "./src/auth/mod.ts";
export type * from "./src/auth/requests.ts";
export * from "./src/engine/mod.ts";
export { Esp } from "./src/datapath/mod.ts";
