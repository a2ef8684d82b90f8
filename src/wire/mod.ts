/**
 * Room `wire`: octets to typed IKEv2 messages and back (RFC 7296 §3 and the extensions of the registry).
 *
 * Duty: parse and emit every payload and the bodies of notifies; say what may be in which message; print for logs.
 * May import: bytes, ip. Never: keys, state, policy, I/O. Nothing that a peer sends makes an entry of this room throw;
 * emitting a value that no message can carry throws `RangeError`, since that is a bug of ours.
 * Parsed octets are views of the input: whoever keeps them longer than the datagram copies them.
 * @module
 */
export * from "./registry.ts";
export type * from "./payload/types.ts";
export type { WireError, WireErrorCode } from "./error.ts";
export { HEADER_LENGTH, type HeaderFields, parseHeader } from "./header.ts";
export {
  type DecodedMessage,
  type DecodedPayloads,
  decodeMessage,
  decodePayloads,
  emitMessage,
  emitPayloads,
  emitProtected,
  parseMessage,
  parsePayloads,
  type ProtectedLayout,
  type ProtectedMessage,
} from "./message.ts";
export { firstUnsupportedCritical, GENERIC_HEADER_LENGTH, payloadNumber } from "./payload/chain.ts";
export { FRAGMENT_HEADER_LENGTH } from "./payload/skf.ts";
export { type CfgValue, emitCfgAttribute, parseCfgValue } from "./payload/cfg_value.ts";
export { authorityHashes } from "./payload/certreq.ts";
export { type EapHeader, eapHeader } from "./payload/eap.ts";
export { idBody } from "./payload/id.ts";
export { MAX_NONCE_LENGTH, MIN_NONCE_LENGTH } from "./payload/nonce.ts";
export { misnumberedProposal } from "./payload/sa.ts";
export { isAddressSelector } from "./payload/ts.ts";
export { checkMessage, type Direction, type RuleError } from "./message_rules.ts";
export * from "./notify/mod.ts";
export {
  describeInDetail,
  describeMessage,
  type DescribeOptions,
  describePayload,
  describeTransform,
  idText,
} from "./describe.ts";
