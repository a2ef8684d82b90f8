import { type Family, formatAddress, type IpAddress, sameAddress } from "./address.ts";

/** An address and a UDP port. */
export interface Endpoint {
  readonly address: IpAddress;
  readonly port: number;
}

/** `192.0.2.1:500` or `[2001:db8::1]:500`. */
export function formatEndpoint(endpoint: Endpoint): string {
  const address = formatAddress(endpoint.address);
  return endpoint.address.family === 6 ? `[${address}]:${endpoint.port}` : `${address}:${endpoint.port}`;
}

/** Whether address and port are the same. */
export function sameEndpoint(a: Endpoint, b: Endpoint): boolean {
  return a.port === b.port && sameAddress(a.address, b.address);
}

/** The family of an endpoint's address. */
export function familyOf(endpoint: Endpoint): Family {
  return endpoint.address.family;
}
