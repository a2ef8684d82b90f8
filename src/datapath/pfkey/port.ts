/** The kernel's tables behind PF_KEY. Requests and answers with keys are wiped. */
import { fail, ok, type Result } from "../../bytes/mod.ts";
import { ERRNO, type KernelFailure } from "../kernel/failure.ts";
import { wipeKeys } from "../kernel/pair.ts";
import { type Lack, probeKernel } from "../kernel/probe.ts";
import { type KernelPort, relocated, type Way } from "../kernel/port.ts";
import { SMALL_REQID_MARK, SMALL_REQIDS } from "../kernel/reqids.ts";
import type {
  KernelPolicy,
  KernelPolicyState,
  KernelSa,
  KernelSaState,
  PolicyName,
  SaName,
} from "../kernel/values.ts";
import type { ChildNeed } from "../need.ts";
import { sameAddress } from "../../ip/mod.ts";
import type { PfkeyMessage, PfkeyRequest } from "./message.ts";
import { deletePolicy, dumpPolicies, parsePolicy, unsayable, updatePolicy } from "./policy.ts";
import { addSa, deleteSa, dumpSas, getSa, parseSa, sayable, updateSa } from "./sa.ts";

/** A socket of PF_KEY: one request, its answers, all of a list. `action` completes "Cannot …" should it fail. */
export interface PfkeyTransport {
  request(request: PfkeyRequest, action: string): Result<readonly PfkeyMessage[], KernelFailure>;
}

function wordless(action: string, message: string): Result<never, KernelFailure> {
  return fail({ errno: 0, message: `Cannot ${action}: ${message}` });
}

/** See the head of the file. */
export class PfkeyPort implements KernelPort {
  readonly module = "af_key (CONFIG_NET_KEY)";
  readonly reqids = SMALL_REQIDS;
  readonly #transport: PfkeyTransport;

  constructor(transport: PfkeyTransport) {
    this.#transport = transport;
  }

  addSa(sa: KernelSa): Result<void, KernelFailure> {
    const action = "install an IPsec SA";
    const numbers = sayable(sa);
    if ("message" in numbers) return wordless(action, numbers.message);
    const limits = { ...sa.limits, softUseSeconds: SMALL_REQID_MARK };
    return this.#order(addSa({ ...sa, limits }, numbers), action);
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

  /** New ports of UDP are taken in place. For new addresses there is no word that keeps the sequence numbers. */
  relocateSa(name: SaName, way: Way): KernelSaState | undefined {
    const before = this.#fetch(name);
    if (before === undefined) return undefined;
    const stays = sameAddress(before.source, way.source) &&
      sameAddress(before.destination, way.destination) &&
      (before.encapsulation === undefined) === (way.encapsulation === undefined);
    const moved = relocated(before, way), numbers = sayable(moved);
    const done = stays && !("message" in numbers) &&
      this.#order(updateSa(moved, numbers), "move an IPsec SA").ok;
    wipeKeys(before);
    if (!done) this.removeSa(name);
    // It goes on counting.
    return done ? { ...before, usage: { ...before.usage, octets: 0n, packets: 0n } } : undefined;
  }

  putPolicy(policy: KernelPolicy): Result<void, KernelFailure> {
    const action = "install an IPsec policy";
    const message = unsayable(policy);
    return message === undefined ? this.#order(updatePolicy(policy), action) : wordless(action, message);
  }

  removePolicy(name: PolicyName): Result<void, KernelFailure> {
    return this.#order(deletePolicy(name), "remove an IPsec policy");
  }

  policies(): KernelPolicyState[] | undefined {
    return this.#list(dumpPolicies(), "list IPsec policies", parsePolicy);
  }

  #order(request: PfkeyRequest, action: string): Result<void, KernelFailure> {
    const done = this.#transport.request(request, action);
    for (const octets of request.extensions) octets.fill(0);
    // The kernel's answer repeats the keys, even those of what it removed.
    for (const message of done.ok ? done.value : []) {
      for (const octets of message.extensions.values()) octets.fill(0);
    }
    return done.ok ? ok(undefined) : fail(done.error);
  }

  #fetch(name: SaName): KernelSaState | undefined {
    const answer = this.#transport.request(getSa(name), "read an IPsec SA");
    return answer.ok ? answer.value.map(parseSa).find((sa) => sa !== undefined) : undefined;
  }

  #list<T>(
    request: PfkeyRequest,
    action: string,
    parse: (message: PfkeyMessage) => T | undefined,
  ): T[] | undefined {
    const answer = this.#transport.request(request, action);
    // An empty table has no entry that could be the last.
    if (!answer.ok) return answer.error.errno === ERRNO.ENOENT ? [] : undefined;
    return answer.value.map(parse).filter((entry) => entry !== undefined);
  }
}

/** The first of these needs that the interface has no word for, whatever the kernel can do. */
export function wordlessNeed(needs: readonly ChildNeed[]): Lack | undefined {
  const port = new PfkeyPort({ request: () => ok([]) });
  return probeKernel(port, needs, (length) => new Uint8Array(length));
}
