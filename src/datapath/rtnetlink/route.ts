/**
 * RTM_…ROUTE: routes (linux/rtnetlink.h). `rtmsg`: family, destination length, source length, TOS, table, protocol,
 * scope, type, flags (4).
 */
import { concat } from "../../bytes/mod.ts";
import {
  addressBits,
  addressFromOctets,
  addressToOctets,
  type Family,
  type IpAddress,
  type Prefix,
} from "../../ip/mod.ts";
import { FAMILY_NUMBER, familyOfNumber } from "./family.ts";
import {
  attribute,
  attributeU32,
  type NetlinkMessage,
  type NetlinkRequest,
  NLM_F_ACK,
  NLM_F_CREATE,
  NLM_F_DUMP,
  NLM_F_REPLACE,
  numberOf,
  parseAttributes,
} from "./message.ts";

const RTM_NEWROUTE = 24;
const RTM_DELROUTE = 25;
const RTM_GETROUTE = 26;

const RTA_DST = 1;
const RTA_OIF = 4;
const RTA_GATEWAY = 5;
const RTA_PRIORITY = 6;
const RTA_PREFSRC = 7;
const RTA_TABLE = 15;
const RTA_MARK = 16;

const RT_SCOPE_UNIVERSE = 0;
const RT_SCOPE_LINK = 253;
const RT_SCOPE_NOWHERE = 255;
const MESSAGE_LENGTH = 12;

/** RTN_…: what a route does. */
export const ROUTE_TYPE = {
  unicast: 1,
  local: 2,
  blackhole: 6,
  unreachable: 7,
  prohibit: 8,
  throw: 9,
} as const;
export type RouteType = keyof typeof ROUTE_TYPE;

/** A route. Its table, destination and metric name it. */
export interface Route {
  readonly type: RouteType;
  readonly destination: Prefix;
  readonly table: number;
  /** RTPROT_…: who made it. */
  readonly protocol: number;
  /** The lower one wins. */
  readonly metric: number;
  /** Interface index; only unicast routes have one. */
  readonly index?: number;
  readonly gateway?: IpAddress;
  /** Source of packets that have none yet. */
  readonly source?: IpAddress;
}

function head(
  family: Family | 0,
  length: number,
  protocol: number,
  scope: number,
  type: number,
): Uint8Array {
  const octets = new Uint8Array(MESSAGE_LENGTH);
  octets[0] = family === 0 ? 0 : FAMILY_NUMBER[family];
  octets[1] = length;
  // The table number is in RTA_TABLE, which has room for it.
  octets[5] = protocol;
  octets[6] = scope;
  octets[7] = type;
  return octets;
}

function body(route: Route, scope: number): Uint8Array {
  const { destination } = route;
  const parts = [
    head(destination.address.family, destination.length, route.protocol, scope, ROUTE_TYPE[route.type]),
  ];
  if (destination.length > 0) parts.push(attribute(RTA_DST, addressToOctets(destination.address)));
  parts.push(attributeU32(RTA_TABLE, route.table), attributeU32(RTA_PRIORITY, route.metric));
  if (route.source !== undefined) parts.push(attribute(RTA_PREFSRC, addressToOctets(route.source)));
  if (route.gateway !== undefined) parts.push(attribute(RTA_GATEWAY, addressToOctets(route.gateway)));
  if (route.index !== undefined) parts.push(attributeU32(RTA_OIF, route.index));
  return concat(...parts);
}

/** Adds a route, or puts it in the place of the one with its name. */
export function putRoute(route: Route): NetlinkRequest {
  const onLink = route.type === "unicast" && route.gateway === undefined;
  const scope = onLink && route.destination.address.family === 4 ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
  return { type: RTM_NEWROUTE, flags: NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE, body: body(route, scope) };
}

/** Removes a route. */
export function deleteRoute(route: Route): NetlinkRequest {
  return { type: RTM_DELROUTE, flags: NLM_F_ACK, body: body(route, RT_SCOPE_NOWHERE) };
}

/** Asks for the routes of a table: ENOENT where there is no such table; kernels before 4.20 give every table's. */
export function dumpRoutes(family: Family, table: number): NetlinkRequest {
  const body = concat(head(family, 0, 0, 0, 0), attributeU32(RTA_TABLE, table));
  return { type: RTM_GETROUTE, flags: NLM_F_DUMP, body };
}

/** Asks how a packet to `destination`, with this mark, would be routed. */
export function lookupRoute(destination: IpAddress, mark: number): NetlinkRequest {
  return {
    type: RTM_GETROUTE,
    flags: 0,
    body: concat(
      head(destination.family, addressBits(destination.family), 0, 0, 0),
      attribute(RTA_DST, addressToOctets(destination)),
      attributeU32(RTA_MARK, mark),
    ),
  };
}

/** The route that an RTM_NEWROUTE tells of; undefined also for kinds of routes that `Route` has no word for. */
export function parseRoute(message: NetlinkMessage): Route | undefined {
  const { type, body } = message;
  if (type !== RTM_NEWROUTE || body.length < MESSAGE_LENGTH) return undefined;
  const family = familyOfNumber(body[0]!);
  const kind = (Object.keys(ROUTE_TYPE) as RouteType[]).find((name) => ROUTE_TYPE[name] === body[7]);
  if (family === undefined || kind === undefined || body[1]! > addressBits(family)) return undefined;
  const attributes = parseAttributes(body, MESSAGE_LENGTH);
  const addressAt = (attribute: number): IpAddress | undefined => {
    const address = addressFromOctets(attributes.get(attribute) ?? new Uint8Array(0));
    return address?.family === family ? address : undefined;
  };
  const index = numberOf(attributes, RTA_OIF);
  const gateway = addressAt(RTA_GATEWAY);
  const source = addressAt(RTA_PREFSRC);
  return {
    type: kind,
    destination: { address: addressAt(RTA_DST) ?? { family, value: 0n }, length: body[1]! },
    table: numberOf(attributes, RTA_TABLE) ?? body[4]!,
    protocol: body[5]!,
    metric: numberOf(attributes, RTA_PRIORITY) ?? 0,
    ...(index === undefined ? {} : { index }),
    ...(gateway === undefined ? {} : { gateway }),
    ...(source === undefined ? {} : { source }),
  };
}
