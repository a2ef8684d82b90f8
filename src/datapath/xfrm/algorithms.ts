/**
 * Algorithms as attributes of an SA: XFRMA_ALG_AEAD, XFRMA_ALG_CRYPT, XFRMA_ALG_AUTH_TRUNC. Lengths are bits on the
 * wire, octets here.
 */
import type { KernelAlgorithms } from "../kernel/algorithms.ts";
import { attribute } from "../rtnetlink/message.ts";
import { StructReader, StructWriter } from "./layout.ts";
import { XFRMA } from "./numbers.ts";

const NAME_LENGTH = 64;

/** `xfrm_algo_auth` and `xfrm_algo_aead`: name, key length, length of the ICV, key. */
function withIcv(type: number, algorithm: NonNullable<KernelAlgorithms["mac"]>): Uint8Array {
  const { name, key, icvLength } = algorithm;
  const writer = new StructWriter(NAME_LENGTH + 8 + key.length);
  writer.text(name, NAME_LENGTH).u32(key.length * 8).u32(icvLength * 8).bytes(key);
  return attribute(type, writer.octets);
}

/** The attributes of a NEWSA or UPDSA. They hold the keys: wipe them once they were sent. */
export function algorithmAttributes(algorithms: KernelAlgorithms): Uint8Array[] {
  const attributes: Uint8Array[] = [];
  const { aead, cipher, mac } = algorithms;
  if (aead !== undefined) attributes.push(withIcv(XFRMA.ALG_AEAD, aead));
  if (mac !== undefined) attributes.push(withIcv(XFRMA.ALG_AUTH_TRUNC, mac));
  if (cipher !== undefined) {
    const writer = new StructWriter(NAME_LENGTH + 4 + cipher.key.length);
    writer.text(cipher.name, NAME_LENGTH).u32(cipher.key.length * 8).bytes(cipher.key);
    attributes.push(attribute(XFRMA.ALG_CRYPT, writer.octets));
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

/** The algorithms of an SA that the kernel tells of; one that is cut short is left out. */
export function readAlgorithms(attributes: ReadonlyMap<number, Uint8Array>): KernelAlgorithms {
  const aead = readWithIcv(attributes.get(XFRMA.ALG_AEAD));
  const mac = readWithIcv(attributes.get(XFRMA.ALG_AUTH_TRUNC));
  const crypt = attributes.get(XFRMA.ALG_CRYPT);
  let cipher: KernelAlgorithms["cipher"];
  if (crypt !== undefined && crypt.length >= NAME_LENGTH + 4) {
    const reader = new StructReader(crypt);
    const name = reader.text(NAME_LENGTH), keyLength = reader.u32() / 8;
    if (Number.isInteger(keyLength) && keyLength <= reader.length) {
      cipher = { name, key: reader.bytes(keyLength) };
    }
  }
  return {
    ...(aead === undefined ? {} : { aead }),
    ...(cipher === undefined ? {} : { cipher }),
    ...(mac === undefined ? {} : { mac }),
  };
}
