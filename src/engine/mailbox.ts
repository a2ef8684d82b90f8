/**
 * One IKE SA at work: its turn, its message ids, the request that is outstanding, its timers. Exchanges see it as
 * `SaContext`. Messages that come in are judged here (authentic? in the window? allowed?) before a handler sees them.
 */
import { fail, ok, type Result } from "../bytes/mod.ts";
import { formatAddress, sameAddress, sameEndpoint } from "../ip/mod.ts";
import { type EncryptedPayload, EXCHANGE, type Message, type Payload } from "../wire/mod.ts";
import { closedFrom, ikeMayBecome, type IkeSa, isAuthenticated, isKeyed, localSpi } from "../sa/mod.ts";
import { MessageWindow, type Path, type Timer } from "../sa/mod.ts";
import type { Policy } from "../policy/types.ts";
import type {
  InitJudge,
  InitReply,
  Notice,
  Opened,
  Reply,
  RequestFailure,
  SaContext,
} from "../exchange/context.ts";
import type { Failure } from "../exchange/reasons.ts";
import { END_TASK, endIke } from "../exchange/delete/mod.ts";
import { REQUEST_HANDLERS, TIMER_HANDLERS } from "../exchange/handlers.ts";
import type { Datagram } from "../exchange/ports.ts";
import { failureNotify } from "../exchange/notifies.ts";
import { judgeRequest, judgeResponse } from "./judge.ts";
import { Turn } from "./turn.ts";
import type { SharedWorld } from "./world.ts";

/** Messages and timers of one SA that may wait for its turn; what comes beyond is lost as on the network. */
const MAX_WAITING = 16;

interface Outstanding {
  readonly exchange: number;
  readonly messageId: number;
  readonly octets: Uint8Array;
  tries: number;
  readonly judge?: InitJudge;
  readonly settle: (outcome: Result<Settled, RequestFailure>) => void;
}

/** What ended a request: a response of an SA with keys, or the IKE_SA_INIT response. */
type Settled = { readonly payloads: readonly Payload[] } | { readonly init: InitReply };

interface Task {
  readonly name: string;
  readonly run: (context: SaContext) => Promise<void>;
}

export class Mailbox implements SaContext {
  readonly world: SharedWorld;
  /** Another IKE SA of its policy is being made that takes its place. */
  retired = false;
  readonly #turn: Turn;
  readonly #window: MessageWindow;
  readonly #tasks: Task[] = [];
  #sa: IkeSa;
  #policy: Policy;
  #lastHeardMs: number;
  #outstanding: Outstanding | undefined;
  /** The request that the stored response answers. */
  #answered: Uint8Array | undefined;
  #running = false;

  /** `begun`: an IKE_SA_INIT exchange that we answered used up the peer's id 0. */
  constructor(world: SharedWorld, sa: IkeSa, policy: Policy, begun: boolean) {
    this.world = world;
    this.#turn = new Turn(world.activity);
    this.#window = new MessageWindow(begun ? 1 : 0, 0);
    this.#sa = sa;
    this.#policy = policy;
    this.#lastHeardMs = world.clock.now();
  }

  get sa(): IkeSa {
    return this.#sa;
  }

  get policy(): Policy {
    return this.#policy;
  }

  get lastHeardMs(): number {
    return this.#lastHeardMs;
  }

  get busy(): boolean {
    return this.#running || this.#tasks.length > 0;
  }

