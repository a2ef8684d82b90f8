/** CREATE_CHILD_SA (RFC 7296 §1.3): new Child SAs, and the replacement of Child and IKE SAs, in both roles. */
export { createChild } from "./initiate_child.ts";
export { MAX_CHILDREN, respondCreateChild } from "./respond.ts";
export { renegotiateChildren } from "./renegotiate.ts";
export * from "./timers.ts";
