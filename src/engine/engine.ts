/** The engine: everything of this room put together behind the face of `api.ts`. */
import { createPortablePackets } from "../crypto/portable/packets.ts";
import type { Result } from "../bytes/mod.ts";
import { isAuthenticated } from "../sa/mod.ts";
import type { EngineConfiguration, Policy } from "../policy/mod.ts";
import { DEFAULT_TIMING, type SaContext } from "../exchange/context.ts";
import type { ChildUsage, Datagram, DatapathEvent } from "../exchange/ports.ts";
import type { Engine, EngineOptions } from "./api.ts";
import { Endpoint } from "./endpoint.ts";
import { Mailbox } from "./mailbox.ts";
import { DEFAULT_LIMITS, DEFAULT_PORTS } from "./options.ts";
import { Handovers } from "./reload/handover.ts";
import { Reloader } from "./reload/reloader.ts";
import type { ReloadPlan, ReloadSummary } from "./reload/types.ts";
import { snapshotOf } from "./snapshot.ts";
import { Starter } from "./starter.ts";
import { StrangerLog } from "./stranger_log.ts";
import type { IkeSnapshot } from "./types.ts";
import { SharedWorld } from "./world.ts";

/** Someone waits for IKE SAs to be gone, until a point in time. */
interface Farewell {
  readonly mailboxes: Set<SaContext>;
  readonly untilMs: number;
  readonly resolve: () => void;
}

class IkeEngine implements Engine {
  readonly #world: SharedWorld;
  readonly #endpoint: Endpoint;
  readonly #starter: Starter;
  readonly #handovers = new Handovers();
  readonly #reloader: Reloader;
  readonly #farewells = new Set<Farewell>();

