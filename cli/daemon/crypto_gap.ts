/** What is missing where there is no libcrypto. */
import { randomBytes } from "node:crypto";
import {
  createPortable,
  encrAlgorithms,
  encrChoice,
  integAlgorithms,
  keAlgorithms,
  prfAlgorithms,
} from "../../src/crypto/mod.ts";

/** Keywords of iked.conf(5) whose algorithms `portable` does not have. */
export function missingInPortable(): readonly string[] {
  const portable = createPortable((length) => new Uint8Array(randomBytes(length)));
  const missing = [
    ...encrAlgorithms.filter((entry) => !portable.hasEncr(encrChoice(entry))),
    ...integAlgorithms.filter(({ id }) => !portable.hasInteg(id)),
    ...prfAlgorithms.filter(({ id }) => !portable.hasPrf(id)),
    ...keAlgorithms.filter(({ id }) => id !== 0 && !portable.hasKe(id)),
  ];
  return missing.flatMap(({ names: [name] }) => name === undefined ? [] : [name]);
}

/** The warning for a host without libcrypto, on one line. */
export function withoutLibcrypto(): string {
  const missing = missingInPortable();
  const lacks = missing.length === 0
    ? "nothing is missing, key exchange is slower"
    : `missing: ${missing.join(", ")}`;
  return `libcrypto.so.3 not found, using the portable algorithms (${lacks}); install OpenSSL 3`;
}
