/** The IKE_SA_INIT exchange, both roles. */
export * from "./initiator.ts";
export * from "./responder.ts";
