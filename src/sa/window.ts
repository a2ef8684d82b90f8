/**
 * The message ids of one IKE SA (RFC 7296 §2.2, §2.3), both directions, window size 1.
 *
 * Requests of the peer: exactly the next id is new; the one before is a retransmission and gets the stored response
 * octet for octet; every other is outside. Our requests: one at a time.
 */

/** What a request's message id says about it. */
export type RequestKind = "new" | "retransmitted" | "outside";

/** After this id an IKE SA cannot go on: ids do not wrap (RFC 7296 §2.2). */
export const LAST_MESSAGE_ID = 0xffff_ffff;

export class MessageWindow {
  #expected: number;
  #response: Uint8Array | undefined;
  #next: number;
  #outstanding: number | undefined;

  /** First id that the peer, and that we, will use: 0, or 1 after an IKE_SA_INIT exchange. */
  constructor(expected: number, next: number) {
    this.#expected = expected;
    this.#next = next;
  }

  /** Id that the next request of the peer must have. */
  get expected(): number {
    return this.#expected;
  }

  /** The stored response to the peer's last request; undefined before the first and while its handler works. */
  get response(): Uint8Array | undefined {
    return this.#response;
  }

  /** Judges a request of the peer by its id. */
  classify(messageId: number): RequestKind {
    if (messageId === this.#expected) return "new";
    return messageId === this.#expected - 1 ? "retransmitted" : "outside";
  }

  /** The peer's request with the expected id is authentic: the id is used up, the old response forgotten. */
  accept(): void {
    this.#expected++;
    this.#response = undefined;
  }

  /** Keeps the response to the request accepted last. */
  answered(response: Uint8Array): void {
    this.#response = response;
  }

  /** Forgets the stored response: nobody asks for it any more. */
  forgetResponse(): void {
    this.#response = undefined;
  }

  /** Takes the id of our next request; undefined while one is outstanding, or when ids are used up. */
  take(): number | undefined {
    if (this.#outstanding !== undefined || this.#next > LAST_MESSAGE_ID) return undefined;
    this.#outstanding = this.#next++;
    return this.#outstanding;
  }

  /** Whether a response with this id answers our outstanding request. */
  awaits(messageId: number): boolean {
    return this.#outstanding === messageId;
  }

  /** Our outstanding request is answered or given up. */
  settle(): void {
    this.#outstanding = undefined;
  }

  /** IKE_SA_INIT only: the retry with a cookie or another group carries id 0 again (RFC 7296 §2.6). */
  restart(): void {
    this.#next = 0;
    this.#outstanding = undefined;
  }
}
