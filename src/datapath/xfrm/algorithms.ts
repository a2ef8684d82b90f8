/**
 * Algorithms as attributes of an SA: XFRMA_ALG_AEAD, XFRMA_ALG_CRYPT, XFRMA_ALG_AUTH_TRUNC, XFRMA_ALG_COMP. Lengths
 * are bits on the wire, octets here.
 */
import type { KernelAlgorithms } from "../kernel/algorithms.ts";
import { attribute } from "../rtnetlink/message.ts";
import { StructReader, StructWriter } from "../kernel/layout.ts";
import { XFRMA } from "./numbers.ts";

const NAME_LENGTH = 64;

/** `xfrm_algo_auth` and `xfrm_algo_aead`: name, key length, length of the ICV, key. */
function withIcv(type: number, algorithm: NonNullable<KernelAlgorithms["mac"]>): Uint8Array {
  const { name, key, icvLength } = algorithm;
  const writer = new StructWriter(NAME_LENGTH + 8 + key.length);
  writer.text(name, NAME_LENGTH).u32(key.length * 8).u32(icvLength * 8).bytes(key);
  return attribute(type, writer.octets);
}

/** `xfrm_algo`: name, key length, key. */
function withoutIcv(type: number, name: string, key: Uint8Array): Uint8Array {
  const writer = new StructWriter(NAME_LENGTH + 4 + key.length);
  return attribute(type, writer.text(name, NAME_LENGTH).u32(key.length * 8).bytes(key).octets);
}

/** The attributes of a NEWSA or UPDSA. They hold the keys: wipe them once they were sent. */
export function algorithmAttributes(algorithms: KernelAlgorithms): Uint8Array[] {
  const attributes: Uint8Array[] = [];
  const { aead, cipher, mac, compression } = algorithms;
  if (aead !== undefined) attributes.push(withIcv(XFRMA.ALG_AEAD, aead));
  if (mac !== undefined) attributes.push(withIcv(XFRMA.ALG_AUTH_TRUNC, mac));
  if (cipher !== undefined) attributes.push(withoutIcv(XFRMA.ALG_CRYPT, cipher.name, cipher.key));
  if (compression !== undefined) {
    attributes.push(withoutIcv(XFRMA.ALG_COMP, compression.name, new Uint8Array(0)));
  }
  return attributes;
}

function readWithIcv(octets: Uint8Array | undefined): KernelAlgorithms["mac"] {
  if (octets === undefined || octets.length < NAME_LENGTH + 8) return undefined;
  const reader = new StructReader(octets);
  const name = reader.text(NAME_LENGTH), keyLength = reader.u32() / 8, icvLength = reader.u32() / 8;
  if (keyLength > reader.length || !Number.isInteger(keyLength)) return undefined;
  return { name, key: reader.bytes(keyLength), icvLength };
}

function readWithoutIcv(octets: Uint8Array | undefined): KernelAlgorithms["cipher"] {
  if (octets === undefined || octets.length < NAME_LENGTH + 4) return undefined;
  const reader = new StructReader(octets);
  const name = reader.text(NAME_LENGTH), keyLength = reader.u32() / 8;
  if (keyLength > reader.length || !Number.isInteger(keyLength)) return undefined;
  return { name, key: reader.bytes(keyLength) };
}

/** The algorithms of an SA that the kernel tells of; one that is cut short is left out. */
export function readAlgorithms(attributes: ReadonlyMap<number, Uint8Array>): KernelAlgorithms {
  const aead = readWithIcv(attributes.get(XFRMA.ALG_AEAD));
  const mac = readWithIcv(attributes.get(XFRMA.ALG_AUTH_TRUNC));
  const cipher = readWithoutIcv(attributes.get(XFRMA.ALG_CRYPT));
  const compression = readWithoutIcv(attributes.get(XFRMA.ALG_COMP));
  return {
    ...(aead === undefined ? {} : { aead }),
    ...(cipher === undefined ? {} : { cipher }),
    ...(mac === undefined ? {} : { mac }),
    ...(compression === undefined ? {} : { compression: { name: compression.name } }),
  };
}
