/**
 * W014: traffic that flows of two policies have in common, of which one gets it all. The SPD (RFC 4301 §4.4.1) has the
 * narrow flows ahead of the wide ones, so an exception within another policy's network is as it should be; told are flows
 * that are the same, and flows of which each is narrower at one end. W015: a flow within another one of its policy.
 */
import { type AddressRange, type Prefix, rangeOfPrefix } from "../../ip/mod.ts";
import type { Flow } from "../../policy/types.ts";
import { covers, formatSelector, intersect, type TrafficSelector } from "../../selector/mod.ts";
import { type Diagnostics, WARNINGS } from "../diagnostics.ts";
import { CoverIndex, prefixOf } from "./cover_index.ts";
import { FlowNodes, nameOf, placeOf, type Subject, textOfPlace } from "./subject.ts";

/** A flow as the data path matches it: with the true source where there is source NAT. */
interface Entry {
  readonly subject: Subject;
  readonly flow: Flow;
  readonly local: Prefix;
  readonly remote: Prefix;
}

/** Flows of one question that are looked at one by one. */
const MAX_LOOKED_AT = 16;

function entriesOf(subject: Subject): Entry[] {
  return subject.policy.flows.flatMap((flow) => {
    // Until a peer has its address, nobody knows what such a flow has
    if (flow.dynamic !== undefined) return [];
    const seen = flow.sourceNat === undefined ? flow : behindNat(flow, flow.sourceNat);
    const [local, remote] = [prefixOf(seen.local.addresses), prefixOf(seen.remote.addresses)];
    return local === undefined || remote === undefined ? [] : [{ subject, flow: seen, local, remote }];
  });
}

function behindNat(flow: Flow, source: Prefix): Flow {
  return { ...flow, local: { ...flow.local, addresses: rangeOfPrefix(source) } };
}

function has(outer: Entry, inner: Entry): boolean {
  return covers(outer.flow.local, inner.flow.local) && covers(outer.flow.remote, inner.flow.remote);
}

function textOf({ flow }: Entry): string {
  const where = flow.where === undefined ? "" : ` (${textOfPlace(flow.where)})`;
  return `from ${formatSelector(flow.local)} to ${formatSelector(flow.remote)}${where}`;
}

function domainOf({ policy }: Subject): string {
  return String(policy.rdomain ?? 0);
}

/** Flows by the network of one end, sorted by that of the other: which of them lie within a range. */
class Rows {
  readonly #rows = new Map<string, Entry[]>();
  readonly #lengths = new Map<number, Set<number>>();
  steps = 0;

  constructor(entries: readonly Entry[]) {
    for (const { local: { address, length } } of entries) {
      const lengths = this.#lengths.get(address.family) ?? new Set();
      this.#lengths.set(address.family, lengths.add(length));
    }
    for (const entry of entries) {
      const { address, length } = entry.local;
      // Of one length all are as wide as each other
      if (this.#lengths.get(address.family)!.size === 1) continue;
      const key = this.#key(domainOf(entry.subject), rangeOfPrefix(entry.local), length);
      const row = this.#rows.get(key);
      if (row === undefined) this.#rows.set(key, [entry]);
      else row.push(entry);
    }
    const start = ({ flow }: Entry) => flow.remote.addresses.start;
    for (const row of this.#rows.values()) {
      row.sort((a, b) => start(a) < start(b) ? -1 : start(a) > start(b) ? 1 : 0);
    }
  }

  /** Flows with a wider local and a narrower remote network than this one has. */
  *across(entry: Entry): Generator<Entry> {
    const { start, end } = entry.flow.remote.addresses;
    for (const length of this.#lengths.get(entry.local.address.family) ?? []) {
      this.steps++;
      if (length >= entry.local.length) continue;
      const wide = rangeOfPrefix({ ...entry.local, length });
      const row = this.#rows.get(this.#key(domainOf(entry.subject), wide, length)) ?? [];
      let low = 0, high = row.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (row[middle]!.flow.remote.addresses.start < start) low = middle + 1;
        else high = middle;
      }
      for (let at = low; at < Math.min(row.length, low + MAX_LOOKED_AT); at++) {
        const other = row[at]!;
        if (other.flow.remote.addresses.start > end) break;
        this.steps++;
        if (
          other.remote.address.family === entry.remote.address.family &&
          other.remote.length > entry.remote.length
        ) {
          yield other;
        }
      }
    }
  }

