/** libcrypto with a count of what was made with it and not freed: none of that is on V8's heap. */
import type { Libcrypto } from "../../ffi/libcrypto/mod.ts";

type Functions = Libcrypto["c"];

/** What is made, and what frees it. */
const PAIRS = {
  cipher: [["EVP_CIPHER_CTX_new"], "EVP_CIPHER_CTX_free"],
  mac: [["EVP_MAC_CTX_new"], "EVP_MAC_CTX_free"],
  key: [["EVP_PKEY_new_raw_private_key_ex", "EVP_PKEY_new_raw_public_key_ex"], "EVP_PKEY_free"],
  "key context": [["EVP_PKEY_CTX_new"], "EVP_PKEY_CTX_free"],
  integer: [["BN_new", "BN_bin2bn"], "BN_clear_free"],
  point: [["EC_POINT_new"], "EC_POINT_clear_free"],
} as const satisfies Record<string, readonly [readonly (keyof Functions)[], keyof Functions]>;

/** What there is of each. */
export type Live = Readonly<Record<keyof typeof PAIRS, number>>;

/** Wraps a library; `live` is read whenever it is asked for. */
export function countedLibcrypto(lib: Libcrypto): { readonly lib: Libcrypto; readonly live: () => Live } {
  const live = Object.fromEntries(Object.keys(PAIRS).map((name) => [name, 0])) as Record<keyof Live, number>;
  const c: Functions = Object.create(lib.c);
  const wrap = (name: keyof Functions, after: (result: unknown) => void) => {
    const call = lib.c[name] as (...args: unknown[]) => unknown;
    const value = (...args: unknown[]) => {
      const result = call(...args);
      after(result);
      return result;
    };
    Object.defineProperty(c, name, { value });
  };
  for (const [what, [makers, free]] of Object.entries(PAIRS)) {
    const kind = what as keyof Live;
    for (const maker of makers) wrap(maker, (result) => void (result !== null && live[kind]++));
    wrap(free, () => live[kind]--);
  }
  return { lib: { ...lib, c }, live: () => ({ ...live }) };
}
