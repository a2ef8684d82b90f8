/** The IKE_AUTH exchange, both roles. */
export * from "./established.ts";
export * from "./initiator.ts";
export * from "./responder.ts";
export { endRedundant } from "./rivals.ts";
