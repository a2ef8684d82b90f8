/** The `radius` statements of today's iked.conf(5) as values (RFC 2865, RFC 2866, RFC 5176). */
import type { SecretRef } from "../bytes/mod.ts";
import type { Endpoint, Family, IpAddress } from "../ip/mod.ts";
import type { ConfigAttribute } from "./types.ts";

/** A server and the secret that is shared with it. */
export interface RadiusServer extends Endpoint {
  readonly secret: SecretRef;
}

/** Servers of one kind, in the order in which they are asked. */
export interface RadiusService {
  readonly servers: readonly RadiusServer[];
  /** How often one server is asked. */
  readonly maxTries: number;
  /** How many more servers are asked where one does not answer. */
  readonly maxFailovers: number;
}

/** Which attribute of an Access-Accept gives a value of the configuration payload. */
export interface RadiusAttribute {
  /** Absent: the attribute gives none, a default is taken back. */
  readonly attribute?: ConfigAttribute;
  readonly family: Family;
  /** SMI enterprise number of a vendor's attribute; 0 is the standard's. */
  readonly vendor: number;
  readonly type: number;
}

/** A client of the dynamic authorization server (RFC 5176). */
export interface RadiusClient {
  readonly address: IpAddress;
  readonly secret: SecretRef;
}

/** All `radius` statements. */
export interface RadiusSettings {
  readonly authentication: RadiusService;
  readonly accounting: RadiusService;
  readonly attributes: readonly RadiusAttribute[];
  /** Where Disconnect and CoA requests are taken. */
  readonly listen: readonly Endpoint[];
  readonly clients: readonly RadiusClient[];
}
