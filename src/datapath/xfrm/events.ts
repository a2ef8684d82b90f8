/** What the kernel tells of its own accord, as messages of XFRM. */
import { concat } from "../../bytes/mod.ts";
import type { IpAddress } from "../../ip/mod.ts";
import type {
  Acquire,
  Expire,
  KernelEvent,
  Mapping,
  PolicyExpire,
  Replay,
  SaName,
} from "../kernel/values.ts";
import {
  type NetlinkMessage,
  type NetlinkRequest,
  NLM_F_ACK,
  NLM_F_REPLACE,
  numberOf,
  parseAttributes,
} from "../rtnetlink/message.ts";
import { addressOf, StructReader, StructWriter } from "../kernel/layout.ts";
import { ipsecProtocolOf, XFRM_MSG, XFRMA } from "./numbers.ts";
import { parseDeletedPolicy, POLICY_LENGTH, readPolicy } from "./policy.ts";
import { parseDeletedSa, readSa, readSaName, SA_LENGTH, writeSaName } from "./sa.ts";
import { readSelector } from "./selector.ts";
import { replayAttribute } from "./replay.ts";

const ACQUIRE_LENGTH = 280;
const ID_LENGTH = 24;
const MAPPING_LENGTH = 64;
const AEVENT_LENGTH = 48;

function parseAcquire(body: Uint8Array): Acquire | undefined {
  if (body.length < ACQUIRE_LENGTH) return undefined;
  const reader = new StructReader(body);
  const destination = reader.address();
  const protocol = ipsecProtocolOf(reader.skip(4).u8());
  const source = reader.skip(3).address();
  const selector = readSelector(reader);
  const policy = readPolicy(body, ID_LENGTH + 16 + 56);
  const sequence = new StructReader(body, ACQUIRE_LENGTH - 4).u32();
  if (protocol === undefined || selector === undefined || policy === undefined) return undefined;
  // The message does not say the family of the outer addresses: an IPv4 address leaves twelve octets zero.
  const family = [source, destination].every((one) => one.subarray(4).every((octet) => octet === 0)) ? 4 : 6;
  const interfaceId = numberOf(parseAttributes(body, ACQUIRE_LENGTH), XFRMA.IF_ID);
  return {
    kind: "acquire",
    sequence,
    protocol,
    source: addressOf(source, family),
    destination: addressOf(destination, family),
    selector,
    policyIndex: policy.index,
    priority: policy.priority,
    ...(interfaceId === undefined ? {} : { interfaceId }),
  };
}

function parseExpire(body: Uint8Array): Expire | undefined {
  const sa = readSa(body);
  if (sa === undefined || body.length <= SA_LENGTH) return undefined;
  const { destination, spi, protocol, reqid } = sa;
  return { kind: "expire", sa: { destination, spi, protocol }, reqid, hard: body[SA_LENGTH] !== 0 };
}

function parsePolicyExpire(body: Uint8Array): PolicyExpire | undefined {
  const policy = readPolicy(body);
  if (policy === undefined || body.length <= POLICY_LENGTH) return undefined;
  const { selector, direction } = policy;
  return { kind: "policy-expire", selector, direction, hard: body[POLICY_LENGTH] !== 0 };
}

function parseMapping(body: Uint8Array): Mapping | undefined {
  if (body.length < MAPPING_LENGTH) return undefined;
  const reader = new StructReader(body);
  const sa = readSaName(reader);
  if (sa === undefined) return undefined;
  const { family } = sa.destination;
  reader.skip(4);
  const oldAddress = reader.address(), newAddress = reader.address();
  const oldPort = reader.port(), newPort = reader.port();
  return {
    kind: "mapping",
    sa,
    from: { address: addressOf(oldAddress, family), port: oldPort },
    to: { address: addressOf(newAddress, family), port: newPort },
  };
}

/** The event of a message; undefined for one that is none, is cut short, or concerns what there is no word for. */
export function parseEvent(message: NetlinkMessage): KernelEvent | undefined {
  const { type, body } = message;
  switch (type) {
    case XFRM_MSG.ACQUIRE:
      return parseAcquire(body);
    case XFRM_MSG.EXPIRE:
      return parseExpire(body);
    case XFRM_MSG.POLEXPIRE:
      return parsePolicyExpire(body);
    case XFRM_MSG.MAPPING:
      return parseMapping(body);
    case XFRM_MSG.DELSA: {
      const sa = parseDeletedSa(message);
      return sa && { kind: "sa-gone", sa };
    }
    case XFRM_MSG.DELPOLICY: {
      const policy = parseDeletedPolicy(message);
      return policy && { kind: "policy-gone", policy };
    }
    case XFRM_MSG.FLUSHSA:
    case XFRM_MSG.FLUSHPOLICY:
      return { kind: "flushed" };
    default:
      return undefined;
  }
}

/** Sets the sequence numbers and the window of an SA that is there: NEWAE. */
export function setReplay(name: SaName, source: IpAddress, reqid: number, replay: Replay): NetlinkRequest {
  const id =
    new StructWriter(AEVENT_LENGTH).bytes(writeSaName(name)).address(source).u32(0).u32(reqid).octets;
  return {
    type: XFRM_MSG.NEWAE,
    flags: NLM_F_ACK | NLM_F_REPLACE,
    body: concat(id, replayAttribute(replay)),
  };
}
