/**
 * Brings configurations into the roles, one after the other: the new secrets are at the key holder before the engine
 * has the policies that name them, the old ones are wiped afterwards. Each is taken as a whole, or nothing changes.
 */
import type { Result, SecretRef } from "../../src/bytes/mod.ts";
import type { Compiled } from "../../src/config/mod.ts";
import type { ReloadPlan, ReloadSummary } from "../../src/engine/reload/types.ts";
import { withSecretRefs } from "../../src/policy/secret_refs.ts";
import type { EngineConfiguration } from "../../src/policy/types.ts";
import type { EngineForMain, KeysForMain } from "./ports.ts";
import { transfer } from "./rpc.ts";

/** What a file was compiled to. */
export type Loaded = Pick<Compiled, "configuration" | "secrets">;

interface Staged {
  readonly configuration: EngineConfiguration;
  /** The key holder's names for the file's. */
  readonly refs: ReadonlyMap<SecretRef, SecretRef>;
}

export class Configurator {
  #refs: Staged["refs"] = new Map();

  constructor(private readonly links: { readonly engine: EngineForMain; readonly keys: KeysForMain }) {}

  /** Takes a configuration; on a failure, which the error says, nothing has changed. */
  async take(loaded: Loaded): Promise<Result<ReloadSummary, string>> {
    const staged = await this.#stage(loaded);
    const done = await this.links.engine.configure(staged.configuration);
    const before = this.#refs;
    if (done.ok) this.#refs = staged.refs;
    await this.#forget(done.ok ? before : staged.refs);
    return done;
  }

  /** Takes other policies of the same file: its secrets are there. */
  setPolicies(configuration: EngineConfiguration): Promise<Result<ReloadSummary, string>> {
    return this.links.engine.setPolicies(withSecretRefs(configuration, this.#refs).policies);
  }

  /** What `take` would do. */
  async plan(loaded: Loaded): Promise<ReloadPlan> {
    const staged = await this.#stage(loaded);
    const plan = await this.links.engine.plan(staged.configuration);
    await this.#forget(staged.refs);
    return plan;
  }

  async #stage({ configuration, secrets }: Loaded): Promise<Staged> {
    // The tree of the file holds on to its octets: it is left with zeros, not with buffers that are gone.
    const moved = secrets.map(({ ref, octets }) => ({ ref, octets: octets.slice() }));
    for (const { octets } of secrets) octets.fill(0);
    const names = await this.links.keys.loadSecrets(transfer(moved, moved.map(({ octets }) => octets)));
    const refs = new Map(secrets.map(({ ref }, at) => [ref, names[at]!]));
    return { configuration: withSecretRefs(configuration, refs), refs };
  }

  /** Wipes of these secrets what the configuration in force does not have. */
  async #forget(refs: Staged["refs"]): Promise<void> {
    const kept = new Set(this.#refs.values());
    const gone = new Set([...refs.values()].filter((ref) => !kept.has(ref)));
    if (gone.size > 0) await this.links.keys.forgetSecrets([...gone]);
  }
}
