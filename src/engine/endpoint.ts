/**
 * Where datagrams come in: header, version, SPI lookup, then the mailbox of the IKE SA; or the beginning of a new one,
 * within the limits for strangers.
 */
import { type IkeSpi, sameOctets } from "../bytes/mod.ts";
import { formatAddress } from "../ip/mod.ts";
import {
  checkMessage,
  emitMessage,
  EXCHANGE,
  firstUnsupportedCritical,
  type Header,
  IKE_MAJOR_VERSION,
  type Message,
  NOTIFY,
  parseHeader,
  parseMessage,
  type Payload,
} from "../wire/mod.ts";
import { type Path, remoteSpi } from "../sa/mod.ts";
import type { InitReply } from "../exchange/context.ts";
import { CookieJar } from "../exchange/cookie.ts";
import { answerInit } from "../exchange/init/mod.ts";
import { failureNotify, findNotify, notify } from "../exchange/notifies.ts";
import { payloadOf } from "../exchange/payloads.ts";
import type { Datagram } from "../exchange/ports.ts";
import type { Failure } from "../exchange/reasons.ts";
import { TokenBucket } from "./bucket.ts";
import { HalfOpenTable } from "./half_open.ts";
import type { Mailbox } from "./mailbox.ts";
import type { Limits } from "./options.ts";
import type { SharedWorld } from "./world.ts";

export class Endpoint {
  readonly #world: SharedWorld;
  readonly #limits: Limits;
  readonly #halfOpen: HalfOpenTable;
  readonly #cookies: CookieJar;
  readonly #unprotected: TokenBucket;
  /** Takes no new IKE SA. */
  closing = false;

  constructor(world: SharedWorld, limits: Limits) {
    this.#world = world;
    this.#limits = limits;
    this.#halfOpen = new HalfOpenTable(limits);
    this.#cookies = new CookieJar(world.crypto, world.random, limits.cookieSecretMs);
    this.#unprotected = new TokenBucket(limits.unprotectedPerSecond);
    world.adopted = (spi) => this.#deliverEarly(spi);
  }

  /** One datagram. Whatever is in it, this does not throw. */
  receive(datagram: Datagram): void {
    const header = parseHeader(datagram.data);
    if (!header.ok) return;
    if (header.value.majorVersion !== IKE_MAJOR_VERSION) return this.#otherVersion(datagram, header.value);
    const { exchange, flags } = header.value;
    if (exchange === EXCHANGE.IKE_SA_INIT && !flags.response) {
      return this.#receiveInit(datagram, header.value);
    }
    const mailbox = this.#find(header.value);
    if (mailbox === undefined) return this.#unknownSpi(datagram, header.value);
    const message = parseMessage(datagram.data);
    if (message.ok) mailbox.receive(datagram, message.value);
  }

  established(mailbox: Mailbox): void {
    this.#halfOpen.established(mailbox);
  }

  closed(mailbox: Mailbox): void {
    this.#halfOpen.closed(mailbox);
  }

  /** Cookies made so far are good no more. */
  forgetCookies(): void {
    this.#cookies.reset();
  }

  get halfOpenCount(): number {
    return this.#halfOpen.count;
  }

