/** errno values of Linux on x86-64 and arm64 that iked meets, with the words it shows to people. */

const TABLE = {
  EPERM: [1, "not permitted"],
  ENOENT: [2, "no such file"],
  ESRCH: [3, "no such entry"],
  EINTR: [4, "interrupted"],
  EIO: [5, "input/output error"],
  ENXIO: [6, "no such device or address"],
  E2BIG: [7, "too long"],
  EBADF: [9, "bad file descriptor"],
  EAGAIN: [11, "nothing there yet"],
  ENOMEM: [12, "out of memory"],
  EACCES: [13, "permission denied"],
  EFAULT: [14, "bad address"],
  EBUSY: [16, "busy"],
  EEXIST: [17, "exists already"],
  ENODEV: [19, "no such device"],
  ENOTDIR: [20, "not a directory"],
  EISDIR: [21, "is a directory"],
  EINVAL: [22, "invalid argument"],
  ENFILE: [23, "too many open files in the system"],
  EMFILE: [24, "too many open files"],
  ENOSPC: [28, "no space left"],
  EPIPE: [32, "nobody reads the other end"],
  ERANGE: [34, "out of range"],
  ENAMETOOLONG: [36, "name too long"],
  ENOSYS: [38, "not in this kernel"],
  ENOTSOCK: [88, "not a socket"],
  EDESTADDRREQ: [89, "destination address needed"],
  EMSGSIZE: [90, "message too long for the path"],
  ENOPROTOOPT: [92, "option not in this kernel"],
  EPROTONOSUPPORT: [93, "protocol not in this kernel"],
  EOPNOTSUPP: [95, "operation not supported"],
  EAFNOSUPPORT: [97, "address family not supported"],
  EADDRINUSE: [98, "address already in use"],
  EADDRNOTAVAIL: [99, "address is not ours"],
  ENETDOWN: [100, "network is down"],
  ENETUNREACH: [101, "network is unreachable"],
  ECONNRESET: [104, "connection reset"],
  ENOBUFS: [105, "out of buffer space"],
  EISCONN: [106, "already connected"],
  ENOTCONN: [107, "not connected"],
  ETIMEDOUT: [110, "timed out"],
  ECONNREFUSED: [111, "connection refused"],
  EHOSTDOWN: [112, "host is down"],
  EHOSTUNREACH: [113, "no route to host"],
  EALREADY: [114, "already under way"],
  EINPROGRESS: [115, "under way"],
} as const satisfies Record<string, readonly [number, string]>;

/** Name of an errno that the table knows. */
export type ErrnoName = keyof typeof TABLE;

/** errno numbers by name. */
export const ERRNO: { readonly [Name in ErrnoName]: number } = Object.fromEntries(
  Object.entries(TABLE).map(([name, [number]]) => [name, number]),
) as { [Name in ErrnoName]: number };

const BY_NUMBER: ReadonlyMap<number, readonly [string, string]> = new Map(
  Object.entries(TABLE).map(([name, [number, words]]) => [number, [name, words]]),
);

/** `EADDRINUSE`, or `errno 123` for one the table does not have. */
export function errnoName(errno: number): string {
  return BY_NUMBER.get(errno)?.[0] ?? `errno ${errno}`;
}

/** `address already in use (EADDRINUSE)`. */
export function describeErrno(errno: number): string {
  const entry = BY_NUMBER.get(errno);
  return entry === undefined ? `errno ${errno}` : `${entry[1]} (${entry[0]})`;
}

/** A call of libc that failed. */
export class LibcError extends Error {
  /** The errno's name, such as `EPERM`. */
  readonly code: string;

  /** `action` completes "Cannot …": `bind UDP port 500`. */
  constructor(readonly action: string, readonly errno: number) {
    super(`Cannot ${action}: ${describeErrno(errno)}`);
    this.name = "LibcError";
    this.code = errnoName(errno);
  }
}
