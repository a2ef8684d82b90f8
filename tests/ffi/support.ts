/** What the tests of libc need: the library where there is one, and a way to say why a test does not run. */
import { LIBC_PATHS } from "../../ffi/libc/mod.ts";

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

/** Full path of libc; undefined where there is none in the places that iked looks at. */
export const libcPath: string | undefined = LIBC_PATHS.find(exists);

/** Registers a test that needs libc. */
export function libcTest(name: string, body: (path: string) => void | Promise<void>): void {
  if (libcPath === undefined) {
    Deno.test({ name: `${name} [skipped: no libc.so.6 in the known places]`, ignore: true, fn: () => {} });
  } else Deno.test(name, () => body(libcPath));
}
