import { type Diagnostics, WARNINGS } from "./diagnostics.ts";
import type { Place, Source } from "./source.ts";

/** A macro: the octets that stand for it, quotes of the definition taken away. */
export interface Macro {
  readonly octets: Uint8Array;
  /** Where it was defined; absent for one of the command line. */
  readonly place?: Place;
  /** Its definition has an error, which was said. */
  readonly broken?: boolean;
}

/** One definition of a macro: how to keep it out of messages, and the macros that stand in it. */
interface Definition {
  readonly hide: () => void;
  readonly nested: readonly string[];
}

/** Octets of one macro's value. */
export const MAX_MACRO_LENGTH = 8192;

/** The macros of one run. Those of the command line win over those of the files (iked(8), `-D`). */
export class Macros {
  readonly #macros = new Map<string, Macro>();
  readonly #fixed = new Set<string>();
  readonly #used = new Set<string>();
  readonly #definitions = new Map<string, Definition[]>();
  readonly #secret = new Set<string>();
  #budget: number;

  /** `budget`: octets that all uses together may expand to, so that work stays in proportion to the files. */
  constructor(fixed: ReadonlyMap<string, string>, budget: number) {
    this.#budget = budget;
    for (const [name, value] of fixed) {
      this.#macros.set(name, { octets: new TextEncoder().encode(value) });
      this.#fixed.add(name);
    }
  }

  /** Defines a macro anew. `hide` keeps this definition out of messages; macros named `nested` stand in it. */
  define(name: string, macro: Macro, hide: () => void, nested: readonly string[]): void {
    if (!this.#fixed.has(name)) this.#macros.set(name, macro);
    const definitions = this.#definitions.get(name) ?? [];
    definitions.push({ hide, nested });
    this.#definitions.set(name, definitions);
    if (!this.#secret.has(name)) return;
    hide();
    for (const one of nested) this.hide(one);
  }

  /** Keeps all definitions of this name out of messages, those to come as well, and of what stands in them. */
  hide(name: string): void {
    const names = [name];
    for (let next = names.pop(); next !== undefined; next = names.pop()) {
      if (this.#secret.has(next)) continue;
      this.#secret.add(next);
      for (const { hide, nested } of this.#definitions.get(next) ?? []) {
        hide();
        for (const one of nested) names.push(one);
      }
    }
  }

  /** The macro of this name, which counts as used then. */
  use(name: string): Macro | undefined {
    this.#used.add(name);
    return this.#macros.get(name);
  }

  /** Takes octets out of what may be expanded; false where nothing is left. */
  spend(octets: number): boolean {
    this.#budget -= octets;
    return this.#budget >= 0;
  }

  /** A file that is read adds to what may be expanded. */
  allowFor(source: Source): void {
    this.#budget += 16 * source.octets.length;
  }

  names(): MapIterator<string> {
    return this.#macros.keys();
  }

  /** Warns of macros that nobody uses, except those of the command line. */
  warnUnused(diagnostics: Diagnostics): void {
    for (const [name, { place }] of this.#macros) {
      if (place !== undefined && !this.#used.has(name)) {
        diagnostics.warn(WARNINGS.unusedMacro, place, `macro "${name}" is not used`);
      }
    }
  }

  /** Overwrites every value. */
  wipe(): void {
    for (const { octets } of this.#macros.values()) octets.fill(0);
  }
}
