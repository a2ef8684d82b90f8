/**
 * IKE SAs that strangers began: how many there are, and which request made which, so that a retransmitted
 * IKE_SA_INIT request finds its SA instead of making another (RFC 7296 §2.1).
 */
import { hexOf, type IkeSpi } from "../bytes/mod.ts";
import { type Endpoint, formatAddress, formatEndpoint, type IpAddress } from "../ip/mod.ts";
import type { Mailbox } from "./mailbox.ts";
import type { Limits } from "./options.ts";

/** What to do with a request that begins a new IKE SA. */
export type Admission = "take" | "cookie" | "refuse";

interface Begun {
  readonly address: string;
  mailbox: Mailbox | undefined;
  /** Counts as half-open. */
  open: boolean;
}

export class HalfOpenTable {
  readonly #limits: Limits;
  readonly #begun = new Map<string, Begun>();
  readonly #keys = new WeakMap<Mailbox, string>();
  readonly #perAddress = new Map<string, number>();
  #count = 0;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** Half-open IKE SAs. */
  get count(): number {
    return this.#count;
  }

  /** The IKE SA that this initiator's SPI began; `pending` while its keys are made. */
  find(remote: Endpoint, spiI: IkeSpi): Mailbox | "pending" | undefined {
    const begun = this.#begun.get(keyOf(remote, spiI));
    return begun && (begun.mailbox ?? "pending");
  }

  /** Whether a new one may begin. */
  admit(address: IpAddress): Admission {
    const limits = this.#limits;
    const here = this.#perAddress.get(senderOf(address)) ?? 0;
    if (this.#count >= limits.halfOpen || here >= limits.halfOpenPerAddress) return "refuse";
    return this.#count >= limits.cookieFrom || here >= limits.cookieFromPerAddress ? "cookie" : "take";
  }

  /** One begins: it counts until `opened` or `abandoned`. */
  begin(remote: Endpoint, spiI: IkeSpi): void {
    const address = senderOf(remote.address);
    this.#begun.set(keyOf(remote, spiI), { address, mailbox: undefined, open: true });
    this.#perAddress.set(address, (this.#perAddress.get(address) ?? 0) + 1);
    this.#count++;
  }

  /** Its keys are made: it is half-open now. */
  opened(remote: Endpoint, spiI: IkeSpi, mailbox: Mailbox): void {
    const key = keyOf(remote, spiI);
    const begun = this.#begun.get(key);
    if (begun === undefined) return;
    begun.mailbox = mailbox;
    this.#keys.set(mailbox, key);
  }

  /** It was refused. */
  abandoned(remote: Endpoint, spiI: IkeSpi): void {
    this.#drop(keyOf(remote, spiI));
  }

  /** Its peer is authenticated: it is half-open no more. A late copy of its request still finds it. */
  established(mailbox: Mailbox): void {
    const key = this.#keys.get(mailbox);
    const begun = key === undefined ? undefined : this.#begun.get(key);
    if (begun !== undefined) this.#uncount(begun);
  }

  /** It is gone. */
  closed(mailbox: Mailbox): void {
    const key = this.#keys.get(mailbox);
    if (key !== undefined) this.#drop(key);
  }

  #drop(key: string): void {
    const begun = this.#begun.get(key);
    if (begun === undefined) return;
    this.#uncount(begun);
    this.#begun.delete(key);
  }

  #uncount(begun: Begun): void {
    if (!begun.open) return;
    begun.open = false;
    this.#count--;
    const here = (this.#perAddress.get(begun.address) ?? 1) - 1;
    if (here === 0) this.#perAddress.delete(begun.address);
    else this.#perAddress.set(begun.address, here);
  }
}

/** Who is behind an address: an IPv6 host has all addresses of a /64 to send from. */
function senderOf(address: IpAddress): string {
  if (address.family === 4) return formatAddress(address);
  return `${formatAddress({ family: 6, value: address.value >> 64n << 64n })}/64`;
}

function keyOf(remote: Endpoint, spiI: IkeSpi): string {
  return `${formatEndpoint(remote)}/${hexOf(spiI, 8)}`;
}
