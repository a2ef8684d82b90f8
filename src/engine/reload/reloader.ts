/**
 * Takes a configuration: first the new flows are held back beside the old ones, then all at once the new policies are
 * in force, then each IKE SA adapts in its own turn, then the flows that nobody wants any more go. SAs of policies that
 * say the same are not touched.
 */
import { fail, ok, type Result } from "../../bytes/mod.ts";
import type { EngineConfiguration, Policy } from "../../policy/mod.ts";
import { isAuthenticated, withChild } from "../../sa/mod.ts";
import { rekeyChild, rekeyIke, renegotiateChildren } from "../../exchange/create_child/mod.ts";
import { endChild } from "../../exchange/delete/mod.ts";
import type { FlowInstall } from "../../exchange/ports.ts";
import { hostOf } from "../host_of.ts";
import type { Mailbox } from "../mailbox.ts";
import type { Starter } from "../starter.ts";
import type { SharedWorld } from "../world.ts";
import { changesOf } from "./changes.ts";
import { bothFlows, flowsOf, sameFlows } from "./flows.ts";
import type { Handovers } from "./handover.ts";
import { type Pairing, pairPolicies } from "./pairing.ts";
import { describePlan, planSa, type SaPlan } from "./plan.ts";
import { type ReloadPlan, type ReloadSummary, summaryOf } from "./types.ts";

/** Why an SA goes that the new configuration does not have as it is. */
const CHANGED = "configuration changed";
const ENDING = "iked is about to end";

export class Reloader {
  readonly #world: SharedWorld;
  readonly #starter: Starter;
  readonly #handovers: Handovers;
  /** What became of policies that are not in force any more; none: it is gone. */
  readonly #successors = new WeakMap<Policy, Policy>();
  #present: ReadonlySet<Policy> = new Set();
  #flows: readonly FlowInstall[] = [];
  #latest: EngineConfiguration;
  #last: Promise<unknown> = Promise.resolve();
  #closing = false;

  constructor(world: SharedWorld, starter: Starter, handovers: Handovers) {
    this.#world = world;
    this.#starter = starter;
    this.#handovers = handovers;
    this.#latest = { globals: world.globals, policies: world.policies };
  }

  /** Takes a configuration, one after the other; on a failure nothing has changed. */
  configure(configuration: EngineConfiguration): Promise<Result<ReloadSummary, string>> {
    return this.#inOrder(() => configuration);
  }

  /** Takes the configuration that is in force, but for this. */
  couple(couple: boolean): Promise<Result<ReloadSummary, string>> {
    return this.#inOrder(() => ({ ...this.#latest, globals: { ...this.#world.globals, couple } }));
  }

