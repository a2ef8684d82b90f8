/**
 * Someone with the keys of an IKE SA who says what he likes with them. Messages are octets: what stands inside of SK
 * is whatever was made of a true message.
 */
import type { PacketCipher, PacketMac } from "../../src/crypto/provider.ts";
import { createPortable } from "../../src/crypto/portable/provider.ts";
import { emitProtected, type HeaderFields, parseHeader } from "../../src/wire/mod.ts";
import type { IkeRole } from "../../src/sa/mod.ts";
import { createRng } from "../support/rng.ts";
import type { RecordedSa } from "../support/simulated_keys.ts";

/** IVs need not be random here. */
const crypto = createPortable(createRng(1, "impostor").octets);

/** What is said; message ids are relative, since they depend on what was said before. */
export interface Said {
  readonly exchange: number;
  readonly response: boolean;
  /** Added to the id that is expected. */
  readonly idOffset: number;
  readonly firstPayload: number;
  readonly inner: Uint8Array;
  /** Of the padding in front of its length: 0 is right. */
  readonly padLie: number;
}

export class Impostor {
  readonly sa: RecordedSa;
  /** Whose role he plays. */
  readonly role: IkeRole;
  /** The exchange and id of the request that the other side made last. */
  asked = { exchange: 37, messageId: 0 };
  #nextRequest: number;
  readonly #cipher: PacketCipher;
  readonly #mac: PacketMac | undefined;

  constructor(sa: RecordedSa, role: IkeRole, nextRequest: number) {
    this.sa = sa;
    this.role = role;
    this.#nextRequest = nextRequest;
    const { ei, er, ai, ar } = sa.sk;
    const initiator = role === "initiator";
    this.#cipher = crypto.cipher(sa.suite.encr, (initiator ? ei : er).slice(), "seal");
    if (sa.suite.integ !== undefined) this.#mac = crypto.mac(sa.suite.integ, (initiator ? ai : ar).slice());
  }

  /** A protected message. */
  say({ exchange, response, idOffset, firstPayload, inner, padLie }: Said): Uint8Array {
    const expected = response ? this.asked.messageId : this.#nextRequest;
    const messageId = (expected + idOffset) >>> 0;
    const { spiI, spiR } = this.sa;
    const flags = { initiator: this.role === "initiator", response, higherVersion: false };
    return this.#seal({ spiI, spiR, exchange, flags, messageId }, firstPayload, inner, padLie);
  }

  /** Learns from what the other side sent: which request it takes next, and what it asks. */
  hear(octets: Uint8Array): void {
    const header = parseHeader(octets);
    if (!header.ok) return;
    const { flags, messageId, exchange, spiI, spiR } = header.value;
    if (spiI !== this.sa.spiI || spiR !== this.sa.spiR) return;
    if (!flags.response) this.asked = { exchange, messageId };
    else if (messageId === this.#nextRequest) this.#nextRequest++;
  }

  #seal(header: HeaderFields, firstPayload: number, inner: Uint8Array, padLie: number): Uint8Array {
    const cipher = this.#cipher, mac = this.#mac;
    const textLength = Math.ceil((inner.length + 1) / cipher.blockLength) * cipher.blockLength;
    const icvLength = mac?.icvLength ?? cipher.icvLength;
    const bodyLength = cipher.ivLength + textLength + icvLength;
    const { octets, dataOffset } = emitProtected({ header, firstPayload, bodyLength });
    const textOffset = dataOffset + cipher.ivLength;
    octets.set(inner, textOffset);
    octets[textOffset + textLength - 1] = textLength - inner.length - 1 + padLie;
    const covered = mac === undefined ? octets.subarray(0, dataOffset) : new Uint8Array(0);
    cipher.seal(octets, dataOffset, textOffset, textLength, covered);
    mac?.write(octets, 0, textOffset + textLength, textOffset + textLength);
    return octets;
  }
}
