/**
 * One Child SA as it is negotiated within IKE_AUTH and CREATE_CHILD_SA: offer and accept as initiator, answer as
 * responder, install. The exchanges add nonces and key exchange.
 */
export * from "./accept.ts";
export * from "./agreed.ts";
export * from "./answer.ts";
export * from "./compression.ts";
export * from "./install.ts";
export * from "./offer.ts";
export * from "./shared_nat.ts";
export { asksForTransport, type Ends, endsFailure, logDeclined } from "./transport.ts";
