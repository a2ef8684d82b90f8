/** Sealed messages and the line of a key table that opens them. */
import { concat, ikeSpi, toHex } from "../../src/bytes/mod.ts";
import { encrAlgorithm } from "../../src/crypto/mod.ts";
import { createPortable } from "../../src/crypto/portable/provider.ts";
import {
  emitPayloads,
  emitProtected,
  EXCHANGE,
  type HeaderFields,
  type Payload,
} from "../../src/wire/mod.ts";
import { encryptionNamed, integrityNamed } from "../../cli/decode/wireshark.ts";

export const provider = createPortable((length) => new Uint8Array(length).fill(0x5a));

export const SPI_I = ikeSpi(0x1122334455667788n), SPI_R = ikeSpi(0x99aabbccddeeff00n);

/** A header of IKE_AUTH, from the initiator unless `response`. */
export function header(messageId: number, response = false): HeaderFields {
  return {
    spiI: SPI_I,
    spiR: SPI_R,
    exchange: EXCHANGE.IKE_AUTH,
    flags: { initiator: !response, response, higherVersion: false },
    messageId,
  };
}

/** One IKE SA with keys of its own for names of Wireshark's. */
export class SealedSa {
  readonly #encr;
  readonly #integ;
  readonly #ei: Uint8Array;
  readonly #er: Uint8Array;
  readonly #ai: Uint8Array;
  readonly #ar: Uint8Array;

  constructor(readonly encryption: string, readonly integrity: string) {
    this.#encr = encryptionNamed(encryption)!;
    this.#integ = integrityNamed(integrity)!;
    const { keyLength, saltLength } = encrAlgorithm(this.#encr)!;
    const key = (fill: number, length: number) => new Uint8Array(length).map((_, index) => fill + index);
    this.#ei = key(1, keyLength + saltLength);
    this.#er = key(101, keyLength + saltLength);
    this.#ai = key(51, this.#integ.keyLength ?? 0);
    this.#ar = key(151, this.#integ.keyLength ?? 0);
  }

  /** The line of the table; `fields` replaces some of its eight. */
  line(fields: Readonly<Record<number, string>> = {}): string {
    const all = [
      SPI_I.toString(16),
      SPI_R.toString(16),
      toHex(this.#ei),
      toHex(this.#er),
      `"${this.encryption}"`,
      toHex(this.#ai),
      toHex(this.#ar),
      `"${this.integrity}"`,
    ];
    return all.map((field, index) => fields[index] ?? field).join(",") + "\n";
  }

  /** A message with an SK payload. */
  seal(fields: HeaderFields, payloads: readonly Payload[]): Uint8Array {
    const { firstPayload, octets } = emitPayloads(payloads);
    return this.protect(fields, firstPayload, octets);
  }

  /** Messages with SKF payloads of at most `size` octets of plaintext. */
  sealInFragments(fields: HeaderFields, payloads: readonly Payload[], size: number): Uint8Array[] {
    const { firstPayload, octets } = emitPayloads(payloads);
    const total = Math.ceil(octets.length / size);
    return Array.from({ length: total }, (_, index) => {
      const part = octets.subarray(index * size, (index + 1) * size);
      return this.protect(fields, index === 0 ? firstPayload : 0, part, { number: index + 1, total });
    });
  }

  /** A message with these octets inside of SK or SKF, whatever they are. */
  protect(
    fields: HeaderFields,
    firstPayload: number,
    inner: Uint8Array,
    fragment?: { number: number; total: number },
  ): Uint8Array {
    const { initiator } = fields.flags;
    const cipher = provider.cipher(this.#encr, initiator ? this.#ei : this.#er, "seal");
    const { ivLength, blockLength } = cipher;
    const icvLength = cipher.icvLength || this.#integ.icvLength;
    const padLength = (blockLength - (inner.length + 1) % blockLength) % blockLength;
    const text = concat(inner, new Uint8Array(padLength), Uint8Array.of(padLength));
    const { octets, dataOffset } = emitProtected({
      header: fields,
      firstPayload,
      bodyLength: ivLength + text.length + icvLength,
      ...(fragment === undefined ? {} : { fragment }),
    });
    octets.fill(0xa5, dataOffset, dataOffset + ivLength);
    octets.set(text, dataOffset + ivLength);
    cipher.seal(octets, dataOffset, dataOffset + ivLength, text.length, octets.slice(0, dataOffset));
    const { prf } = this.#integ;
    if (cipher.icvLength === 0 && prf !== undefined) {
      const at = octets.length - icvLength;
      const icv = provider.prf(prf, initiator ? this.#ai : this.#ar).compute(octets.subarray(0, at));
      octets.set(icv.subarray(0, icvLength), at);
    }
    return octets;
  }
}