  become(next: IkeSa): void {
    if (!ikeMayBecome(this.#sa.state, next.state)) {
      throw new Error(`IKE SA cannot go from "${this.#sa.state}" to "${next.state}"`);
    }
    this.#sa = next;
    if (next.state === "established") this.world.established(this);
  }

  usePolicy(policy: Policy): void {
    this.#policy = policy;
    this.#sa = { ...this.#sa, policy: policy.name };
  }

  heard(atMs: number): void {
    if (atMs > this.#lastHeardMs) this.#lastHeardMs = atMs;
  }

  move(path: Path): void {
    const before = this.#sa.path;
    this.#sa = { ...this.#sa, path };
    if (!isAuthenticated(this.#sa)) return;
    const children = [...this.#sa.children.values()];
    if (children.length === 0) return;
    const ids = children.map(({ id }) => id);
    this.world.datapath.move(ids, path.local, path.remote, this.#sa.udpEncap);
    if (sameAddress(before.remote.address, path.remote.address)) return;
    // The selectors of transport mode are the addresses: it ends with them, and another one is made.
    for (const { id, mode } of children) if (mode === "transport") this.fire("expireChild", id);
  }

  start(name: string, task: (context: SaContext) => Promise<void>): void {
    if (this.#sa.state === "closed" || this.#tasks.some((queued) => queued.name === name)) return;
    this.#tasks.push({ name, run: task });
    if (!this.#running) void this.#runTasks();
  }

  handOver(heir: SaContext): void {
    const end = this.#tasks.find(({ name }) => name === END_TASK);
    if (end !== undefined) heir.start(end.name, end.run);
    this.world.replaced(this, heir);
  }

  async request(
    exchange: number,
    payloads: readonly Payload[],
  ): Promise<Result<readonly Payload[], RequestFailure>> {
    const sa = this.#sa;
    const messageId = isKeyed(sa) ? this.#window.take() : undefined;
    if (!isKeyed(sa) || messageId === undefined) return fail({ code: "closed" });
    const octets = sa.protection.seal(this.#header(exchange, messageId, false), payloads);
    const settled = await this.#exchange(exchange, messageId, octets);
    if (!settled.ok) return settled;
    return ok("payloads" in settled.value ? settled.value.payloads : []);
  }

  async requestInit(octets: Uint8Array, judge: InitJudge): Promise<Result<InitReply, RequestFailure>> {
    this.#window.restart();
    const messageId = this.#window.take() ?? 0;
    const settled = await this.#exchange(EXCHANGE.IKE_SA_INIT, messageId, octets, judge);
    if (!settled.ok) return settled;
    return "init" in settled.value ? ok(settled.value.init) : fail({ code: "closed" });
  }

  setTimer(timer: Timer, atMs: number, sub = 0): void {
    if (this.#sa.state !== "closed") this.world.setTimer(this, timer, atMs, sub);
  }

  stopTimer(timer: Timer, sub = 0): void {
    this.world.timers.stop(this, timer, sub);
  }

  async close(reason: string): Promise<void> {
    const sa = this.#sa;
    if (sa.state === "closed") return;
    this.#sa = closedFrom(sa, reason);
    this.#tasks.length = 0;
    this.world.timers.stopAll(this);
    const response = this.#window.response;
    if (this.#answered !== undefined && response !== undefined) {
      this.world.lastAnswers.keep(localSpi(sa), this.#answered, response, this.world.clock.now());
    }
    this.world.forget(this, localSpi(sa), isAuthenticated(sa));
    this.#settle(fail({ code: "closed" }));
    if (isKeyed(sa)) {
      sa.protection.wipe();
      this.world.keys.release({ sa: [sa.handle] });
    }
    if (!isAuthenticated(sa)) return;
    const ids = [...sa.children.keys()];
    for (const child of sa.children.values()) this.world.inboundSpis.release(child.spiIn);
    if (ids.length > 0) await this.world.datapath.remove(ids);
    // Of one that was replaced people have been told already.
    if ("replacedBy" in sa) return;
    for (const child of sa.children.values()) {
      if (child.state !== "rekeyed") this.emit({ kind: "child-down", reason });
    }
    this.emit({ kind: "ike-down", reason });
  }

  closeLater(reason: string): void {
    void this.closeInTurn(reason);
  }

  /** `closeLater` that says when it is done. */
  closeInTurn(reason: string): Promise<void> {
    return this.#inTurn(() => this.close(reason));
  }

  /** Ends the SA in its own turn: with a DELETE where the peer is authenticated or is about to be. */
  end(reason: string): void {
    this.#enqueue(async () => {
      if (isAuthenticated(this.#sa) || this.#sa.state === "auth-sent") endIke(this, reason, this.retired);
      else await this.close(reason);
    });
  }

  emit(notice: Notice): void {
    const { policy, id } = this.#sa;
    const about = { policy, peer: this.#peerText() };
    switch (notice.kind) {
      case "ike-up":
      case "ike-down":
      case "ike-rekeyed":
        return this.world.emit({ ...notice, ...about, id });
      default:
        return this.world.emit({ ...notice, ...about });
    }
  }

  log(level: "debug" | "info" | "notice" | "warning" | "error", text: string): void {
    this.world.emit({ kind: "log", level, text, peer: this.#peerText(), policy: this.#sa.policy });
  }

  failed(failure: Failure): void {
    const sa = this.#sa;
    // Our own tries do not come in floods.
    const known = sa.role === "initiator" || isAuthenticated(sa);
    if (known) this.world.failed(failure, this.#peerText(), sa.policy);
    else this.world.strangerFailed(failure, this.#peerText(), sa.policy);
  }

  /** A message for this SA came in; its SPIs are right. */
  receive(datagram: Datagram, message: Message): void {
    this.#post(() => this.#receive(datagram, message));
  }

  /** A timer of this SA fired. */
  fire(timer: Timer, sub: number): void {
    if (this.#sa.state === "closed") return;
    if (timer === "retransmit") return this.#retransmit();
    if (timer === "forgetResponse") return this.#forgetResponse();
    const handler = TIMER_HANDLERS[timer];
    if (handler !== undefined) this.#enqueue(async () => await handler(this, sub));
  }

  /** Runs `work` in this SA's turn, unless it is closed by then; resolves afterwards. */
  enqueue(work: () => Promise<void>): Promise<void> {
    return this.#inTurn(work);
  }

  /** The IKE_SA_INIT response went out: what a retransmitted request gets. */
  keepResponse(octets: Uint8Array): void {
    this.#window.answered(octets);
  }

  /** Sends the stored response again. */
  answerAgain(path: Path): void {
    const response = this.#window.response;
    if (response !== undefined) this.world.send(path, response);
  }

  #peerText(): string {
    return formatAddress(this.#sa.path.remote.address);
  }

  #header(exchange: number, messageId: number, response: boolean) {
    const { spiI, spiR, role } = this.#sa;
    const flags = { initiator: role === "initiator", response, higherVersion: false };
    return { spiI, spiR, majorVersion: 2, minorVersion: 0, exchange, flags, messageId };
  }

  #post(work: () => Promise<void>): void {
    if (this.#turn.waiting < MAX_WAITING) this.#enqueue(work);
  }

  #enqueue(work: () => Promise<void>): void {
    void this.#inTurn(work);
  }

  async #inTurn(work: () => Promise<void>): Promise<void> {
    await this.#turn.acquire();
    try {
      if (this.#sa.state !== "closed") await work();
    } catch (error) {
      await this.#ownBug(error);
    } finally {
      this.#turn.release();
    }
  }

  async #runTasks(): Promise<void> {
    this.#running = true;
    for (let task = this.#tasks.shift(); task !== undefined; task = this.#tasks.shift()) {
      const { run } = task;
      await this.#inTurn(() => run(this));
    }
    this.#running = false;
  }

  /** A throw is a bug of ours: the SA dies, the daemon does not. */
  async #ownBug(error: unknown): Promise<void> {
    const text = error instanceof Error ? `${error.message} ${error.stack ?? ""}` : String(error);
    this.log("error", `Internal error in IKE SA ${this.world.nameOf(this.#sa)}: ${text}`);
    await this.close("internal error").catch(() => undefined);
  }

  /** Sends a request and waits for what ends it; the turn is given up meanwhile. */
  async #exchange(
    exchange: number,
    messageId: number,
    octets: Uint8Array,
    judge?: InitJudge,
  ): Promise<Result<Settled, RequestFailure>> {
    const settled = new Promise<Result<Settled, RequestFailure>>((resolve) => {
      this.#outstanding = {
        exchange,
        messageId,
        octets,
        tries: 0,
        ...(judge && { judge }),
        // The turn is taken on behalf of the one who waits, so that activity never seems to have ended in between.
        settle: (outcome) => void this.#turn.acquire().then(() => resolve(outcome)),
      };
    });
    this.#sendRequest(this.#outstanding!);
    this.#turn.release();
    return await settled;
  }

  #settle(outcome: Result<Settled, RequestFailure>): void {
    const outstanding = this.#outstanding;
    if (outstanding === undefined) return;
    this.#outstanding = undefined;
    this.#window.settle();
    this.stopTimer("retransmit");
    outstanding.settle(outcome);
  }

  #sendRequest(outstanding: Outstanding): void {
    const { timing, clock } = this.world;
    this.world.send(this.#sa.path, outstanding.octets);
    const exponent = Math.min(outstanding.tries, timing.retransmitTries - 1);
    const wait = timing.retransmitMs * 2 ** exponent * (1 + this.world.fraction() / 10);
    this.setTimer("retransmit", clock.now() + wait);
  }

  #retransmit(): void {
    const outstanding = this.#outstanding;
    if (outstanding === undefined) return;
    if (outstanding.tries >= this.world.timing.retransmitTries) {
      return this.#settle(fail({ code: "timeout" }));
    }
    outstanding.tries++;
    this.#sendRequest(outstanding);
  }

  async #receive(datagram: Datagram, message: Message): Promise<void> {
    const { local, remote, natt } = datagram;
    const path: Path = { local, remote, natt };
    if (message.header.flags.response) return this.#receiveResponse(datagram.data, message, path);
    await this.#receiveRequest(datagram.data, message, path);
  }

  #receiveResponse(octets: Uint8Array, message: Message, path: Path): void {
    const { header } = message;
    const outstanding = this.#outstanding;
    if (outstanding === undefined || !this.#window.awaits(header.messageId)) return;
    if (header.exchange !== outstanding.exchange) return;
    if (outstanding.judge !== undefined) {
      const reply: InitReply = { message, octets, path };
      if (outstanding.judge(reply)) this.#settle(ok({ init: reply }));
      return;
    }
    const opened = this.#open(octets, message);
    if (opened === undefined) return;
    this.#authentic(path);
    if (!opened.ok) return this.#settle(fail({ code: "malformed", message: opened.error }));
    const complaint = judgeResponse(header.exchange, opened.value);
    this.#settle(
      complaint === undefined
        ? ok({ payloads: opened.value })
        : fail({ code: "malformed", message: complaint }),
    );
  }

  async #receiveRequest(octets: Uint8Array, message: Message, path: Path): Promise<void> {
    const { header } = message;
    const kind = this.#window.classify(header.messageId);
    if (kind === "outside") return;
    const opened = this.#open(octets, message);
    if (opened === undefined) return;
    if (kind === "retransmitted") return this.answerAgain(path);
    const verdict = judgeRequest(this.#sa, header.exchange, opened);
    if (verdict.kind === "ignore") return;
    this.#window.accept();
    this.#authentic(path);
    if (verdict.kind === "refuse") {
      this.failed(verdict.failure);
      this.#answer(octets, message, path, failureNotify(verdict.failure));
      if (verdict.fatal) await this.close(verdict.failure.code);
      return;
    }
    const request: Opened = { header, payloads: verdict.payloads, path };
    const reply = await REQUEST_HANDLERS[header.exchange]!(this, request);
    this.#answer(octets, message, path, reply.payloads);
    await reply.after?.();
  }

  /** What stands inside SK; the text of an error where it is authentic but malformed; undefined where it is not authentic. */
  #open(octets: Uint8Array, message: Message): Result<Payload[], string> | undefined {
    const sa = this.#sa;
    const last = message.payloads.at(-1);
    if (!isKeyed(sa) || last?.type !== "SK") return undefined;
    const opened = sa.protection.open(octets, last satisfies EncryptedPayload);
    if (opened.ok) return opened;
    return opened.error.code === "malformed" ? fail(opened.error.error.message) : undefined;
  }

  /** A new authentic message: the peer lives, and stands where it came from if its NAT moved it (RFC 7296 §2.23). */
  #authentic(path: Path): void {
    this.heard(this.world.clock.now());
    const sa = this.#sa;
    const moved = !sameEndpoint(path.remote, sa.path.remote) || !sameEndpoint(path.local, sa.path.local);
    if (!moved) return;
    // Until IKE_AUTH is answered the initiator chooses the ports; later only a peer behind NAT may move, and not back
    // to where ESP in UDP has no place.
    const follows = sa.nat.remote && !sa.nat.local && path.natt === sa.path.natt;
    if (sa.state === "half-open" || follows) this.move(path);
  }

  #answer(request: Uint8Array, message: Message, path: Path, payloads: Reply["payloads"]): void {
    const sa = this.#sa;
    if (!isKeyed(sa)) return;
    const { exchange, messageId } = message.header;
    const response = sa.protection.seal(this.#header(exchange, messageId, true), payloads);
    this.#window.answered(response);
    this.#answered = request.slice();
    this.setTimer("forgetResponse", this.world.clock.now() + this.world.timing.responseMs);
    this.world.send(path, response);
  }

  #forgetResponse(): void {
    this.#window.forgetResponse();
    this.#answered = undefined;
  }
}