  /** The SA that a header names: by our SPI, and the peer's has to be right. */
  #find({ spiI, spiR, flags }: Header): Mailbox | undefined {
    const [ours, theirs] = flags.initiator ? [spiR, spiI] : [spiI, spiR];
    const mailbox = this.#world.find(ours);
    if (mailbox === undefined) return undefined;
    const { sa } = mailbox;
    if (sa.role !== (flags.initiator ? "responder" : "initiator")) return undefined;
    // The first response tells the responder's SPI; one that puts us off has none.
    if (sa.state !== "init-sent" && remoteSpi(sa) !== theirs) return undefined;
    return mailbox;
  }

  /** IKEv1 gets no answer; a later version learns ours from the header (RFC 7296 §2.5). */
  #otherVersion(datagram: Datagram, header: Header): void {
    const peer = formatAddress(datagram.remote.address);
    if (header.majorVersion < IKE_MAJOR_VERSION) {
      const text = `Message of IKEv${header.majorVersion} ignored: only IKEv2 is spoken here`;
      return this.#world.strangerLog("IKEv1", text, peer);
    }
    if (header.flags.response) return;
    this.#world.strangerFailed(
      { code: "major-version", wanted: "2", got: String(header.majorVersion) },
      peer,
    );
    this.#replyUnprotected(datagram, header, [notify(NOTIFY.INVALID_MAJOR_VERSION)]);
  }

  /**
   * A request for an SA that is not here. If it is the last one that the SA answered, the answer got lost; else the
   * peer may learn that the SA is gone (RFC 7296 §2.21.4).
   */
  #unknownSpi(datagram: Datagram, header: Header): void {
    const { exchange, flags } = header;
    if (flags.response || exchange === EXCHANGE.IKE_SA_INIT) return;
    const { lastAnswers, clock } = this.#world;
    const ours = flags.initiator ? header.spiR : header.spiI;
    if (this.#world.isReserved(ours)) return this.#world.early.keep(ours, datagram);
    const answer = lastAnswers.find(ours, datagram.data, clock.now());
    if (answer !== undefined) return this.#world.send(pathOf(datagram), answer);
    this.#replyUnprotected(datagram, header, [notify(NOTIFY.INVALID_IKE_SPI)]);
  }

  /** What came before its IKE SA stood, once whoever is making it has done so. */
  #deliverEarly(spi: IkeSpi): void {
    const early = this.#world.early.take(spi);
    if (early.length === 0) return;
    const work = Promise.resolve().then(() => {
      for (const datagram of early) this.receive(datagram);
    });
    void this.#world.activity.during(work);
  }

  #receiveInit(datagram: Datagram, header: Header): void {
    const { spiI, spiR, flags, messageId } = header;
    if (this.closing || spiI === 0n || spiR !== 0n || !flags.initiator || messageId !== 0) return;
    const known = this.#halfOpen.find(datagram.remote, spiI);
    if (known === "pending") return;
    if (known !== undefined) return answerCopy(known, datagram);
    const peer = formatAddress(datagram.remote.address);
    const message = parseMessage(datagram.data);
    if (!message.ok) {
      return this.#refuseInit(datagram, header, { code: "malformed", got: message.error.message }, peer);
    }
    const { payloads } = message.value;
    const critical = firstUnsupportedCritical(payloads);
    if (critical !== undefined) {
      const data = new Uint8Array([critical]);
      const failure: Failure = { code: "unsupported-critical", got: `payload ${critical}`, data };
      return this.#refuseInit(datagram, header, failure, peer);
    }
    const rules = checkMessage(EXCHANGE.IKE_SA_INIT, "request", payloads, false);
    if (!rules.ok) {
      return this.#refuseInit(datagram, header, { code: "malformed", got: rules.error.message }, peer);
    }
    if (this.#admit(datagram, message.value, peer)) this.#begin(datagram, message.value, peer);
  }

  /** Whether a new IKE SA may begin; under load only with a cookie of ours. */
  #admit(datagram: Datagram, { header, payloads }: Message, peer: string): boolean {
    const world = this.#world;
    const { address } = datagram.remote;
    const admission = world.size >= this.#limits.ikeSas ? "refuse" : this.#halfOpen.admit(address);
    if (admission === "refuse") {
      this.#world.strangerFailed(
        { code: "overload", got: `${this.#halfOpen.count} half-open IKE SAs` },
        peer,
      );
      return false;
    }
    if (admission === "take") return true;
    const nonceI = payloadOf(payloads, "Nonce")!.data;
    const subject = { nonceI, address, spiI: header.spiI };
    const now = world.clock.now();
    const cookie = findNotify(payloads, NOTIFY.COOKIE);
    if (cookie !== undefined && this.#cookies.check(cookie.data, subject, now)) return true;
    this.#reply(datagram, header, [notify(NOTIFY.COOKIE, this.#cookies.make(subject, now))]);
    return false;
  }

  #begin(datagram: Datagram, message: Message, peer: string): void {
    const { remote } = datagram;
    const { spiI } = message.header;
    this.#halfOpen.begin(remote, spiI);
    const work = this.#answer(datagram, message, peer).catch((error: unknown) => {
      this.#halfOpen.abandoned(remote, spiI);
      this.#world.ownBug("IKE_SA_INIT", error);
    });
    void this.#world.activity.during(work);
  }

  async #answer(datagram: Datagram, message: Message, peer: string): Promise<void> {
    const world = this.#world;
    const { remote } = datagram;
    const { spiI } = message.header;
    const path = pathOf(datagram);
    const request: InitReply = { message, octets: datagram.data, path };
    const answered = await answerInit(world, request);
    if (!answered.ok) {
      this.#halfOpen.abandoned(remote, spiI);
      const { failure, policy } = answered.error;
      // Asking for another method is part of the exchange, not the end of it (RFC 7296 §2.7).
      if (failure.code !== "wrong-ke-method") this.#world.strangerFailed(failure, peer, policy);
      // Silence makes the peer try again; TEMPORARY_FAILURE is for an IKE SA that is there (§2.25).
      if (failure.code === "keys-full") return;
      return this.#reply(datagram, message.header, failureNotify(failure));
    }
    const { sa, policy, response } = answered.value;
    if (this.closing) {
      this.#halfOpen.abandoned(remote, spiI);
      sa.protection.wipe();
      world.keys.release({ sa: [sa.handle] });
      return world.releaseIkeSpi(sa.spiR);
    }
    const mailbox = world.take(sa, policy, true);
    this.#halfOpen.opened(remote, spiI, mailbox);
    mailbox.setTimer("negotiation", world.clock.now() + world.timing.halfOpenMs);
    mailbox.keepResponse(response);
    world.send(path, response);
  }

  #refuseInit(datagram: Datagram, header: Header, failure: Failure, peer: string): void {
    this.#world.strangerFailed(failure, peer);
    this.#replyUnprotected(datagram, header, failureNotify(failure));
  }

  /** An answer that anybody can provoke: only so many a second. */
  #replyUnprotected(datagram: Datagram, header: Header, payloads: readonly Payload[]): void {
    if (this.#unprotected.take(this.#world.clock.now())) this.#reply(datagram, header, payloads);
  }

  #reply(datagram: Datagram, header: Header, payloads: readonly Payload[]): void {
    if (payloads.length === 0) return;
    const { spiI, spiR, exchange, messageId } = header;
    const flags = { initiator: !header.flags.initiator, response: true, higherVersion: false };
    this.#world.send(pathOf(datagram), emitMessage({ spiI, spiR, exchange, flags, messageId }, payloads));
  }
}

function pathOf({ local, remote, natt }: Datagram): Path {
  return { local, remote, natt };
}

/** The same request again: the same response. Another request with the same SPI is nobody's. */
function answerCopy(mailbox: Mailbox, datagram: Datagram): void {
  const { sa } = mailbox;
  if (sa.state !== "half-open" || !sameOctets(sa.transcript.initRequest, datagram.data)) return;
  mailbox.answerAgain(pathOf(datagram));
}
