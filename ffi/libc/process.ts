/** Who this process is and what it may do (credentials(7), capabilities(7)), and signals that are to be ignored. */
import type { Libc } from "./libc.ts";

const PR_SET_PDEATHSIG = 1;
const PR_SET_DUMPABLE = 4;
const PR_SET_SECUREBITS = 28;
const PR_SET_NO_NEW_PRIVS = 38;
const SECBIT_NO_SETUID_FIXUP = 1 << 2;
const CAPABILITY_VERSION_3 = 0x20080522;
const SIG_IGN = 1n;
const SIG_ERR = 0xffff_ffff_ffff_ffffn;

/** CAP_…: bits of a capability set. */
export const CAP = {
  SETGID: 1n << 6n,
  SETUID: 1n << 7n,
  NET_BIND_SERVICE: 1n << 10n,
  NET_ADMIN: 1n << 12n,
  NET_RAW: 1n << 13n,
  SYS_ADMIN: 1n << 21n,
} as const;

/** Real and effective ids. */
export interface Identity {
  readonly uid: number;
  readonly euid: number;
  readonly gid: number;
  readonly egid: number;
}

/** Capability sets of a thread. */
export interface Capabilities {
  readonly effective: bigint;
  readonly permitted: bigint;
  readonly inheritable: bigint;
}

/** The ids of this process. */
export function identity(libc: Libc): Identity {
  const { c } = libc;
  return { uid: c.getuid(), euid: c.geteuid(), gid: c.getgid(), egid: c.getegid() };
}

/**
 * Becomes another user for good, in all threads. They lose their capabilities with it, but for those that
 * `keepCapabilities` was called in before.
 */
export function becomeUser(libc: Libc, uid: number, gid: number): void {
  const { c } = libc;
  libc.unwrap(c.setgroups(1, new Uint32Array([gid])), "drop supplementary groups");
  libc.unwrap(c.setresgid(gid, gid, gid), `become group ${gid}`);
  libc.unwrap(c.setresuid(uid, uid, uid), `become user ${uid}`);
}

/** The calling thread keeps its capabilities when the user changes. */
export function keepCapabilities(libc: Libc): void {
  libc.unwrap(libc.c.prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0), "keep capabilities");
}

/** Nothing that is executed from the calling thread may gain privileges. */
export function noNewPrivileges(libc: Libc): void {
  libc.unwrap(libc.c.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "give up new privileges");
}

/** No core dump has our keys, and no process of the same user may attach. */
export function notDumpable(libc: Libc): void {
  libc.unwrap(libc.c.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0), "turn off core dumps");
}

/** This process gets the signal when the thread that started it ends. */
export function dieWithParent(libc: Libc, signal: number): void {
  libc.unwrap(libc.c.prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0), "die with the parent");
}

/** The calling thread's capabilities. */
export function capabilities(libc: Libc): Capabilities {
  const sets = new Uint32Array(6);
  libc.unwrap(libc.c.capget(new Uint32Array([CAPABILITY_VERSION_3, 0]), sets), "read the capabilities");
  const set = (at: number) => BigInt(sets[at]!) | (BigInt(sets[at + 3]!) << 32n);
  return { effective: set(0), permitted: set(1), inheritable: set(2) };
}

/** Gives the calling thread just these, of those that it is permitted. */
export function setCapabilities(libc: Libc, { effective, permitted, inheritable }: Capabilities): void {
  const sets = [effective, permitted, inheritable];
  const low = sets.map((set) => Number(set & 0xffff_ffffn)), high = sets.map((set) => Number(set >> 32n));
  const header = new Uint32Array([CAPABILITY_VERSION_3, 0]);
  libc.unwrap(libc.c.capset(header, new Uint32Array([...low, ...high])), "set the capabilities");
}

/** Ignores a signal in all threads, whatever handler there was. */
export function ignoreSignal(libc: Libc, signal: number): void {
  if (libc.c.signal(signal, SIG_IGN) === SIG_ERR) libc.unwrap(-1, `ignore signal ${signal}`);
}
