/** What all IKE SAs of one engine share: ports to the outside, tables, ids, timers, and the way out for datagrams. */
import { hexOf, type IkeSpi } from "../bytes/mod.ts";
import type { CryptoProvider, Random } from "../crypto/provider.ts";
import type { Endpoint } from "../ip/mod.ts";
import {
  type EstablishedSa,
  type IkeSa,
  InboundSpis,
  localSpi,
  type Path,
  type PeerIdentity,
} from "../sa/mod.ts";
import { SpiTable, type Timer, TimerTable } from "../sa/mod.ts";
import { createLookup, type Globals, type Policy, type PolicyLookup } from "../policy/mod.ts";
import type { SaContext, Timing, World } from "../exchange/context.ts";
import type { Clock, Datagram, Datapath, Keys } from "../exchange/ports.ts";
import { type Failure, REASONS } from "../exchange/reasons.ts";
import type { EngineOptions } from "./api.ts";
import { EarlyMessages } from "./early.ts";
import { LastAnswers } from "./last_answers.ts";
import { Mailbox } from "./mailbox.ts";
import { PeerIndex } from "./peer_index.ts";
import { StrangerLog } from "./stranger_log.ts";
import { PolicyTags } from "./reload/tags.ts";
import type { EngineEvent } from "./types.ts";
import { Activity } from "./turn.ts";

/** Whose a timer can be. */
export type TimerOwner = Mailbox | Policy | StrangerLog;

/** What the world asks of the engine that it is part of. */
export interface WorldListener {
  /** An IKE SA is established: for the first time, or again after a rekey that failed. */
  established(mailbox: Mailbox): void;
  /** An IKE SA has a successor: who waits for its end waits for the end of that one, too. */
  replaced(mailbox: Mailbox, heir: SaContext): void;
  /** An IKE SA is gone. */
  closed(mailbox: Mailbox, wasAuthenticated: boolean): void;
}

/** Globals before the first configuration: nothing is taken and nothing sent. */
const UNCONFIGURED: Globals = {
  active: false,
  couple: true,
  dpdIntervalMs: 0,
  enforceSingleIkeSa: false,
  vendorId: false,
  fragmentation: false,
  mobike: false,
  stickyAddress: false,
  natt: "on",
};

export class SharedWorld implements World {
  readonly keys: Keys;
  readonly datapath: Datapath;
  readonly clock: Clock;
  readonly random: Random;
  readonly crypto: CryptoProvider;
  readonly version: string;
  readonly timing: Timing;
  readonly ports: World["ports"];
  readonly inboundSpis = new InboundSpis();
  readonly activity = new Activity();
  readonly timers = new TimerTable<TimerOwner>();
  readonly lastAnswers: LastAnswers;
  /** Messages for IKE SAs whose keys are still being derived. */
  readonly early = new EarlyMessages();
  /** Told the SPI of an IKE SA that took over from another one; the endpoint sets it. */
  adopted: (spi: IkeSpi) => void = () => {};
  readonly #strangers = new StrangerLog();
  globals: Globals = UNCONFIGURED;
  policies: readonly Policy[] = [];
  lookup: PolicyLookup = createLookup([]);
  readonly tags = new PolicyTags();
  readonly #options: EngineOptions;
  readonly #listener: WorldListener;
  readonly #mailboxes = new SpiTable<Mailbox | "reserved">();
  readonly #peers = new PeerIndex<Mailbox>();
  #outbox: Datagram[] = [];
  #flushing = false;
  #announcedMs = Infinity;
  #ikeId = 0;
  #childId = 0;

  constructor(
    options: EngineOptions,
    settings: { crypto: CryptoProvider; timing: Timing; ports: World["ports"] },
    listener: WorldListener,
  ) {
    this.#options = options;
    this.#listener = listener;
    this.keys = options.keys;
    this.datapath = options.datapath;
    this.clock = options.clock;
    this.random = options.random;
    this.version = options.version;
    this.crypto = settings.crypto;
    this.timing = settings.timing;
    this.ports = settings.ports;
    this.lastAnswers = new LastAnswers(settings.timing.responseMs);
  }

  tagOf(policy: Policy): string {
    return this.tags.of(policy);
  }

  nextChildId(): number {
    return ++this.#childId;
  }

  nextIkeId(): number {
    return ++this.#ikeId;
  }

  reserveIkeSpi(): IkeSpi {
    return this.#mailboxes.choose(this.random, "reserved");
  }

  releaseIkeSpi(spi: IkeSpi): void {
    if (this.isReserved(spi)) this.#mailboxes.release(spi);
    this.early.take(spi);
  }

  /** Whether an IKE SA with this SPI of ours is being made. */
  isReserved(spi: IkeSpi): boolean {
    return this.#mailboxes.find(spi) === "reserved";
  }

  adopt(sa: EstablishedSa, policy: Policy): Mailbox {
    const mailbox = this.take(sa, policy, false);
    this.adopted(localSpi(sa));
    return mailbox;
  }

  /** Takes up an IKE SA whose SPI was reserved. `begun`: the peer's message id 0 is used up. */
  take(sa: IkeSa, policy: Policy, begun: boolean): Mailbox {
    const mailbox = new Mailbox(this, sa, policy, begun);
    this.#mailboxes.assign(localSpi(sa), mailbox);
    this.#peers.add(mailbox);
    return mailbox;
  }

