/** Descriptors read and written to the end, and small files: /proc and /sys are out of reach for Deno's own calls. */
import { ERRNO, LibcError } from "./errno.ts";
import { cString, type Libc, type Octets } from "./libc.ts";

const O_RDONLY = 0;
const O_WRONLY = 1;
const O_CLOEXEC = 0x80000;
const CHUNK = 4096;

/** The text of a small file, at most `limit` octets of it. Throws `LibcError`. */
export function readText(libc: Libc, path: string, limit = 65536): string {
  const fd = libc.unwrap(libc.c.open(cString(path), O_RDONLY | O_CLOEXEC, 0), `open "${path}"`);
  try {
    const text = new TextDecoder();
    const buffer = new Uint8Array(CHUNK);
    let all = "";
    for (let left = limit; left > 0;) {
      const count = libc.c.read_buffer(fd, buffer, Math.min(left, CHUNK));
      if (count < 0 && libc.errno() === ERRNO.EINTR) continue;
      if (libc.unwrap(count, `read "${path}"`) === 0) break;
      all += text.decode(buffer.subarray(0, count), { stream: true });
      left -= count;
    }
    return all + text.decode();
  } finally {
    libc.c.close(fd);
  }
}

/** Writes a text to a file that exists, such as a sysctl, in one call. Throws `LibcError`. */
export function writeText(libc: Libc, path: string, text: string): void {
  const fd = libc.unwrap(libc.c.open(cString(path), O_WRONLY | O_CLOEXEC, 0), `open "${path}"`);
  try {
    const octets = new TextEncoder().encode(text);
    libc.unwrap(libc.c.write_buffer(fd, octets, octets.length), `write "${path}"`);
  } finally {
    libc.c.close(fd);
  }
}

/** Writes all of it to a blocking descriptor. Throws `LibcError`, EPIPE where nobody reads any more. */
export function writeAll(libc: Libc, fd: number, octets: Octets): void {
  for (let at = 0; at < octets.length;) {
    const part = octets.subarray(at);
    const count = libc.c.write_buffer(fd, part, part.length);
    if (count >= 0) at += count;
    else if (libc.errno() !== ERRNO.EINTR) throw new LibcError("write", libc.errno());
  }
}

/** Reads a blocking descriptor to its end, other work going on meanwhile; at most `limit` octets. */
export async function readToEnd(libc: Libc, fd: number, limit = 65536): Promise<Octets> {
  const all = new Uint8Array(limit);
  let length = 0;
  while (length < limit) {
    const count = await libc.c.read_async(fd, all.subarray(length), limit - length);
    // No errno from another thread: an error ends the reading as the end does.
    if (count <= 0) break;
    length += count;
  }
  return all.slice(0, length);
}
