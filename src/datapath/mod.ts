/**
 * Room `datapath`: what is asked of IPsec, as octets and values.
 *
 * Duty: `esp/` carries packets in this process; `rtnetlink/` has the messages that steer flows into it, `xfrm/` those
 * that have the kernel carry them. What sends them (sockets, devices, descriptors) is `ffi/` and the net role.
 * May import: selector, crypto, and what those import. Never: I/O, clock, randomness of its own, IKE, policy.
 * @module
 */
export * from "./types.ts";
export * from "./esp/mod.ts";