  /** The IKE SA with this SPI of ours. */
  find(spi: IkeSpi): Mailbox | undefined {
    const found = this.#mailboxes.find(spi);
    return found === "reserved" ? undefined : found;
  }

  /** An IKE SA is closed: its SPI is free. */
  forget(mailbox: Mailbox, spi: IkeSpi, wasAuthenticated: boolean): void {
    this.#mailboxes.release(spi);
    this.#peers.delete(mailbox);
    this.#listener.closed(mailbox, wasAuthenticated);
  }

  established(mailbox: Mailbox): void {
    this.#peers.add(mailbox);
    this.#listener.established(mailbox);
  }

  replaced(mailbox: Mailbox, heir: SaContext): void {
    this.#listener.replaced(mailbox, heir);
  }

  *mailboxes(): IterableIterator<Mailbox> {
    for (const entry of this.#mailboxes.values()) if (entry !== "reserved") yield entry;
  }

  withPeer(peerId: PeerIdentity): Iterable<SaContext> {
    return this.#peers.find(peerId);
  }

  contexts(): Iterable<SaContext> {
    return this.mailboxes();
  }

  /** IKE SAs, begun ones included. */
  get size(): number {
    return this.#mailboxes.size;
  }

  sourceFor(peer: Endpoint): Promise<Endpoint | undefined> {
    return this.#options.sourceFor(peer);
  }

  fraction(): number {
    const octets = this.random(4);
    return new DataView(octets.buffer, octets.byteOffset, 4).getUint32(0) / 2 ** 32;
  }

  configure(globals: Globals, policies: readonly Policy[]): void {
    this.globals = globals;
    this.policies = policies;
    this.lookup = createLookup(policies);
  }

  /** Sends a datagram; all that come in one turn of the event loop go out together. */
  send(path: Path, data: Uint8Array): void {
    this.#outbox.push({ local: path.local, remote: path.remote, natt: path.natt, data });
    this.#flushSoon();
  }

  setTimer(owner: TimerOwner, timer: Timer, atMs: number, sub = 0): void {
    this.timers.set(owner, timer, atMs, sub);
    if (atMs < this.#announcedMs) this.#flushSoon();
  }

  /** When the next timer fires, as the driver learns it. */
  announce(): number | undefined {
    const next = this.timers.next();
    this.#announcedMs = next ?? Infinity;
    return next;
  }

  emit(event: EngineEvent): void {
    this.#options.emit(event);
  }

  log(level: "debug" | "info" | "notice" | "warning" | "error", text: string, peer?: string): void {
    this.emit({ kind: "log", level, text, ...(peer === undefined ? {} : { peer }) });
  }

  /** The one line of a failed negotiation (contracts.md). */
  failed(failure: Failure, peer: string, policy?: string): void {
    const { code } = failure;
    const { wanted, got, fix } = { ...REASONS[code], ...failure };
    const known = policy === undefined ? {} : { policy };
    this.emit({ kind: "failed", report: { code, ...known, peer, wanted, got, fix } });
  }

  /** The same where the peer is not authenticated: anybody can cause it, so that there is a limit. */
  strangerFailed(failure: Failure, peer: string, policy?: string): void {
    if (this.#admits(failure.code)) this.failed(failure, peer, policy);
  }

  /** A line about a peer without an IKE SA, under the same limit; `reason` names what is beyond it. */
  strangerLog(reason: string, text: string, peer: string): void {
    if (this.#admits(reason)) this.log("debug", text, peer);
  }

  /** Timer `sumUp`: one line about all that was beyond the limit. */
  sumUp(): void {
    this.timers.stopAll(this.#strangers);
    const text = this.#strangers.sumUp();
    if (text !== undefined) this.log("warning", text);
  }

  #admits(reason: string): boolean {
    if (this.#strangers.admit(reason, this.clock.now())) return true;
    const { endsMs } = this.#strangers;
    if (this.timers.at(this.#strangers, "sumUp") !== endsMs) this.setTimer(this.#strangers, "sumUp", endsMs);
    return false;
  }

  /** A bug of ours outside of any IKE SA. */
  ownBug(where: string, error: unknown): void {
    const text = error instanceof Error ? `${error.message} ${error.stack ?? ""}` : String(error);
    this.log("error", `Internal error in ${where}: ${text}`);
  }

  /** Name of an IKE SA for logs: our SPI. */
  nameOf(sa: IkeSa): string {
    return hexOf(localSpi(sa), 8);
  }

  /** The driver is to ask for the next timeout again. */
  wakeSoon(): void {
    void Promise.resolve().then(() => this.#options.wake());
  }

  #flushSoon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    this.activity.begin();
    void Promise.resolve().then(() => this.#flush());
  }

  #flush(): void {
    this.#flushing = false;
    this.activity.end();
    if (this.#outbox.length > 0) {
      const batch = this.#outbox;
      this.#outbox = [];
      this.#options.send(batch);
    }
    const next = this.timers.next();
    if (next !== undefined && next < this.#announcedMs) {
      this.#announcedMs = next;
      this.#options.wake();
    }
  }
}
