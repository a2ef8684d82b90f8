import { openLazily } from "../library.ts";
import { LibcError } from "./errno.ts";
import { symbols } from "./symbols.ts";

/** Memory that C may be given: not shared, not resizable. */
export type Octets = Uint8Array<ArrayBuffer>;

/** Where libc.so.6 lies, by distribution and machine. The first that exists is right; grants need the very path. */
export const LIBC_PATHS: readonly string[] = [
  "/usr/lib/x86_64-linux-gnu/libc.so.6",
  "/usr/lib/aarch64-linux-gnu/libc.so.6",
  "/usr/lib64/libc.so.6",
  "/lib/x86_64-linux-gnu/libc.so.6",
  "/lib/aarch64-linux-gnu/libc.so.6",
  "/lib64/libc.so.6",
  "/usr/lib/libc.so.6",
];

/** libc, opened in the calling thread. Use it in that thread only: errno belongs to a thread. */
export interface Libc {
  /** The functions of `symbols.ts`. */
  readonly c: Deno.DynamicLibrary<typeof symbols>["symbols"];
  /** errno of the synchronous call just made. */
  errno(): number;
  /** The result of the call just made; a negative one becomes a `LibcError` that says "Cannot `action`". */
  unwrap(result: number, action: string): number;
  /** Address of the first octet, to be written into a struct. Keep `buffer` referenced as long as C may use it. */
  addressOf(buffer: Octets): bigint;
  /** The same as a pointer, prepared once for hot calls. */
  pointerTo(buffer: Octets): Deno.PointerObject;
  /** Binds functions that will be called once the grant is given back; any other is bound when it is first called. */
  bind(...names: readonly (keyof Libc["c"])[]): void;
  /** Releases the library. */
  close(): void;
}

/**
 * Opens libc by its full path, one of `LIBC_PATHS`.
 *
 * It works under `--allow-ffi=PATH`, where `Deno.UnsafePointer` and `UnsafePointerView` are refused: addresses come
 * as results of `memcpy(b, b, 0)`, C's memory is read by `memcpy` into a buffer.
 */
export function openLibc(path: string): Libc {
  const library = openLazily(path, symbols);
  const c = library.symbols;
  const value = new Int32Array(1);
  // The address is fixed per thread, and a worker's or main's JavaScript never changes thread.
  const location = c.__errno_location();
  const errno = (): number => {
    c.memcpy_from(value, location, 4);
    return value[0]!;
  };
  errno();
  return {
    c,
    errno,
    unwrap(result, action) {
      if (result >= 0) return result;
      throw new LibcError(action, errno());
    },
    addressOf: (buffer) => c.memcpy_address(buffer, buffer, 0),
    pointerTo(buffer) {
      const pointer = c.memcpy_pointer(buffer, buffer, 0);
      if (pointer === null) throw new RangeError("Empty buffer has no address");
      return pointer;
    },
    bind: (...names) => names.forEach((name) => c[name]),
    close: () => library.close(),
  };
}

/** A C string: the text and a zero octet. */
export function cString(text: string): Octets {
  if (text.includes("\0")) throw new RangeError("Text for C has a zero octet");
  return new TextEncoder().encode(text + "\0");
}
