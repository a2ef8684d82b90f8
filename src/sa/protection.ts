/**
 * The SK payload of one IKE SA (RFC 7296 §3.14, with AEADs RFC 5282): seals and opens whole messages.
 *
 * ```
 *   header | SK generic header | IV | encrypted: payloads, padding, pad length | ICV
 *   '------- covered by an AEAD -'
 *   '-------------------- covered by an integrity transform ------------------'
 * ```
 */
import { fail, type Result, wipe } from "../bytes/mod.ts";
import type { CryptoProvider, PacketCipher, PacketMac, Random } from "../crypto/provider.ts";
import type { IkeSuite } from "../crypto/suite.ts";
import {
  emitPayloads,
  emitProtected,
  type EncryptedPayload,
  type HeaderFields,
  parsePayloads,
  type Payload,
  type WireError,
} from "../wire/mod.ts";
import type { IkeRole } from "./ike.ts";

/** SK_ei, SK_er, SK_ai, SK_ar (RFC 7296 §2.14); `a*` empty with an AEAD. */
export interface SkOctets {
  readonly ei: Uint8Array;
  readonly er: Uint8Array;
  readonly ai: Uint8Array;
  readonly ar: Uint8Array;
}

/**
 * Why a message was not opened. Everything that an attacker without keys can cause is the one `not-authentic`;
 * `malformed` needs the peer's keys.
 */
export type OpenFailure =
  | { readonly code: "not-authentic" }
  | { readonly code: "malformed"; readonly error: WireError };

const NOTHING = new Uint8Array(0);
const NOT_AUTHENTIC: OpenFailure = { code: "not-authentic" };

export class Protection {
  readonly #random: Random;
  readonly #out: PacketCipher;
  readonly #in: PacketCipher;
  readonly #outMac: PacketMac | undefined;
  readonly #inMac: PacketMac | undefined;
  #sealed = 0n;

  /** Takes over `sk`: it is overwritten once ciphers and MACs have their own copies, which `wipe` overwrites. */
  constructor(provider: CryptoProvider, random: Random, suite: IkeSuite, sk: SkOctets, role: IkeRole) {
    const initiator = role === "initiator";
    this.#random = random;
    this.#out = provider.cipher(suite.encr, initiator ? sk.ei : sk.er, "seal");
    this.#in = provider.cipher(suite.encr, initiator ? sk.er : sk.ei, "open");
    if (suite.integ !== undefined) {
      this.#outMac = provider.mac(suite.integ, initiator ? sk.ai : sk.ar);
      this.#inMac = provider.mac(suite.integ, initiator ? sk.ar : sk.ai);
    }
    wipe(sk.ei, sk.er, sk.ai, sk.ar);
  }

  /** The whole message, with these payloads inside its SK payload. */
  seal(header: HeaderFields, payloads: readonly Payload[]): Uint8Array {
    const cipher = this.#out;
    const mac = this.#outMac;
    const inner = emitPayloads(payloads);
    const block = cipher.blockLength;
    const textLength = Math.ceil((inner.octets.length + 1) / block) * block;
    const icvLength = mac?.icvLength ?? cipher.icvLength;
    const { octets, dataOffset: bodyOffset } = emitProtected({
      header,
      firstPayload: inner.firstPayload,
      bodyLength: cipher.ivLength + textLength + icvLength,
    });
    const textOffset = bodyOffset + cipher.ivLength;
    this.#writeIv(octets.subarray(bodyOffset, textOffset));
    octets.set(inner.octets, textOffset);
    octets[textOffset + textLength - 1] = textLength - inner.octets.length - 1;
    const covered = mac === undefined ? octets.subarray(0, bodyOffset) : NOTHING;
    cipher.seal(octets, bodyOffset, textOffset, textLength, covered);
    mac?.write(octets, 0, textOffset + textLength, textOffset + textLength);
    return octets;
  }

  /** What stands inside the SK payload of a message; `octets` is the whole of it and is left as it is. */
  open(octets: Uint8Array, sk: EncryptedPayload): Result<Payload[], OpenFailure> {
    const cipher = this.#in;
    const mac = this.#inMac;
    const icvLength = mac?.icvLength ?? cipher.icvLength;
    const textLength = sk.data.length - cipher.ivLength - icvLength;
    if (textLength < 1 || textLength % cipher.blockLength !== 0) return fail(NOT_AUTHENTIC);
    // SK is the last payload: its data ends where the message ends.
    const message = octets.slice();
    const bodyOffset = message.length - sk.data.length;
    const textOffset = bodyOffset + cipher.ivLength;
    const icvOffset = textOffset + textLength;
    if (mac !== undefined && !mac.verify(message, 0, icvOffset, message.subarray(icvOffset))) {
      return fail(NOT_AUTHENTIC);
    }
    const covered = mac === undefined ? message.subarray(0, bodyOffset) : NOTHING;
    if (!cipher.open(message, bodyOffset, textOffset, textLength, covered)) return fail(NOT_AUTHENTIC);
    const padLength = message[icvOffset - 1]!;
    if (padLength + 1 > textLength) return fail(NOT_AUTHENTIC);
    const inner = message.subarray(textOffset, icvOffset - 1 - padLength);
    const parsed = parsePayloads(sk.firstPayload, inner);
    return parsed.ok ? parsed : fail({ code: "malformed", error: parsed.error });
  }

  /** Overwrites all keys; nothing can be sealed or opened afterwards. */
  wipe(): void {
    this.#out.wipe();
    this.#in.wipe();
    this.#outMac?.wipe();
    this.#inMac?.wipe();
  }

  /** A counter where an IV must not repeat, random octets where it must not be foreseen (CBC). */
  #writeIv(iv: Uint8Array): void {
    if (this.#out.blockLength > 1) {
      iv.set(this.#random(iv.length));
      return;
    }
    new DataView(iv.buffer, iv.byteOffset, iv.length).setBigUint64(0, this.#sealed++);
  }
}