  /** What `configure` would do now. */
  preview(configuration: EngineConfiguration): ReloadPlan {
    const pairing = pairPolicies(this.#world.policies, configuration.policies);
    return this.#plan(configuration, pairing).described;
  }

  /** Takes no further configuration; one that is under way changes nothing more. */
  close(): void {
    this.#closing = true;
  }

  /** An IKE SA came up, or took over from another one: by a policy that may have changed meanwhile. */
  adapt(mailbox: Mailbox): void {
    if (!this.#present.has(mailbox.policy)) void mailbox.enqueue(() => this.#adapt(mailbox));
  }

  /** The same with other policies: names have other addresses. */
  setPolicies(policies: readonly Policy[]): Promise<Result<ReloadSummary, string>> {
    return this.#inOrder(() => ({ ...this.#latest, globals: this.#world.globals, policies }));
  }

  #inOrder(configuration: () => EngineConfiguration): Promise<Result<ReloadSummary, string>> {
    const done = this.#last.then(() => this.#configure(configuration()));
    this.#last = done.catch(() => undefined);
    return done;
  }

  async #configure(configuration: EngineConfiguration): Promise<Result<ReloadSummary, string>> {
    const world = this.#world;
    if (this.#closing) return fail(ENDING);
    const pairing = pairPolicies(world.policies, configuration.policies);
    const { globals } = configuration;
    const used = new Set([...world.mailboxes()].map(({ policy }) => world.tags.of(policy)));
    world.tags.prepare(pairing.policies, pairing.successors, used);
    const next = globals.couple ? flowsOf(pairing.policies, world.tags) : [];
    const held = await this.#setFlows(bothFlows(this.#flows, next));
    if (!held.ok) return held;
    if (this.#closing) return fail(ENDING);
    const plan = this.#plan(configuration, pairing);
    const probes = globals.dpdIntervalMs !== world.globals.dpdIntervalMs;
    const wasCoupled = world.globals.couple;
    this.#latest = { ...configuration, policies: pairing.policies };
    this.#switch(configuration, pairing);
    const affected = plan.sas.filter(([mailbox, { action, children }]) =>
      mailbox.retired || action !== "keep" || [...children.values()].some((child) => child.action !== "keep")
    ).map(([mailbox]) => mailbox);
    const working = new Set(wasCoupled && !globals.couple ? world.mailboxes() : affected);
    // What says the same goes on at once: nobody takes its policy for one without an IKE SA.
    for (const [mailbox] of plan.sas) if (!working.has(mailbox)) this.#goOn(mailbox);
    if (probes) { for (const mailbox of world.mailboxes()) mailbox.fire("liveness", 0); }
    this.#starter.startActive();
    await Promise.all([...working].map((mailbox) => mailbox.enqueue(() => this.#adapt(mailbox))));
    if (this.#closing) return fail(ENDING);
    const left = await this.#setFlows(next);
    if (!left.ok) world.log("error", `${left.error}: flows that are gone are still held back`);
    return ok(summaryOf(plan.described));
  }

  async #setFlows(flows: readonly FlowInstall[]): Promise<Result<void, string>> {
    if (sameFlows(flows, this.#flows)) return ok(undefined);
    const installed = await this.#world.datapath.setFlows(flows);
    if (!installed.ok) return fail(`Data path refused the flows: ${installed.error.message}`);
    this.#flows = flows;
    return ok(undefined);
  }

  #plan({ globals }: EngineConfiguration, pairing: Pairing) {
    const { active, couple } = globals;
    const live = new Set<Policy>();
    const sas = [...this.#world.mailboxes()].map((mailbox): [Mailbox, SaPlan] => {
      const { sa, policy: from, retired } = mailbox;
      const present = this.#follow(from);
      const to = present && pairing.successors.get(present);
      const isLive = !retired && sa.state !== "half-open" && sa.state !== "rekeyed" &&
        sa.state !== "deleting";
      if (to !== undefined && isLive) live.add(to);
      return [mailbox, planSa(sa, { from, to, active, couple })];
    });
    const starts = pairing.policies.filter((policy) =>
      active && policy.mode === "active" && hostOf(policy.peer, 0) !== undefined && !live.has(policy)
    );
    const described: ReloadPlan = {
      policies: pairing.counts,
      ikeSas: sas.map(([{ sa }, plan]) => describePlan(sa, plan)),
      starts: starts.map(({ name }) => name),
    };
    return { sas, described };
  }

  /** Everything that needs no SA's turn: from here on the new policies are in force. */
  #switch({ globals }: EngineConfiguration, { policies, successors }: Pairing): void {
    for (const [from, to] of successors) {
      if (from === to) continue;
      if (to !== undefined) this.#successors.set(from, to);
      this.#starter.forget(from);
    }
    this.#present = new Set(policies);
    this.#world.tags.commit();
    this.#world.configure(globals, policies);
  }

  /** The policy in force that goes on for this one. */
  #follow(policy: Policy): Policy | undefined {
    let at: Policy | undefined = policy;
    while (at !== undefined && !this.#present.has(at)) at = this.#successors.get(at);
    return at;
  }

  /** One that is being made goes on by what it has offered, and adapts when it is established. */
  #goOn(mailbox: Mailbox): void {
    const { sa, policy: from } = mailbox;
    const to = this.#follow(from);
    if (to === undefined || to === from) return;
    if (isAuthenticated(sa) || changesOf(from, to).size === 0) mailbox.usePolicy(to);
  }

  /** In the turn of an IKE SA: looks again, since much may have happened before it was its turn. */
  async #adapt(mailbox: Mailbox): Promise<void> {
    const { sa, policy: from, retired } = mailbox;
    const { active, couple } = this.#world.globals;
    if (!couple) await this.#decouple(mailbox);
    const to = this.#follow(from);
    const plan = planSa(sa, { from, to, active, couple });
    if (retired && to !== undefined) return this.#begin(to);
    switch (plan.action) {
      case "keep":
      case "rekey":
        this.#goOn(mailbox);
        await changeChildren(mailbox, plan.children);
        if (plan.action === "rekey") rekeyIke(mailbox);
        return;
      case "renegotiate":
        if (isAuthenticated(sa) && to !== undefined) return this.#replace(mailbox, to, plan);
        return mailbox.end(CHANGED);
      case "delete":
        if (isAuthenticated(sa)) await this.#world.datapath.remove([...sa.children.keys()]);
        return mailbox.end(CHANGED);
    }
  }

  #replace(mailbox: Mailbox, to: Policy, { fallback }: SaPlan): void {
    const stay = () => {
      mailbox.usePolicy(to);
      this.adapt(mailbox);
    };
    const waiting = fallback ? { reason: CHANGED, stay } : { reason: CHANGED };
    this.#handovers.wait(this.#world.tags.of(to), mailbox, waiting);
    this.#begin(to);
  }

  /** Makes the IKE SA that others of this policy wait for. */
  #begin(policy: Policy): void {
    const tag = this.#world.tags.of(policy);
    const live = this.#starter.live(policy);
    if (live !== undefined && isAuthenticated(live.sa)) this.#handovers.established(tag);
    else if (!this.#world.globals.active || !this.#starter.start(policy)) this.#handovers.failed(tag);
  }

  /** Its Child SAs stay negotiated and carry nothing. */
  async #decouple(mailbox: Mailbox): Promise<void> {
    const { sa } = mailbox;
    if (!isAuthenticated(sa)) return;
    let next = sa;
    for (const child of sa.children.values()) next = withChild(next, { ...child, decoupled: true });
    mailbox.become(next);
    await this.#world.datapath.remove([...sa.children.keys()]);
  }
}

async function changeChildren(mailbox: Mailbox, plans: SaPlan["children"]): Promise<void> {
  const renegotiated: number[] = [];
  for (const [id, { action }] of plans) {
    if (action === "rekey") rekeyChild(mailbox, id);
    else if (action === "renegotiate") renegotiated.push(id);
    else if (action === "delete") await endChild(mailbox, id, CHANGED);
  }
  if (renegotiated.length > 0) renegotiateChildren(mailbox, renegotiated);
}
