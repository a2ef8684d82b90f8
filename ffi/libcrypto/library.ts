import { openLazily } from "../library.ts";
import { symbols } from "./symbols.ts";

/** Memory that C may be given: not shared, not resizable. */
export type Octets = Uint8Array<ArrayBuffer>;

/**
 * Where libcrypto.so.3 lies, by distribution and machine. The first that exists is right; grants need the very path.
 */
export const LIBCRYPTO_PATHS: readonly string[] = [
  "/usr/lib/x86_64-linux-gnu/libcrypto.so.3",
  "/usr/lib/aarch64-linux-gnu/libcrypto.so.3",
  "/usr/lib64/libcrypto.so.3",
  "/usr/lib/libcrypto.so.3",
  "/lib/x86_64-linux-gnu/libcrypto.so.3",
  "/lib/aarch64-linux-gnu/libcrypto.so.3",
  "/lib64/libcrypto.so.3",
  "/lib/libcrypto.so.3",
];

/** A call to libcrypto that should have worked did not: memory, or a build of OpenSSL that lacks something. */
export class LibcryptoError extends Error {
  override name = "LibcryptoError";
}

/** libcrypto, opened in the calling thread. Its error queue belongs to the thread, too. */
export interface Libcrypto {
  /** The functions of `symbols.ts`. */
  readonly c: Deno.DynamicLibrary<typeof symbols>["symbols"];
  /** OpenSSL's version, such as `3.0.19`. */
  readonly version: string;
  /** A status of 1, or a LibcryptoError with OpenSSL's reason. */
  unwrap(status: number, action: string): void;
  /** A pointer that is not NULL, or a LibcryptoError with OpenSSL's reason. */
  pointer(result: Deno.PointerValue, action: string): Deno.PointerObject;
  /** Address of the first octet, to be written into a struct. Keep `buffer` referenced as long as C may use it. */
  addressOf(buffer: Octets): bigint;
  /** The same as a pointer, prepared once for hot calls. */
  pointerTo(buffer: Octets): Deno.PointerObject;
  /** Releases the library; nothing made with it may be used afterwards. */
  close(): void;
}

/**
 * Opens libcrypto by its full path, one of `LIBCRYPTO_PATHS`; throws where it is not OpenSSL 3.0 or later.
 *
 * It works under `--allow-ffi=PATH`, where `Deno.UnsafePointer` and `UnsafePointerView` are refused: addresses come
 * as results of `memcpy(b, b, 0)`.
 */
export function openLibcrypto(path: string): Libcrypto {
  const library = openLazily(path, symbols);
  const c = library.symbols;
  const reason = (): string => {
    const text = octets(256);
    c.ERR_error_string_n(c.ERR_get_error(), text, text.length);
    c.ERR_clear_error();
    return new TextDecoder().decode(text.subarray(0, text.indexOf(0)));
  };
  const number = Number(c.OpenSSL_version_num());
  return {
    c,
    version: `${number >>> 28}.${(number >>> 20) & 0xff}.${(number >>> 4) & 0xff}`,
    unwrap(status, action) {
      if (status !== 1) throw new LibcryptoError(`Cannot ${action}: ${reason()}`);
    },
    pointer(result, action) {
      if (result === null) throw new LibcryptoError(`Cannot ${action}: ${reason()}`);
      return result;
    },
    addressOf: (buffer) => c.memcpy_address(buffer, buffer, 0),
    pointerTo(buffer) {
      const pointer = c.memcpy_pointer(buffer, buffer, 0);
      if (pointer === null) throw new RangeError("Empty buffer has no address");
      return pointer;
    },
    close: () => library.close(),
  };
}

/** Octets that stay where they are: V8 moves small arrays that have no buffer of their own. */
export function octets(length: number): Octets {
  return new Uint8Array(new ArrayBuffer(length));
}

/** A copy that stays where it is. */
export function pinned(source: Uint8Array): Octets {
  const copy = octets(source.length);
  copy.set(source);
  return copy;
}

/** A C string: the text and a zero octet. */
export function cString(text: string): Octets {
  return pinned(new TextEncoder().encode(text + "\0"));
}

/** Places remembered per buffer: those of 16 messages of 46 packets are 736. */
const MOST_PLACES = 8192;

/**
 * Pointers into packet buffers, each made once: as an argument it costs 4 ns, a view that is made for the call 50.
 * Packets of one size come to the same places again and again.
 */
export class Places {
  readonly #lib: Libcrypto;
  readonly #buffers = new WeakMap<Uint8Array, Map<number, Deno.PointerObject>>();
  #buffer: Uint8Array | undefined;
  #known = new Map<number, Deno.PointerObject>();

  constructor(lib: Libcrypto) {
    this.#lib = lib;
  }

  /** Where `offset` of the buffer is; there is at least one octet. */
  at(buffer: Uint8Array, offset: number): Deno.PointerObject {
    if (buffer !== this.#buffer) this.#enter(buffer);
    return this.#known.get(offset) ?? this.#add(offset);
  }

  #enter(buffer: Uint8Array): void {
    this.#buffer = buffer;
    this.#known = this.#buffers.get(buffer) ?? new Map();
    this.#buffers.set(buffer, this.#known);
  }

  #add(offset: number): Deno.PointerObject {
    if (this.#known.size === MOST_PLACES) this.#known.clear();
    // `subarray` also brings a small array that V8 would move to a place of its own.
    const place = this.#lib.pointerTo(this.#buffer!.subarray(offset) as Octets);
    this.#known.set(offset, place);
    return place;
  }
}
