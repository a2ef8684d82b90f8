/** Refusals of the kernel, and what they mean. */
import type { DatapathError } from "../types.ts";
import type { IpsecProtocol } from "./values.ts";

/** The kernel's refusal. `message` is one line for the log. */
export interface KernelFailure {
  /** 0: the interface has no word for what was asked. */
  readonly errno: number;
  readonly message: string;
}

export const ERRNO = {
  EPERM: 1,
  ENOENT: 2,
  ESRCH: 3,
  ENOMEM: 12,
  EEXIST: 17,
  EINVAL: 22,
  ENOSYS: 38,
  ELIBBAD: 80,
  ENOPROTOOPT: 92,
  EPROTONOSUPPORT: 93,
  EOPNOTSUPP: 95,
  EAFNOSUPPORT: 97,
  ENOBUFS: 105,
  ECONNREFUSED: 111,
  ENOKEY: 126,
  EKEYREJECTED: 129,
} as const;

/** What an SA or policy wants of the kernel. */
export interface Wants {
  readonly protocol: IpsecProtocol;
  /** Modules of its algorithms. */
  readonly algorithms: string;
  /** Module of the interface. */
  readonly module: string;
}

const MODULES: Readonly<Record<IpsecProtocol, string>> = {
  esp: "the kernel lacks ESP: load the modules esp4 and esp6 (CONFIG_INET_ESP, CONFIG_INET6_ESP)",
  ah: "the kernel lacks AH: load the modules ah4 and ah6 (CONFIG_INET_AH, CONFIG_INET6_AH)",
  ipcomp:
    "the kernel lacks IPComp: load the modules ipcomp and ipcomp6 (CONFIG_INET_IPCOMP, CONFIG_INET6_IPCOMP)",
};

/** What the kernel lacks where it refuses an SA or policy with this errno; undefined where that does not tell. */
export function whatIsMissing(errno: number, { protocol, algorithms, module }: Wants): string | undefined {
  switch (errno) {
    case ERRNO.EPERM:
      return "this needs root or CAP_NET_ADMIN";
    case ERRNO.ENOENT:
    case ERRNO.ENOSYS:
      return `the kernel lacks an algorithm: load ${algorithms}`;
    case ERRNO.ELIBBAD:
      return `an algorithm is not allowed (fips=1) or failed the kernel's own test: ${algorithms}`;
    case ERRNO.ENOKEY:
    case ERRNO.EKEYREJECTED:
      return "the kernel refuses this key as a weak one of its cipher (fips=1)";
    case ERRNO.EINVAL:
      return `the kernel does not take this key length, ICV, window or mode with ${algorithms}`;
    case ERRNO.EPROTONOSUPPORT:
      return MODULES[protocol];
    case ERRNO.ENOPROTOOPT:
      return "the kernel lacks a part of XFRM (CONFIG_XFRM_SUB_POLICY, CONFIG_XFRM_MIGRATE or UDP encapsulation)";
    case ERRNO.EAFNOSUPPORT:
      return "the kernel lacks this address family for IPsec (CONFIG_IPV6)";
    case ERRNO.ENOMEM:
    case ERRNO.ENOBUFS:
      return "the kernel has no memory left for it";
    case ERRNO.ECONNREFUSED:
    case ERRNO.EOPNOTSUPP:
      return `the kernel does not know this interface: load the module ${module}`;
    default:
      return undefined;
  }
}

/** A refusal as the engine is told of it. */
export function explain({ errno, message }: KernelFailure, wants: Wants): DatapathError {
  if (errno === ERRNO.EEXIST) return { code: "spi-in-use", message };
  if (errno === 0) return { code: "unsupported", message };
  const missing = whatIsMissing(errno, wants);
  return missing === undefined
    ? { code: "failed", message }
    : { code: "unsupported", message: `${message}: ${missing}` };
}
