/** What this host lacks of the algorithms. Imports all of them: 50 ms that only a host with a gap should pay. */
import { randomBytes } from "node:crypto";
import {
  type AlgorithmEntry,
  algorithmName,
  type CryptoProvider,
  everyAlgorithm,
  provides,
} from "../../src/crypto/mod.ts";
import { createPortable } from "../../src/crypto/portable/provider.ts";
import { createLibcrypto, openLibcrypto, opensslHas } from "../../ffi/libcrypto/mod.ts";

const random = (length: number) => new Uint8Array(randomBytes(length));

/** Keywords of iked.conf(5) whose algorithms `portable` does not have. */
export function missingInPortable(): readonly string[] {
  const portable = createPortable(random);
  return everyAlgorithm.filter((entry) => !provides(portable, entry)).map(algorithmName);
}

/** The warning for a host without libcrypto, on one line. */
export function withoutLibcrypto(): string {
  const missing = missingInPortable();
  const lacks = missing.length === 0
    ? "nothing is missing, key exchange is slower"
    : `missing: ${missing.join(", ")}`;
  return `libcrypto.so.3 not found, using the portable algorithms (${lacks}); install OpenSSL 3`;
}

/** Without a path, or with a library that does not open (the worker that needs it reports why), `portable` is left. */
function providerOf(path: string | undefined): { readonly provider: CryptoProvider; close(): void } {
  const portable = createPortable(random);
  try {
    if (path !== undefined) {
      const lib = openLibcrypto(path);
      return { provider: createLibcrypto(lib, random, portable), close: () => lib.close() };
    }
  } catch {
    // What is said of the algorithms holds all the same
  }
  return { provider: portable, close: () => {} };
}

function need(entry: AlgorithmEntry): string {
  const where = opensslHas(entry);
  if (where === undefined) return "iked has it not yet";
  return where === "legacy module" ? "it is in OpenSSL's legacy module" : "it is in libcrypto.so.3";
}

/** The warning about algorithms that are configured and that this host does not have; undefined where there is none. */
export function notThere(entries: readonly AlgorithmEntry[], path: string | undefined): string | undefined {
  const { provider, close } = providerOf(path);
  const missing = entries.filter((entry) => !provides(provider, entry));
  close();
  if (missing.length === 0) return undefined;
  const list = missing.map((entry) => `${algorithmName(entry)} (${need(entry)})`).join(", ");
  return `configured, but not there on this host, so that nobody can agree on it with us: ${list}`;
}
