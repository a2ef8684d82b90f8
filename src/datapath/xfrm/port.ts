/** The kernel's tables behind netlink XFRM. Requests and answers with keys are wiped. */
import { fail, ok, type Result } from "../../bytes/mod.ts";
import type { KernelFailure } from "../kernel/failure.ts";
import { wipeKeys } from "../kernel/pair.ts";
import { type KernelPort, relocated, type Way } from "../kernel/port.ts";
import { WIDE_REQIDS } from "../kernel/reqids.ts";
import type {
  KernelPolicy,
  KernelPolicyState,
  KernelSa,
  KernelSaState,
  Limits,
  PolicyName,
  SaName,
} from "../kernel/values.ts";
import type { NetlinkMessage, NetlinkRequest } from "../rtnetlink/message.ts";
import { deletePolicy, dumpPolicies, parsePolicy, putPolicy } from "./policy.ts";
import { deleteSa, dumpSas, getSa, newSa, parseSa } from "./sa.ts";

/** A netlink socket of NETLINK_XFRM: one request, its answers. `action` completes "Cannot …" should it fail. */
export interface XfrmTransport {
  request(request: NetlinkRequest, action: string): Result<readonly NetlinkMessage[], KernelFailure>;
}

/** The limits of an SA that counts from 0 again. */
function whatIsLeft({ limits = {}, usage }: KernelSaState): Limits {
  const left = (limit: bigint | undefined): bigint => {
    if (limit === undefined || limit === 0n) return 0n;
    return limit > usage.octets ? limit - usage.octets : 1n;
  };
  return { ...limits, softOctets: left(limits.softOctets), hardOctets: left(limits.hardOctets) };
}

/** See the head of the file. */
export class XfrmPort implements KernelPort {
  readonly module = "xfrm_user (CONFIG_XFRM_USER)";
  readonly reqids = WIDE_REQIDS;
  readonly #transport: XfrmTransport;

  constructor(transport: XfrmTransport) {
    this.#transport = transport;
  }

  addSa(sa: KernelSa): Result<void, KernelFailure> {
    const request = newSa(sa);
    const added = this.#order(request, "install an IPsec SA");
    request.body.fill(0);
    return added;
  }

  removeSa(name: SaName): Result<void, KernelFailure> {
    return this.#order(deleteSa(name), "remove an IPsec SA");
  }

  sa(name: SaName): KernelSaState | undefined {
    const sa = this.#fetch(name);
    if (sa !== undefined) wipeKeys(sa);
    return sa;
  }

  sas(): KernelSaState[] | undefined {
    const all = this.#list(dumpSas(), "list IPsec SAs", parseSa);
    for (const sa of all ?? []) wipeKeys(sa);
    return all;
  }

  /**
   * The SA is made anew where it was. MIGRATE would not do: it finds SAs by addresses and reqid instead of SPI, so that
   * of two that take turns (a rekey) it moves whichever it meets first, and the old and the new SA count on from the same
   * sequence number until the old one is gone.
   */
  relocateSa(name: SaName, way: Way): KernelSaState | undefined {
    const before = this.#fetch(name);
    if (before === undefined) return undefined;
    this.removeSa(name);
    const added = this.addSa({ ...relocated(before, way), limits: whatIsLeft(before) });
    wipeKeys(before);
    return added.ok ? before : undefined;
  }

  putPolicy(policy: KernelPolicy): Result<void, KernelFailure> {
    return this.#order(putPolicy(policy), "install an IPsec policy");
  }

  removePolicy(name: PolicyName): Result<void, KernelFailure> {
    return this.#order(deletePolicy(name), "remove an IPsec policy");
  }

  policies(): KernelPolicyState[] | undefined {
    return this.#list(dumpPolicies(), "list IPsec policies", parsePolicy);
  }

  #order(request: NetlinkRequest, action: string): Result<void, KernelFailure> {
    const answer = this.#transport.request(request, action);
    return answer.ok ? ok(undefined) : fail(answer.error);
  }

  #fetch(name: SaName): KernelSaState | undefined {
    const answer = this.#transport.request(getSa(name), "read an IPsec SA");
    return answer.ok ? answer.value.map(parseSa).find((sa) => sa !== undefined) : undefined;
  }

  #list<T>(
    request: NetlinkRequest,
    action: string,
    parse: (message: NetlinkMessage) => T | undefined,
  ): T[] | undefined {
    const answer = this.#transport.request(request, action);
    return answer.ok ? answer.value.map(parse).filter((entry) => entry !== undefined) : undefined;
  }
}
