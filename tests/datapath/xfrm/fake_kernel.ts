/** A kernel of IPsec in memory: takes the requests of netlink XFRM, answers and refuses as Linux does. */
import { fail, ok, type Result } from "../../../src/bytes/mod.ts";
import { describeErrno } from "../../../ffi/libc/mod.ts";
import type { NetlinkMessage, NetlinkRequest } from "../../../src/datapath/rtnetlink/mod.ts";
import { NLM_F_DUMP } from "../../../src/datapath/rtnetlink/mod.ts";
import {
  type KernelFailure,
  type KernelPolicyState,
  type KernelSaState,
  type PolicyName,
  selectorKey,
} from "../../../src/datapath/kernel/mod.ts";
import {
  parseDeletedPolicy,
  parseDeletedSa,
  parsePolicy,
  parseSa,
  XFRM_MSG,
  type XfrmTransport,
} from "../../../src/datapath/xfrm/mod.ts";

const EEXIST = 17, ENOENT = 2, ESRCH = 3;
/** Where a NEWSA's body has the counters: octets, packets. */
const USAGE_AT = 160;

interface Entry<T> {
  readonly state: T;
  readonly body: Uint8Array;
}

export const saName = (sa: { destination: { value: bigint }; spi: number; protocol: string }): string =>
  `${sa.destination.value.toString(16)} ${sa.spi.toString(16)} ${sa.protocol}`;

/** Policies of different interfaces do not know of each other. */
function nameOf({ direction, selector, interfaceId }: PolicyName): string {
  const own = interfaceId === undefined ? "" : ` if ${interfaceId}`;
  return `${direction} ${selectorKey(selector)}${own}`;
}

/** See the head of the file. */
export class FakeKernel implements XfrmTransport {
  readonly sas = new Map<string, Entry<KernelSaState>>();
  readonly policies = new Map<string, Entry<KernelPolicyState>>();
  /** Policies that were removed, in order. */
  readonly deleted: string[] = [];
  /** Kinds of requests, in order. */
  readonly asked: number[] = [];
  /** Fails the request that comes after so many more, with this errno. */
  failing: { after: number; errno: number } | undefined;

  request(request: NetlinkRequest, action: string): Result<readonly NetlinkMessage[], KernelFailure> {
    this.asked.push(request.type);
    const refuse = (errno: number) => fail({ errno, message: `Cannot ${action}: ${describeErrno(errno)}` });
    if (this.failing !== undefined && this.failing.after-- <= 0) {
      const { errno } = this.failing;
      this.failing = undefined;
      return refuse(errno);
    }
    const { type, flags } = request;
    const body = request.body.slice();
    const message: NetlinkMessage = { type, flags, sequence: 1, body };
    const answer = (list: Iterable<Uint8Array>, kind: number) =>
      ok([...list].map((octets) => ({ type: kind, flags: 0, sequence: 1, body: octets.slice() })));
    switch (type) {
      case XFRM_MSG.NEWSA: {
        const state = parseSa(message)!;
        if (this.sas.has(saName(state))) return refuse(EEXIST);
        this.sas.set(saName(state), { state, body });
        return ok([]);
      }
      case XFRM_MSG.DELSA:
        return this.sas.delete(saName(parseDeletedSa(message)!)) ? ok([]) : refuse(ESRCH);
      case XFRM_MSG.GETSA: {
        if ((flags & NLM_F_DUMP) === NLM_F_DUMP) {
          return answer([...this.sas.values()].map((entry) => entry.body), XFRM_MSG.NEWSA);
        }
        const found = this.sas.get(saName(parseDeletedSa({ ...message, type: XFRM_MSG.DELSA })!));
        return found === undefined ? refuse(ESRCH) : answer([found.body], XFRM_MSG.NEWSA);
      }
      case XFRM_MSG.NEWPOLICY:
      case XFRM_MSG.UPDPOLICY: {
        const state = parsePolicy(message)!;
        const key = nameOf(state);
        if (type === XFRM_MSG.NEWPOLICY && this.policies.has(key)) return refuse(EEXIST);
        this.policies.set(key, { state, body });
        return ok([]);
      }
      case XFRM_MSG.DELPOLICY: {
        const key = nameOf(parseDeletedPolicy(message)!);
        this.deleted.push(key);
        return this.policies.delete(key) ? ok([]) : refuse(ENOENT);
      }
      case XFRM_MSG.GETPOLICY:
        return answer([...this.policies.values()].map((entry) => entry.body), XFRM_MSG.NEWPOLICY);
    }
    return refuse(22);
  }

  /** Lets an SA have carried so much. */
  count(name: string, octets: number, packets: number): void {
    const view = new DataView(this.sas.get(name)!.body.buffer);
    view.setBigUint64(USAGE_AT, BigInt(octets), true);
    view.setBigUint64(USAGE_AT + 8, BigInt(packets), true);
  }

  /** What an EXPIRE says of an SA. */
  expire(name: string, hard: boolean): NetlinkMessage {
    const body = new Uint8Array(232);
    body.set(this.sas.get(name)!.body.subarray(0, 224));
    body[224] = hard ? 1 : 0;
    if (hard) this.sas.delete(name);
    return { type: XFRM_MSG.EXPIRE, flags: 0, sequence: 0, body };
  }
}