  constructor(options: EngineOptions) {
    const settings = {
      crypto: options.crypto ?? createPortablePackets(),
      timing: { ...DEFAULT_TIMING, ...options.timing },
      ports: options.ports ?? DEFAULT_PORTS,
    };
    this.#world = new SharedWorld(options, settings, {
      established: (mailbox) => this.#established(mailbox),
      replaced: (mailbox, heir) => this.#replaced(mailbox, heir),
      closed: (mailbox, wasAuthenticated) => this.#closed(mailbox, wasAuthenticated),
    });
    this.#endpoint = new Endpoint(this.#world, { ...DEFAULT_LIMITS, ...options.limits });
    this.#starter = new Starter(this.#world, (policy) => this.#handovers.failed(this.#world.tagOf(policy)));
    this.#reloader = new Reloader(this.#world, this.#starter, this.#handovers);
  }

  configure(configuration: EngineConfiguration): Promise<Result<ReloadSummary, string>> {
    return this.#world.activity.during(this.#reloader.configure(configuration));
  }

  plan(configuration: EngineConfiguration): ReloadPlan {
    return this.#reloader.preview(configuration);
  }

  handleDatagrams(batch: readonly Datagram[]): void {
    for (const datagram of batch) {
      this.#guard("a datagram", () => this.#endpoint.receive(datagram));
    }
  }

  handleDatapath(event: DatapathEvent): void {
    this.#guard("an event of the data path", () => this.#datapathEvent(event));
  }

  nextTimeout(): number | undefined {
    let next = this.#world.announce();
    for (const { untilMs } of this.#farewells) next = Math.min(next ?? Infinity, untilMs);
    return next;
  }

  handleTimeout(now: number): void {
    for (const { owner, timer, sub } of this.#world.timers.due(now)) {
      this.#guard(`timer ${timer}`, () => {
        if (owner instanceof Mailbox) owner.fire(timer, sub);
        else if (owner instanceof StrangerLog) this.#world.sumUp();
        else this.#starter.retry(owner);
      });
    }
    for (const farewell of this.#farewells) if (farewell.untilMs <= now) this.#finish(farewell);
  }

  setActive(active: boolean): void {
    const world = this.#world;
    world.configure({ ...world.globals, active }, world.policies);
    if (active) this.#starter.startActive();
  }

  setCoupled(couple: boolean): Promise<Result<ReloadSummary, string>> {
    return this.#world.activity.during(this.#reloader.couple(couple));
  }

  setPolicies(policies: readonly Policy[]): Promise<Result<ReloadSummary, string>> {
    return this.#world.activity.during(this.#reloader.setPolicies(policies));
  }

  async reset(what: "all" | "sa"): Promise<void> {
    if (what === "all") this.#endpoint.forgetCookies();
    await this.#endAll("reset", ({ sa }) => what === "all" || isAuthenticated(sa));
    this.#starter.startActive();
  }

  async shutdown(): Promise<void> {
    const world = this.#world;
    this.#endpoint.closing = true;
    this.#reloader.close();
    for (const policy of world.policies) this.#starter.forget(policy);
    world.configure({ ...world.globals, active: false }, world.policies);
    await this.#endAll("shutdown", () => true);
    world.sumUp();
    await Promise.all([...world.mailboxes()].map((mailbox) => mailbox.closeInTurn("shutdown")));
    await world.activity.during(world.datapath.setFlows([]));
  }

  async snapshot(): Promise<readonly IkeSnapshot[]> {
    const ids = [...this.#world.mailboxes()].flatMap(({ sa }) =>
      isAuthenticated(sa) ? [...sa.children.keys()] : []
    );
    const usage = ids.length === 0 ? [] : await this.#world.activity.during(this.#world.datapath.usage(ids));
    const byId = new Map<number, ChildUsage>(usage.map((one) => [one.id, one]));
    return [...this.#world.mailboxes()].map(({ sa }) => snapshotOf(sa, byId));
  }

  pending(): number {
    return this.#world.activity.count;
  }

  #datapathEvent(event: DatapathEvent): void {
    if (event.kind === "acquire") return this.#starter.acquire(event.policy);
    if (event.kind === "noticed") return this.#world.log("warning", event.text);
    const mailbox = this.#ownerOf(event.id);
    if (mailbox === undefined) return;
    if (event.kind === "vanished") {
      mailbox.log(
        "warning",
        `Child SA ${event.id} was removed from the data path by somebody else: rekeying it`,
      );
      return mailbox.fire("rekeyChild", event.id);
    }
    if (event.kind === "expired") {
      return mailbox.fire(event.limit === "soft" ? "rekeyChild" : "expireChild", event.id);
    }
    void mailbox.enqueue(() => {
      const { nat, path } = mailbox.sa;
      if (nat.remote && !nat.local) mailbox.move({ ...path, remote: event.remote });
      return Promise.resolve();
    });
  }

  #ownerOf(childId: number): Mailbox | undefined {
    for (const mailbox of this.#world.mailboxes()) {
      if (isAuthenticated(mailbox.sa) && mailbox.sa.children.has(childId)) return mailbox;
    }
    return undefined;
  }

  #established(mailbox: Mailbox): void {
    this.#endpoint.established(mailbox);
    this.#starter.established(mailbox);
    if (!mailbox.retired) this.#handovers.established(this.#world.tagOf(mailbox.policy));
    this.#reloader.adapt(mailbox);
  }

  #closed(mailbox: Mailbox, wasAuthenticated: boolean): void {
    this.#endpoint.closed(mailbox);
    this.#handovers.forget(this.#world.tagOf(mailbox.policy), mailbox);
    this.#starter.closed(mailbox, wasAuthenticated);
    for (const farewell of this.#farewells) {
      farewell.mailboxes.delete(mailbox);
      if (farewell.mailboxes.size === 0) this.#finish(farewell);
    }
  }

  #replaced(mailbox: Mailbox, heir: SaContext): void {
    if (heir instanceof Mailbox) {
      this.#handovers.inherit(this.#world.tagOf(mailbox.policy), mailbox, heir);
      this.#reloader.adapt(heir);
    }
    for (const { mailboxes } of this.#farewells) if (mailboxes.has(mailbox)) mailboxes.add(heir);
  }

  /** Ends IKE SAs, with a DELETE where the peer has them too; resolves when all are gone or time is out. */
  #endAll(reason: string, which: (mailbox: Mailbox) => boolean): Promise<void> {
    const mailboxes = [...this.#world.mailboxes()].filter(which);
    if (mailboxes.length === 0) return Promise.resolve();
    const untilMs = this.#world.clock.now() + this.#world.timing.shutdownMs;
    return new Promise((resolve) => {
      this.#farewells.add({ mailboxes: new Set(mailboxes), untilMs, resolve });
      for (const mailbox of mailboxes) mailbox.end(reason);
      this.#world.wakeSoon();
    });
  }

  #finish(farewell: Farewell): void {
    this.#farewells.delete(farewell);
    for (const mailbox of farewell.mailboxes) mailbox.closeLater("no answer to DELETE");
    farewell.resolve();
  }

  #guard(where: string, work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#world.ownBug(where, error);
    }
  }
}

/** Makes an engine; it does nothing before it is configured. */
export function createEngine(options: EngineOptions): Engine {
  return new IkeEngine(options);
}
