/** A kernel of IPsec in memory: takes the requests of PF_KEY as octets, answers and refuses as Linux does. */
import { fail, ok, type Result } from "../../../src/bytes/mod.ts";
import { describeErrno } from "../../../ffi/libc/mod.ts";
import { type KernelFailure, policyKey, saKey } from "../../../src/datapath/kernel/mod.ts";
import {
  encodeMessage,
  EXT,
  extension,
  parseMessage,
  parsePolicy,
  parseSa,
  type PfkeyMessage,
  type PfkeyRequest,
  type PfkeyTransport,
  readSaName,
  SADB,
  SATYPE,
} from "../../../src/datapath/pfkey/mod.ts";

const EEXIST = 17, ENOENT = 2, ESRCH = 3, EINVAL = 22;

/** An entry: its message, as the kernel would repeat it. */
type Entry = Uint8Array;

/** See the head of the file. */
export class FakePfkey implements PfkeyTransport {
  readonly sas = new Map<string, Entry>();
  readonly policies = new Map<string, Entry>();
  /** Types of requests, in order. */
  readonly asked: number[] = [];
  /** Fails the request that comes after so many more, with this errno. */
  failing: { after: number; errno: number } | undefined;

  request(request: PfkeyRequest, action: string): Result<readonly PfkeyMessage[], KernelFailure> {
    const { type } = request;
    this.asked.push(type);
    const refuse = (errno: number) => fail({ errno, message: `Cannot ${action}: ${describeErrno(errno)}` });
    if (this.failing !== undefined && this.failing.after-- <= 0) {
      const { errno } = this.failing;
      this.failing = undefined;
      return refuse(errno);
    }
    const octets = encodeMessage(request, 1, 4242);
    const message = parseMessage(octets)!;
    const answer = (list: Iterable<Entry>) => ok([...list].map((entry) => parseMessage(entry.slice())!));
    switch (type) {
      case SADB.ADD:
      case SADB.UPDATE: {
        const sa = parseSa(message);
        // Both limits or none; ESP has an encryption key, be it an empty one.
        const whole = message.extensions.has(EXT.LIFETIME_HARD) ===
            message.extensions.has(EXT.LIFETIME_SOFT) &&
          (sa?.protocol !== "esp" || message.extensions.has(EXT.KEY_ENCRYPT));
        if (sa === undefined || !whole) return refuse(EINVAL);
        if (this.sas.has(saKey(sa)) !== (type === SADB.UPDATE)) {
          return refuse(type === SADB.ADD ? EEXIST : ESRCH);
        }
        this.sas.set(saKey(sa), octets);
        return answer([octets]);
      }
      case SADB.DELETE:
      case SADB.GET: {
        const key = saKey(readSaName(message)!), found = this.sas.get(key);
        if (found === undefined) return refuse(ESRCH);
        if (type === SADB.DELETE) this.sas.delete(key);
        return answer([found]);
      }
      case SADB.DUMP:
        return this.sas.size === 0 ? refuse(ENOENT) : answer(this.sas.values());
      case SADB.X_SPDADD:
      case SADB.X_SPDUPDATE: {
        const policy = parsePolicy(message);
        if (policy === undefined) return refuse(EINVAL);
        if (type === SADB.X_SPDADD && this.policies.has(policyKey(policy))) return refuse(EEXIST);
        this.policies.set(policyKey(policy), octets);
        return answer([octets]);
      }
      case SADB.X_SPDDELETE: {
        const key = policyKey(parsePolicy(message)!), found = this.policies.get(key);
        this.policies.delete(key);
        return found === undefined ? refuse(ENOENT) : answer([found]);
      }
      case SADB.X_SPDDUMP:
        return this.policies.size === 0 ? refuse(ENOENT) : answer(this.policies.values());
    }
    return refuse(EINVAL);
  }

  /** An SA's message as the kernel tells of it when a limit is reached: with that limit alone. */
  expire(key: string, hard: boolean): PfkeyMessage {
    const message = parseMessage(this.sas.get(key)!)!;
    if (hard) this.sas.delete(key);
    const extensions = new Map(message.extensions);
    extensions.delete(hard ? EXT.LIFETIME_SOFT : EXT.LIFETIME_HARD);
    return { ...message, type: SADB.EXPIRE, extensions };
  }

  /** Lets an SA have carried so much. */
  count(key: string, octets: number, packets: number): void {
    const message = parseMessage(this.sas.get(key)!)!;
    const current = new DataView(new ArrayBuffer(28));
    current.setUint32(0, packets, true);
    current.setBigUint64(4, BigInt(octets), true);
    const rest = [...message.extensions].filter(([type]) => type !== EXT.LIFETIME_CURRENT);
    const extensions = [
      ...rest.map(([type, body]) => extension(type, body)),
      extension(EXT.LIFETIME_CURRENT, new Uint8Array(current.buffer)),
    ];
    this.sas.set(key, encodeMessage({ ...message, extensions }, 1, 4242));
  }

  /** That a packet met a policy which has no SA. */
  acquire(key: string): PfkeyMessage {
    const message = parseMessage(this.policies.get(key)!)!;
    return { ...message, type: SADB.ACQUIRE, satype: SATYPE.esp, sequence: 7 };
  }

  /** The SAs, as values. */
  states() {
    return [...this.sas.values()].map((octets) => parseSa(parseMessage(octets)!)!);
  }

  /** The policies, as values. */
  rules() {
    return [...this.policies.values()].map((octets) => parsePolicy(parseMessage(octets)!)!);
  }
}
