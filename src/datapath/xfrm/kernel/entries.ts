/** Single entries of the kernel's tables: put there, read, moved, taken away. Requests and answers with keys are wiped. */
import type { NetlinkMessage, NetlinkRequest } from "../../rtnetlink/message.ts";
import type { Limits } from "../lifetime.ts";
import { deletePolicy, dumpPolicies, parsePolicy, type PolicyName, type XfrmPolicyState } from "../policy.ts";
import {
  deleteSa,
  dumpSas,
  getSa,
  newSa,
  parseSa,
  type SaName,
  type XfrmSa,
  type XfrmSaState,
} from "../sa.ts";
import { wipeKeys } from "./pair.ts";
import { policyKey } from "./policy_table.ts";
import type { KernelTransport } from "./transport.ts";

/** Outer endpoints of an SA. */
export type Way = Pick<XfrmSa, "source" | "destination" | "encapsulation">;

/** A text that is the same for SAs that are one to the kernel. */
export function saKey({ destination, spi, protocol }: SaName): string {
  return `${destination.family} ${destination.value.toString(16)} ${spi} ${protocol}`;
}

/** The same SA on another way. */
export function relocated<T extends XfrmSa>(sa: T, way: Way): T {
  const { encapsulation: _old, ...rest } = sa;
  return { ...rest, ...way } as T;
}

/** The limits of an SA that counts from 0 again. */
function whatIsLeft({ limits = {}, usage }: XfrmSaState): Limits {
  const left = (limit: bigint | undefined): bigint => {
    if (limit === undefined || limit === 0n) return 0n;
    return limit > usage.octets ? limit - usage.octets : 1n;
  };
  return { ...limits, softOctets: left(limits.softOctets), hardOctets: left(limits.hardOctets) };
}

/** See the head of the file. */
export class Entries {
  readonly #transport: KernelTransport;

  constructor(transport: KernelTransport) {
    this.#transport = transport;
  }

  add(sa: XfrmSa): ReturnType<KernelTransport["request"]> {
    const request = newSa(sa);
    const added = this.#transport.request(request, "install an IPsec SA");
    request.body.fill(0);
    return added;
  }

  /** It may be gone already, by a limit of its own or by somebody else's hand. */
  remove(name: SaName): void {
    this.#transport.request(deleteSa(name), "remove an IPsec SA");
  }

  removePolicy(name: PolicyName): void {
    this.#transport.request(deletePolicy(name), "remove an IPsec policy");
  }

  /** One SA without its keys; undefined where it is not there. */
  sa(name: SaName): XfrmSaState | undefined {
    const sa = this.#fetch(name);
    if (sa !== undefined) wipeKeys(sa);
    return sa;
  }

  /** Moves one SA with its sequence numbers and window; what it was before, undefined where it is lost. */
  relocate(name: SaName, way: Way): XfrmSaState | undefined {
    const before = this.#fetch(name);
    if (before === undefined) return undefined;
    this.remove(name);
    const added = this.add({ ...relocated(before, way), limits: whatIsLeft(before) });
    wipeKeys(before);
    return added.ok ? before : undefined;
  }

  /** All SAs of the kernel, whoever made them, without keys; undefined where it would not tell. */
  sas(): Map<string, XfrmSaState> | undefined {
    const all = this.#list(dumpSas(), "list IPsec SAs", parseSa, saKey);
    for (const sa of all?.values() ?? []) wipeKeys(sa);
    return all;
  }

  /** All policies of the kernel but those of sockets; undefined where it would not tell. */
  policies(): Map<string, XfrmPolicyState> | undefined {
    return this.#list(dumpPolicies(), "list IPsec policies", parsePolicy, policyKey);
  }

  #fetch(name: SaName): XfrmSaState | undefined {
    const answer = this.#transport.request(getSa(name), "read an IPsec SA");
    return answer.ok ? answer.value.map(parseSa).find((sa) => sa !== undefined) : undefined;
  }

  #list<T>(
    request: NetlinkRequest,
    action: string,
    parse: (message: NetlinkMessage) => T | undefined,
    key: (entry: T) => string,
  ): Map<string, T> | undefined {
    const answer = this.#transport.request(request, action);
    if (!answer.ok) return undefined;
    const entries = answer.value.map(parse).filter((entry) => entry !== undefined);
    return new Map(entries.map((entry) => [key(entry), entry]));
  }
}
