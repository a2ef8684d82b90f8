/**
 * Opens SK and SKF payloads with the keys of a table (RFC 7296 §3.14, RFC 5282, RFC 7383). Unlike an IKE endpoint it
 * shows what is inside although the ICV is wrong, and says so; an AEAD gives nothing then.
 */
import { equalConstantTime } from "../../src/bytes/mod.ts";
import type { CryptoProvider, PacketCipher } from "../../src/crypto/provider.ts";
import {
  decodePayloads,
  ENCR,
  type EncryptedFragmentPayload,
  type EncryptedPayload,
  type Header,
  type Payload,
} from "../../src/wire/mod.ts";
import { Fragments } from "./fragments.ts";
import { type SaKeys, wipeKeys } from "./key_table.ts";

/** Where something is wrong, in octets from the start of the message, or of the plaintext that the message speaks of. */
export interface DecodeError {
  readonly octet: number;
  readonly message: string;
}

/** What came of an SK or SKF payload. */
export interface Opened {
  /** Absent where nothing could be decrypted, and where further fragments are needed. */
  readonly payloads?: readonly Payload[];
  /** Of a fragment that did not complete its message. */
  readonly fragments?: { readonly seen: number; readonly total: number };
  readonly error?: DecodeError;
}

interface Text {
  readonly plaintext: Uint8Array;
  readonly error?: DecodeError;
}

export class Opener {
  readonly #keys: ReadonlyMap<string, SaKeys>;
  readonly #provider: CryptoProvider;
  readonly #ciphers = new Map<Uint8Array, PacketCipher>();
  readonly #fragments = new Fragments();

  /** Takes over `keys`: `wipe` overwrites them. Of two lines for one IKE SA the last counts. */
  constructor(keys: readonly SaKeys[], provider: CryptoProvider) {
    this.#keys = new Map(keys.map((entry) => [`${entry.spiI} ${entry.spiR}`, entry]));
    this.#provider = provider;
  }

  /** Octets of fragments in memory. */
  get heldOctets(): number {
    return this.#fragments.heldOctets;
  }

  /** Opens the payload of a message, of which its data is a view; undefined where the table has no key for it. */
  open(
    header: Header,
    payload: EncryptedPayload | EncryptedFragmentPayload,
    octets: Uint8Array,
  ): Opened | undefined {
    const keys = this.#keys.get(`${header.spiI} ${header.spiR}`);
    if (keys === undefined || lacksKey(keys, header.flags.initiator)) return undefined;
    const dataOffset = payload.data.byteOffset - octets.byteOffset;
    const message = octets.slice(0, dataOffset + payload.data.length);
    const text = this.#decrypt(keys, header.flags.initiator, message, dataOffset);
    if (!("plaintext" in text)) return { error: text };
    if (payload.type === "SK") return inside(payload.firstPayload, text);
    return this.#join(header, payload, text);
  }

  /** Overwrites all keys; nothing can be opened afterwards. */
  wipe(): void {
    for (const cipher of this.#ciphers.values()) cipher.wipe();
    wipeKeys([...this.#keys.values()]);
  }

  #join(header: Header, payload: EncryptedFragmentPayload, text: Text): Opened {
    // A fragment that is not authentic would spoil the message.
    if (text.error !== undefined) return { error: text.error };
    const joined = this.#fragments.add(header, payload, text.plaintext);
    switch (joined.kind) {
      case "whole":
        return inside(joined.firstPayload, joined);
      case "part":
        return { fragments: joined };
      case "refused":
        return { error: { octet: 0, message: joined.message } };
    }
  }

  /** Decrypts in place; the message ends where the payload ends. */
  #decrypt(keys: SaKeys, initiator: boolean, message: Uint8Array, dataOffset: number): Text | DecodeError {
    const cipher = this.#cipher(keys, initiator ? keys.ei : keys.er);
    const icvLength = cipher.icvLength || keys.integ.icvLength;
    const textOffset = dataOffset + cipher.ivLength;
    const icvOffset = message.length - icvLength;
    const length = icvOffset - textOffset;
    if (length < 1 || length % cipher.blockLength !== 0) {
      const data = message.length - dataOffset;
      return { octet: dataOffset, message: `Encrypted data of ${data} octets does not fit the algorithms` };
    }
    const aead = cipher.icvLength > 0;
    const wrong = { octet: icvOffset, message: "Integrity check value is wrong" };
    const authentic = aead || this.#isAuthentic(keys, initiator ? keys.ai : keys.ar, message, icvOffset);
    const covered = aead ? message.slice(0, dataOffset) : new Uint8Array(0);
    if (!cipher.open(message, dataOffset, textOffset, length, covered)) return wrong;
    const padLength = message[icvOffset - 1]!;
    if (padLength + 1 > length) {
      const padding = {
        octet: icvOffset - 1,
        message: `Pad length ${padLength} in ${length} octets of plaintext`,
      };
      return authentic ? padding : wrong;
    }
    const plaintext = message.subarray(textOffset, icvOffset - 1 - padLength);
    return authentic ? { plaintext } : { plaintext, error: wrong };
  }

  /** Whether the ICV is right; without a key nothing is known against it. */
  #isAuthentic(keys: SaKeys, key: Uint8Array, message: Uint8Array, icvOffset: number): boolean {
    const { prf, icvLength } = keys.integ;
    if (prf === undefined || key.length === 0) return true;
    const keyed = this.#provider.prf(prf, key);
    const icv = keyed.compute(message.subarray(0, icvOffset)).subarray(0, icvLength);
    keyed.wipe();
    return equalConstantTime(icv, message.subarray(icvOffset));
  }

  #cipher({ encr }: SaKeys, key: Uint8Array): PacketCipher {
    const known = this.#ciphers.get(key);
    if (known !== undefined) return known;
    const cipher = this.#provider.cipher(encr, key, "open");
    this.#ciphers.set(key, cipher);
    return cipher;
  }
}

/** Whether the key of this direction was left out. That of NULL has no octets. */
function lacksKey({ encr, ei, er }: SaKeys, initiator: boolean): boolean {
  return encr.id !== ENCR.ENCR_NULL && (initiator ? ei : er).length === 0;
}

function inside(firstPayload: number, { plaintext, error }: Text): Opened {
  const decoded = decodePayloads(firstPayload, plaintext);
  if (error !== undefined) return { payloads: decoded.payloads, error };
  if (decoded.error === undefined) return { payloads: decoded.payloads };
  const { octet, message } = decoded.error;
  return { payloads: decoded.payloads, error: { octet, message: `Within the plaintext: ${message}` } };
}
