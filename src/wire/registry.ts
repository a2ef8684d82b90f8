/**
 * IANA's "Internet Key Exchange Version 2 (IKEv2) Parameters", and the EAP numbers that IKEv2 carries: the only list
 * of code points. Log names come from it. Numbers that it does not have are legal on the wire and survive.
 */
export { type CodePoints, isKnown, nameOf } from "./registry/names.ts";
export * from "./registry/message.ts";
export * from "./registry/transform.ts";
export * from "./registry/notify.ts";
export * from "./registry/identity.ts";
export * from "./registry/configuration.ts";
