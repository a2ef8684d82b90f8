/**
 * What is in a configuration attribute (RFC 7296 §3.15.1; RFC 5739, RFC 7651, RFC 8598). Any of them may be empty in a
 * request: then it asks for a value.
 */
import { ascii, Reader, type Result, Writer } from "../../bytes/mod.ts";
import { addressFromOctets, addressToOctets, type IpAddress, type Prefix } from "../../ip/mod.ts";
import { decoding, Malformed, type WireError } from "../error.ts";
import { CFG_ATTRIBUTE } from "../registry/configuration.ts";
import { nameOf } from "../registry/names.ts";
import type { ConfigurationAttribute } from "./types.ts";

export type CfgValue =
  | { readonly kind: "empty" }
  | { readonly kind: "address"; readonly address: IpAddress }
  /** IPv6 address and prefix length, 17 octets. */
  | { readonly kind: "prefix"; readonly prefix: Prefix }
  /** IPv4 address and netmask, 8 octets. */
  | { readonly kind: "subnet"; readonly address: IpAddress; readonly netmask: IpAddress }
  /** Attribute types that the sender knows. */
  | { readonly kind: "types"; readonly types: readonly number[] }
  /** Printable ASCII: a version, or a domain in presentation format. */
  | { readonly kind: "text"; readonly text: string }
  /** An attribute that this codec does not know. */
  | { readonly kind: "octets"; readonly octets: Uint8Array };

type Shape = "address4" | "address6" | "prefix" | "subnet" | "types" | "text";

const SHAPES: ReadonlyMap<number, Shape> = new Map<number, Shape>([
  [CFG_ATTRIBUTE.INTERNAL_IP4_ADDRESS, "address4"],
  [CFG_ATTRIBUTE.INTERNAL_IP4_NETMASK, "address4"],
  [CFG_ATTRIBUTE.INTERNAL_IP4_DNS, "address4"],
  [CFG_ATTRIBUTE.INTERNAL_IP4_NBNS, "address4"],
  [CFG_ATTRIBUTE.INTERNAL_IP4_DHCP, "address4"],
  [CFG_ATTRIBUTE.APPLICATION_VERSION, "text"],
  [CFG_ATTRIBUTE.INTERNAL_IP6_ADDRESS, "prefix"],
  [CFG_ATTRIBUTE.INTERNAL_IP6_DNS, "address6"],
  [CFG_ATTRIBUTE.INTERNAL_IP6_NBNS, "address6"],
  [CFG_ATTRIBUTE.INTERNAL_IP6_DHCP, "address6"],
  [CFG_ATTRIBUTE.INTERNAL_IP4_SUBNET, "subnet"],
  [CFG_ATTRIBUTE.SUPPORTED_ATTRIBUTES, "types"],
  [CFG_ATTRIBUTE.INTERNAL_IP6_SUBNET, "prefix"],
  [CFG_ATTRIBUTE.INTERNAL_IP6_PREFIX, "prefix"],
  [CFG_ATTRIBUTE.P_CSCF_IP4_ADDRESS, "address4"],
  [CFG_ATTRIBUTE.P_CSCF_IP6_ADDRESS, "address6"],
  [CFG_ATTRIBUTE.INTERNAL_DNS_DOMAIN, "text"],
  [CFG_ATTRIBUTE.INTERNAL_IP4_SERVER, "address4"],
  [CFG_ATTRIBUTE.INTERNAL_IP6_SERVER, "address6"],
]);

/** The value of an attribute; errors count octets from the start of its data. */
export function parseCfgValue(attribute: ConfigurationAttribute): Result<CfgValue, WireError> {
  return decoding(() => {
    const { type, data } = attribute;
    if (data.length === 0) return { kind: "empty" };
    const input = new Reader(data, 0, nameOf(CFG_ATTRIBUTE, type));
    const value = read(SHAPES.get(type), input);
    if (input.remaining > 0) {
      throw new Malformed(
        "length",
        input.octet,
        `${input.remaining} octets behind the value of ${input.what}`,
      );
    }
    return value;
  });
}

/** An attribute of this type with a value. */
export function emitCfgAttribute(type: number, value: CfgValue): ConfigurationAttribute {
  return { type, data: octetsOf(value) };
}

function read(shape: Shape | undefined, input: Reader): CfgValue {
  switch (shape) {
    case "address4":
      return { kind: "address", address: readAddress(input, 4) };
    case "address6":
      return { kind: "address", address: readAddress(input, 16) };
    case "subnet":
      return { kind: "subnet", address: readAddress(input, 4), netmask: readAddress(input, 4) };
    case "prefix":
      return { kind: "prefix", prefix: readPrefix(input) };
    case "types":
      return { kind: "types", types: readTypes(input) };
    case "text":
      return { kind: "text", text: readText(input) };
    case undefined:
      return { kind: "octets", octets: input.rest() };
  }
}

function readAddress(input: Reader, length: 4 | 16): IpAddress {
  return addressFromOctets(input.take(length))!;
}

function readPrefix(input: Reader): Prefix {
  const address = readAddress(input, 16);
  const length = input.u8();
  if (length > 128) throw new Malformed("syntax", 16, `Prefix length ${length} in ${input.what}`);
  return { address, length };
}

function readTypes(input: Reader): number[] {
  const types: number[] = [];
  while (input.remaining > 0) types.push(input.u16() & 0x7fff);
  return types;
}

function readText(input: Reader): string {
  const octets = input.rest();
  const odd = octets.findIndex((octet) => octet < 0x20 || octet > 0x7e);
  if (odd >= 0) throw new Malformed("syntax", odd, `${input.what} is no printable ASCII`);
  return new TextDecoder().decode(octets);
}

function octetsOf(value: CfgValue): Uint8Array {
  const out = new Writer(32);
  switch (value.kind) {
    case "empty":
      break;
    case "address":
      out.octets(addressToOctets(value.address));
      break;
    case "prefix":
      out.octets(addressToOctets(value.prefix.address));
      out.u8(value.prefix.length);
      break;
    case "subnet":
      out.octets(addressToOctets(value.address));
      out.octets(addressToOctets(value.netmask));
      break;
    case "types":
      for (const type of value.types) out.u16(type);
      break;
    case "text":
      out.octets(ascii(value.text));
      break;
    case "octets":
      out.octets(value.octets);
  }
  return out.finish();
}
