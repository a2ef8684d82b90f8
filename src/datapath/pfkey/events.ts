/** What the kernel tells of its own accord, as messages of PF_KEY (RFC 2367 §3.1.6 and §3.1.8). */
import { StructReader } from "../kernel/layout.ts";
import type { KernelEvent } from "../kernel/values.ts";
import { readAddress } from "./extensions.ts";
import type { PfkeyMessage } from "./message.ts";
import { parsePolicy, readPolicyWord } from "./policy.ts";
import { EXT, nameOf, SADB, SATYPE } from "./numbers.ts";
import { parseSa, readSaName } from "./sa.ts";

/** The packet is not told of: only the policy that it met, and where the SA would go. */
function parseAcquire(message: PfkeyMessage): KernelEvent | undefined {
  const { satype, sequence, extensions } = message;
  const protocol = nameOf(SATYPE, satype), policy = readPolicyWord(message);
  const source = readAddress(extensions.get(EXT.ADDRESS_SRC));
  const destination = readAddress(extensions.get(EXT.ADDRESS_DST));
  if (protocol === undefined || policy === undefined) return undefined;
  if (source === undefined || destination === undefined) return undefined;
  return {
    kind: "acquire",
    sequence,
    protocol,
    source: source.address,
    destination: destination.address,
    policyIndex: policy.index,
    priority: policy.priority,
  };
}

function parseExpire(message: PfkeyMessage): KernelEvent | undefined {
  const sa = parseSa(message);
  if (sa === undefined) return undefined;
  const { destination, spi, protocol, reqid } = sa;
  return {
    kind: "expire",
    sa: { destination, spi, protocol },
    reqid,
    hard: message.extensions.has(EXT.LIFETIME_HARD),
  };
}

/** The peer's old address and port stand as source, its new ones as destination; the SA's own end is not told. */
function parseMapping(message: PfkeyMessage): KernelEvent | undefined {
  const { satype, extensions } = message;
  const protocol = nameOf(SATYPE, satype);
  const sa = extensions.get(EXT.SA);
  const from = readAddress(extensions.get(EXT.ADDRESS_SRC));
  const to = readAddress(extensions.get(EXT.ADDRESS_DST));
  const [oldPort, newPort] = [EXT.X_NAT_T_SPORT, EXT.X_NAT_T_DPORT].map((type) => {
    const octets = extensions.get(type);
    return octets === undefined || octets.length < 4 ? undefined : new StructReader(octets).port();
  });
  if (protocol === undefined || sa === undefined || sa.length < 12) return undefined;
  if (from === undefined || to === undefined || oldPort === undefined || newPort === undefined) {
    return undefined;
  }
  return {
    kind: "mapping",
    sa: { spi: new StructReader(sa).spi(), protocol },
    from: { address: from.address, port: oldPort },
    to: { address: to.address, port: newPort },
  };
}

/** The event of a message; undefined for one that is none, is cut short, or concerns what there is no word for. */
export function parseEvent(message: PfkeyMessage): KernelEvent | undefined {
  if (message.errno !== 0) return undefined;
  switch (message.type) {
    case SADB.ACQUIRE:
      return parseAcquire(message);
    case SADB.EXPIRE:
      return parseExpire(message);
    case SADB.X_NAT_T_NEW_MAPPING:
      return parseMapping(message);
    case SADB.DELETE: {
      const sa = readSaName(message);
      return sa && { kind: "sa-gone", sa };
    }
    case SADB.X_SPDDELETE:
    case SADB.X_SPDDELETE2: {
      const policy = parsePolicy(message);
      return policy && { kind: "policy-gone", policy };
    }
    case SADB.FLUSH:
    case SADB.X_SPDFLUSH:
      return { kind: "flushed" };
    default:
      return undefined;
  }
}
