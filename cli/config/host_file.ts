/** Files of /proc and /sys, which Deno's own calls cannot read: through libc. */
import { type Libc, LIBC_PATHS, openLibc, readText } from "../../ffi/libc/mod.ts";
import type { HostFile } from "./groups.ts";

/** Routing tables are as long as they are; more is not looked at. */
const MAX_LENGTH = 4 * 1024 * 1024;

let reader: HostFile | undefined;

function readerOf(libc: Libc): HostFile {
  return (path) => {
    try {
      return readText(libc, path, MAX_LENGTH);
    } catch {
      return undefined;
    }
  };
}

/** Reads with this library from now on, also when the permission to open libraries has been given back. */
export function readHostFilesWith(libc: Libc): void {
  libc.bind("open", "read_buffer", "close");
  reader = readerOf(libc);
}

function openReader(): HostFile {
  for (const path of LIBC_PATHS) {
    try {
      return readerOf(openLibc(path));
    } catch {
      // Another place may have it; where none has, or opening is not permitted, nothing can be read
    }
  }
  return () => undefined;
}

/** The text of a file; undefined where it cannot be read. Opens libc when it is first asked and nobody gave it one. */
export const hostFile: HostFile = (path) => (reader ??= openReader())(path);
