import { ioSymbols } from "./symbols_io.ts";
import { processSymbols } from "./symbols_process.ts";
import { socketSymbols } from "./symbols_socket.ts";

/**
 * The functions of libc that iked calls: one table, C prototypes as comments.
 *
 * Lengths are declared `u32` and results `i32` although C says `size_t` and `ssize_t`: those two leave V8's fast
 * path and cost ten times the call. Nothing here is ever asked for 2^31 octets at once.
 * `NAME_x` with a `name` is a second view of the same function; `_async` runs on another thread (no errno from it).
 */
export const symbols = {
  ...ioSymbols,
  ...socketSymbols,
  ...processSymbols,
} as const satisfies Deno.ForeignLibraryInterface;
