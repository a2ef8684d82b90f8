/** Extensions that SAs and policies have in common: addresses, limits, usage (RFC 2367 §2.3). */
import { addressBits, addressToOctets, type Family, type IpAddress, type Prefix } from "../../ip/mod.ts";
import { addressOf, StructReader, StructWriter } from "../kernel/layout.ts";
import type { Limits, Usage } from "../kernel/values.ts";
import { FAMILY_NUMBER, familyOfNumber } from "../rtnetlink/family.ts";
import { EXT } from "./numbers.ts";
import { extension } from "./message.ts";

/** Octets of a `sockaddr_in` and a `sockaddr_in6`. */
export const SOCKADDR_LENGTH: Readonly<Record<Family, number>> = { 4: 16, 6: 28 };
/** IPSEC_ULPROTO_ANY. */
const ANY_PROTOCOL = 255;
const LIFETIME_LENGTH = 28;

export function writeSockaddr(writer: StructWriter, address: IpAddress, port: number): void {
  const { family } = address;
  writer.u16(FAMILY_NUMBER[family]).port(port);
  if (family === 4) writer.bytes(addressToOctets(address)).skip(8);
  // Flow information before, scope behind.
  else writer.skip(4).bytes(addressToOctets(address)).skip(4);
}

/** A `sockaddr` with its port; undefined for another family, or one cut short. */
export function readSockaddr(
  reader: StructReader,
): { readonly address: IpAddress; readonly port: number } | undefined {
  if (reader.length < 4) return undefined;
  const family = familyOfNumber(reader.u16()), port = reader.port();
  if (family === undefined || reader.length < SOCKADDR_LENGTH[family] - 4) return undefined;
  if (family === 6) reader.skip(4);
  const address = addressOf(reader.bytes(family === 4 ? 4 : 16), family);
  reader.skip(family === 4 ? 8 : 4);
  return { address, port };
}

/** An address of an SA, or a prefix of a policy with its protocol (0 is any) and port (0 is any). */
export interface PfkeyAddress extends Prefix {
  readonly protocol: number;
  readonly port: number;
}

/** An address of an SA, where the length of a prefix says nothing. */
export function addressOfSa(address: IpAddress): PfkeyAddress {
  return { address, length: 0, protocol: 0, port: 0 };
}

/** `forPolicy`: a policy has a number for any protocol, other than 0. */
export function addressExtension(
  type: number,
  { address, length, protocol, port }: PfkeyAddress,
  forPolicy = false,
): Uint8Array {
  const writer = new StructWriter(4 + SOCKADDR_LENGTH[address.family]);
  writer.u8(protocol === 0 && forPolicy ? ANY_PROTOCOL : protocol).u8(length).skip(2);
  writeSockaddr(writer, address, port);
  return extension(type, writer.octets);
}

export function readAddress(octets: Uint8Array | undefined): PfkeyAddress | undefined {
  if (octets === undefined || octets.length < 4) return undefined;
  const reader = new StructReader(octets);
  const protocol = reader.u8(), length = reader.u8();
  const named = readSockaddr(reader.skip(2));
  if (named === undefined || length > addressBits(named.address.family)) return undefined;
  return { ...named, length, protocol: protocol === ANY_PROTOCOL ? 0 : protocol };
}

/** Both limits, hard and soft: the kernel takes an SA with both or none. */
export function limitExtensions(limits: Limits): Uint8Array[] {
  const { hardPackets = 0n, hardOctets = 0n, hardSeconds = 0n, hardUseSeconds = 0n } = limits;
  const { softPackets = 0n, softOctets = 0n, softSeconds = 0n, softUseSeconds = 0n } = limits;
  const one = (type: number, packets: bigint, octets: bigint, seconds: bigint, useSeconds: bigint) =>
    extension(
      type,
      new StructWriter(LIFETIME_LENGTH).u32(Number(packets)).u64(octets).u64(seconds).u64(useSeconds).octets,
    );
  return [
    one(EXT.LIFETIME_SOFT, softPackets, softOctets, softSeconds, softUseSeconds),
    one(EXT.LIFETIME_HARD, hardPackets, hardOctets, hardSeconds, hardUseSeconds),
  ];
}

interface Lifetime {
  readonly packets: bigint;
  readonly octets: bigint;
  readonly added: bigint;
  readonly used: bigint;
}

function readLifetime(octets: Uint8Array | undefined): Lifetime | undefined {
  if (octets === undefined || octets.length < LIFETIME_LENGTH) return undefined;
  const reader = new StructReader(octets);
  return { packets: BigInt(reader.u32()), octets: reader.u64(), added: reader.u64(), used: reader.u64() };
}

/** The limits of an entry; 0 is none. */
export function readLimits(extensions: ReadonlyMap<number, Uint8Array>): Limits {
  const hard = readLifetime(extensions.get(EXT.LIFETIME_HARD));
  const soft = readLifetime(extensions.get(EXT.LIFETIME_SOFT));
  return {
    ...(soft && {
      softPackets: soft.packets,
      softOctets: soft.octets,
      softSeconds: soft.added,
      softUseSeconds: soft.used,
    }),
    ...(hard && {
      hardPackets: hard.packets,
      hardOctets: hard.octets,
      hardSeconds: hard.added,
      hardUseSeconds: hard.used,
    }),
  };
}

export function readUsage(extensions: ReadonlyMap<number, Uint8Array>): Usage {
  const { octets = 0n, packets = 0n, added = 0n, used = 0n } =
    readLifetime(extensions.get(EXT.LIFETIME_CURRENT)) ?? {};
  return { octets, packets, addedAt: added, firstUsedAt: used };
}