  #key(domain: string, { family, start }: AddressRange, length: number): string {
    return `${domain} ${family} ${start}/${length}`;
  }
}

/** The same for flows with the same traffic. */
function keyOf({ subject, flow: { local, remote } }: Entry): string {
  return `${domainOf(subject)} ${endKey(local)} ${endKey(remote)}`;
}

function endKey({ addresses: { family, start, end }, protocol, ports }: TrafficSelector): string {
  return `${family},${start},${end - start},${protocol},${ports.start},${ports.end}`;
}

/** Warns of flows of which another policy gets the traffic, or some of it. Returns the steps it took. */
function lintBetween(subjects: readonly Subject[], nodes: FlowNodes, diagnostics: Diagnostics): number {
  const entries = subjects.flatMap(entriesOf);
  const said = new Set<unknown>();
  const say = (later: Entry, message: string) => {
    const node = nodes.of(later.subject, later.flow.where);
    if (said.has(node ?? later)) return;
    said.add(node ?? later);
    diagnostics.warn(WARNINGS.sharedTraffic, node?.place ?? placeOf(later.subject), message);
  };
  const firsts = new Map<string, Entry>();
  for (const entry of entries) {
    const key = keyOf(entry), first = firsts.get(key);
    if (first === undefined) firsts.set(key, entry);
    else if (first.subject !== entry.subject) {
      say(entry, `this flow gets no traffic: policy ${nameOf(first.subject)} comes first with the same one`);
    }
  }
  const rows = new Rows(entries);
  for (const entry of entries) {
    for (const other of rows.across(entry)) {
      if (other.subject === entry.subject) continue;
      const local = intersect(entry.flow.local, other.flow.local);
      const remote = intersect(entry.flow.remote, other.flow.remote);
      if (local === undefined || remote === undefined) continue;
      const [first, later] = entry.subject.position < other.subject.position
        ? [entry, other]
        : [other, entry];
      const common = `from ${formatSelector(local)} to ${formatSelector(remote)}`;
      say(
        later,
        `this flow and one of policy ${
          nameOf(first.subject)
        } have traffic in common, which one of them gets: ${common}`,
      );
      break;
    }
  }
  return entries.length + rows.steps;
}

/** Warns of flows that another flow of their policy has in it. */
function lintWithin(subject: Subject, nodes: FlowNodes, diagnostics: Diagnostics): void {
  const entries = entriesOf(subject);
  if (entries.length < 2) return;
  const index = new CoverIndex<Entry>();
  for (const entry of entries) index.add([entry.local, entry.remote], "", entry);
  const wider = (entry: Entry): Entry | undefined => {
    for (const list of index.holding([entry.local, entry.remote], "")) {
      const found = list.slice(0, MAX_LOOKED_AT).find((other) => has(other, entry) && !has(entry, other));
      if (found !== undefined) return found;
    }
    return undefined;
  };
  for (const [, own] of Map.groupBy(entries, ({ flow }) => flow.where && textOfPlace(flow.where))) {
    const found = own.map(wider);
    const [first] = found;
    // A host by name may have addresses within and without
    if (first === undefined || found.includes(undefined)) continue;
    const place = nodes.of(subject, own[0]!.flow.where)?.place ?? placeOf(subject);
    diagnostics.warn(WARNINGS.flowWithinFlow, place, `this flow is part of another one: ${textOf(first)}`);
  }
}

/** Both; policies that are never used have been told already. Returns the steps that the comparison of policies took. */
export function lintOverlap(
  subjects: readonly Subject[],
  useless: ReadonlySet<Subject>,
  diagnostics: Diagnostics,
): number {
  const nodes = new FlowNodes();
  for (const subject of subjects) lintWithin(subject, nodes, diagnostics);
  return lintBetween(subjects.filter((one) => !useless.has(one)), nodes, diagnostics);
}
