/** Namespaces (namespaces(7)): a thread can be in another network than the rest of the process. */
import { cString, type Libc } from "./libc.ts";

const CLONE_NEWNET = 0x40000000;
const O_RDONLY = 0;
const O_CLOEXEC = 0x80000;

/** A descriptor of the network namespace that the calling thread is in. It keeps the namespace alive. */
export function currentNetns(libc: Libc): number {
  const path = cString("/proc/thread-self/ns/net");
  return libc.unwrap(libc.c.open(path, O_RDONLY | O_CLOEXEC, 0), "open the network namespace");
}

/** Puts the calling thread into the namespace of a descriptor. Needs CAP_SYS_ADMIN over it. */
export function enterNetns(libc: Libc, fd: number): void {
  libc.unwrap(libc.c.setns(fd, CLONE_NEWNET), "enter a network namespace");
}

/** Runs `body` with the calling thread in another namespace. Synchronous: whatever it opens stays in there. */
export function inNetns<T>(libc: Libc, fd: number, body: () => T): T {
  const home = currentNetns(libc);
  try {
    enterNetns(libc, fd);
    return body();
  } finally {
    enterNetns(libc, home);
    libc.c.close(home);
  }
}

/** A fresh network namespace without a name; it ends with the last descriptor and process in it. */
export function newNetns(libc: Libc): number {
  const home = currentNetns(libc);
  try {
    libc.unwrap(libc.c.unshare(CLONE_NEWNET), "make a network namespace");
    return currentNetns(libc);
  } finally {
    enterNetns(libc, home);
    libc.c.close(home);
  }
}

const MS_NOSUID = 2;
const MS_NODEV = 4;

/** Covers a folder with an empty file system in memory, in the mount namespace of this process. */
export function coverFolder(libc: Libc, path: string): void {
  const kind = cString("tmpfs");
  const result = libc.c.mount(kind, cString(path), kind, MS_NOSUID | MS_NODEV, cString("mode=0700,size=16m"));
  libc.unwrap(result, `cover "${path}"`);
}
