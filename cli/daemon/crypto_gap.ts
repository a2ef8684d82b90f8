/** What is missing where there is no libcrypto. */
import { randomBytes } from "node:crypto";
import { algorithmName, createPortable, everyAlgorithm, provides } from "../../src/crypto/mod.ts";

/** Keywords of iked.conf(5) whose algorithms `portable` does not have. */
export function missingInPortable(): readonly string[] {
  const portable = createPortable((length) => new Uint8Array(randomBytes(length)));
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
