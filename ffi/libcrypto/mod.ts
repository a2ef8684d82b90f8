/**
 * libcrypto (OpenSSL 3) by ffi.
 *
 * Duty: a `CryptoProvider` over libcrypto.so.3. `openLibcrypto` takes the library's full path and works under a grant
 * of just that path; nothing is opened at import. May import: src/crypto and what it imports.
 * Never: a protocol's logic, Deno.UnsafePointer.
 * @module
 */
export { type Libcrypto, LIBCRYPTO_PATHS, LibcryptoError, openLibcrypto } from "./library.ts";
export { createLibcrypto } from "./provider.ts";
export { opensslHas } from "./tables.ts";
