/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
/**
 * Role keys: ephemeral private values, SK_d, SK_p* and PSKs live and die here; only SK_e*, SK_a* and KEYMAT leave, and
 * they are moved, not copied. It does its arithmetic in libcrypto where main found one, else in `portable`.
 */
import { randomBytes } from "node:crypto";
import { KeyHolder } from "../../src/auth/mod.ts";
import { Secret } from "../../src/bytes/mod.ts";
import { createPortable, type CryptoProvider } from "../../src/crypto/mod.ts";
import type { Keys } from "../../src/exchange/ports.ts";
import { createLibcrypto, openLibcrypto } from "../../ffi/libcrypto/mod.ts";
import { KEYS, KEYS_FOR_MAIN, type KeysForMain, type KeysStart } from "./ports.ts";
import { runRole, StartError } from "./role.ts";
import { type Handlers, Link, transfer } from "./rpc.ts";

runRole<KeysStart, "main" | "engine">((start, ports) => {
  const holder = new KeyHolder({ provider: provider(start.libcrypto) });
  new Link(ports.engine).serve<Keys>(KEYS, forEngine(holder));
  new Link(ports.main).serve<KeysForMain>(KEYS_FOR_MAIN, {
    loadSecrets: (list) =>
      holder.loadSecrets(list.map(({ ref, octets }) => ({ ref, secret: new Secret(octets) }))),
    forgetSecrets: (refs) => holder.forgetSecrets(refs),
  });
});

function provider(path: string | undefined): CryptoProvider {
  const random = (length: number) => new Uint8Array(randomBytes(length));
  const portable = createPortable(random);
  if (path === undefined) return portable;
  try {
    return createLibcrypto(openLibcrypto(path), random, portable);
  } catch (error) {
    // A library that is there and does not work is a broken installation, not one without: the user is told
    throw new StartError(`Cannot use ${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** The holder's answers, with the keys in them moved to the engine. */
function forEngine(holder: KeyHolder): Handlers<Keys> {
  return {
    startKe: (method) => holder.startKe(method),
    async finishIke(request) {
      const result = await holder.finishIke(request);
      return result.ok ? transfer(result, [result.value.sk.ei]) : result;
    },
    async authenticate(request) {
      const result = await holder.authenticate(request);
      return result.ok && result.value.child ? transfer(result, [result.value.child.keys.encrI]) : result;
    },
    async deriveChild(sa, request) {
      const result = await holder.deriveChild(sa, request);
      return result.ok ? transfer(result, [result.value.keys.encrI]) : result;
    },
    release: (handles) => holder.release(handles),
  };
}
