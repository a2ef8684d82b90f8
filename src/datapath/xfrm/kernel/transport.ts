/** What the kernel's IPsec is reached by, and what its refusals mean. */
import type { Result } from "../../../bytes/mod.ts";
import type { NetlinkMessage, NetlinkRequest } from "../../rtnetlink/message.ts";

/** The kernel's refusal. `message` is one line for the log. */
export interface KernelFailure {
  readonly errno: number;
  readonly message: string;
}

/** A netlink socket of NETLINK_XFRM: one request, its answers. `action` completes "Cannot …" should it fail. */
export interface KernelTransport {
  request(request: NetlinkRequest, action: string): Result<readonly NetlinkMessage[], KernelFailure>;
}

export const ERRNO = {
  EPERM: 1,
  ENOENT: 2,
  ESRCH: 3,
  ENOMEM: 12,
  EEXIST: 17,
  EINVAL: 22,
  ENOSYS: 38,
  ENOPROTOOPT: 92,
  EPROTONOSUPPORT: 93,
  EOPNOTSUPP: 95,
  EAFNOSUPPORT: 97,
  ENOBUFS: 105,
  ECONNREFUSED: 111,
} as const;

/** What the kernel lacks where it refuses an SA or policy with this errno; undefined where that does not tell. */
export function whatIsMissing(errno: number, protocol: "esp" | "ah", modules: string): string | undefined {
  switch (errno) {
    case ERRNO.EPERM:
      return "this needs root or CAP_NET_ADMIN";
    case ERRNO.ENOENT:
    case ERRNO.ENOSYS:
      return `the kernel lacks an algorithm: load ${modules}`;
    case ERRNO.EPROTONOSUPPORT:
      return protocol === "esp"
        ? "the kernel lacks ESP: load the modules esp4 and esp6 (CONFIG_INET_ESP, CONFIG_INET6_ESP)"
        : "the kernel lacks AH: load the modules ah4 and ah6 (CONFIG_INET_AH, CONFIG_INET6_AH)";
    case ERRNO.ENOPROTOOPT:
      return "the kernel lacks a part of XFRM (CONFIG_XFRM_SUB_POLICY, CONFIG_XFRM_MIGRATE or UDP encapsulation)";
    case ERRNO.EAFNOSUPPORT:
      return "the kernel lacks this address family for IPsec (CONFIG_IPV6)";
    case ERRNO.ENOMEM:
    case ERRNO.ENOBUFS:
      return "the kernel has no memory left for it";
    case ERRNO.ECONNREFUSED:
    case ERRNO.EOPNOTSUPP:
      return "the kernel has no XFRM: load the module xfrm_user (CONFIG_XFRM_USER)";
    default:
      return undefined;
  }
}
