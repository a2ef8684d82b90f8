/**
 * Plaintexts of Encrypted Fragment payloads (RFC 7383 §2.6), put together within bounds: of the messages that are
 * incomplete, the oldest go first.
 */
import { concat } from "../../src/bytes/mod.ts";
import type { EncryptedFragmentPayload, Header } from "../../src/wire/mod.ts";

/** Messages that are incomplete at a time. */
export const MAX_MESSAGES = 16;
/** Octets of all of them together. */
export const MAX_HELD_OCTETS = 262_144;
/** Fragments of one message. */
export const MAX_FRAGMENTS = 1024;

interface Message {
  readonly total: number;
  /** By fragment number. */
  readonly parts: Map<number, Uint8Array>;
  firstPayload: number;
  held: number;
}

/** What a fragment led to. */
export type Joined =
  | { readonly kind: "whole"; readonly firstPayload: number; readonly plaintext: Uint8Array }
  | { readonly kind: "part"; readonly seen: number; readonly total: number }
  | { readonly kind: "refused"; readonly message: string };

export class Fragments {
  readonly #messages = new Map<string, Message>();
  #held = 0;

  /** Octets of plaintext in memory. */
  get heldOctets(): number {
    return this.#held;
  }

  /** Takes the plaintext of a fragment without its padding; it is copied. */
  add(header: Header, fragment: EncryptedFragmentPayload, plaintext: Uint8Array): Joined {
    const { fragment: number, total, firstPayload } = fragment;
    if (total > MAX_FRAGMENTS) {
      return { kind: "refused", message: `Message in ${total} fragments: ${MAX_FRAGMENTS} are taken` };
    }
    const key = keyOf(header);
    const message = this.#messageOf(key, total);
    if (message === undefined) {
      const text = `Fragment of ${total}, but others of this message say that they are more`;
      return { kind: "refused", message: text };
    }
    if (number === 1) message.firstPayload = firstPayload;
    if (!message.parts.has(number)) {
      message.parts.set(number, plaintext.slice());
      message.held += plaintext.length;
      this.#held += plaintext.length;
    }
    if (message.parts.size < total) {
      for (const [oldest, victim] of this.#messages) {
        if (this.#held <= MAX_HELD_OCTETS) break;
        this.#forget(oldest, victim);
      }
      return { kind: "part", seen: message.parts.size, total };
    }
    this.#forget(key, message);
    const parts = Array.from({ length: total }, (_, index) => message.parts.get(index + 1)!);
    return { kind: "whole", firstPayload: message.firstPayload, plaintext: concat(...parts) };
  }

  /** A larger total is a retransmission in smaller fragments: it begins anew (RFC 7383 §2.6). Undefined: a smaller one. */
  #messageOf(key: string, total: number): Message | undefined {
    const known = this.#messages.get(key);
    if (known !== undefined && known.total >= total) return known.total === total ? known : undefined;
    if (known !== undefined) this.#forget(key, known);
    for (const [oldest, victim] of this.#messages) {
      if (this.#messages.size < MAX_MESSAGES) break;
      this.#forget(oldest, victim);
    }
    const fresh: Message = { total, parts: new Map(), firstPayload: 0, held: 0 };
    this.#messages.set(key, fresh);
    return fresh;
  }

  #forget(key: string, message: Message): void {
    this.#held -= message.held;
    this.#messages.delete(key);
  }
}

/** What fragments of one message have in common. */
function keyOf({ spiI, spiR, messageId, exchange, flags }: Header): string {
  return `${spiI} ${spiR} ${messageId} ${exchange} ${flags.initiator} ${flags.response}`;
}
