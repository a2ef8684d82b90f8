/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
/**
 * Role keys: ephemeral private values, SK_d, SK_p* and PSKs live and die here; only SK_e*, SK_a* and KEYMAT leave, and
 * they are moved, not copied. It does its arithmetic in libcrypto where main found one, else in `portable`.
 */
import { KeyHolder } from "../../src/auth/mod.ts";
import { Secret } from "../../src/bytes/mod.ts";
import type { Keys } from "../../src/exchange/ports.ts";
import { PRF } from "../../src/wire/registry.ts";
import { KEYS, KEYS_FOR_MAIN, type KeysForMain, type KeysStart } from "./ports.ts";
import { type GrowingProvider, openProvider, random } from "./provider.ts";
import { runRole, StartError } from "./role.ts";
import { type Handlers, Link, transfer } from "./rpc.ts";
import { SecretNames } from "./secret_names.ts";

runRole<KeysStart, "main" | "engine">(async (start, ports) => {
  const growing = await provider(start.libcrypto);
  const holder = new KeyHolder({ provider: growing.provider });
  new Link(ports.engine).serve<Keys>(KEYS, forEngine(holder, growing));
  await growing.prepare({ prf: PRF.PRF_HMAC_SHA2_256 });
  const names = new SecretNames(growing.provider.prf(PRF.PRF_HMAC_SHA2_256, random(32)));
  new Link(ports.main).serve<KeysForMain>(KEYS_FOR_MAIN, forMain(holder, names));
});

function forMain(holder: KeyHolder, names: SecretNames): Handlers<KeysForMain> {
  return {
    loadSecrets: (list) =>
      list.map(({ octets }) => {
        const { ref, isNew } = names.nameOf(octets);
        if (isNew) holder.loadSecrets([{ ref, secret: new Secret(octets) }]);
        else octets.fill(0);
        return ref;
      }),
    forgetSecrets(refs) {
      holder.forgetSecrets(refs);
      for (const ref of refs) names.forget(ref);
    },
  };
}

async function provider(path: string | undefined): Promise<GrowingProvider> {
  try {
    return await openProvider(path);
  } catch (error) {
    // A library that is there and does not work is a broken installation, not one without: the user is told
    throw new StartError(`Cannot use ${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** The holder's answers, with the keys in them moved to the engine. */
function forEngine(holder: KeyHolder, growing: GrowingProvider): Handlers<Keys> {
  return {
    async startKe(method) {
      await growing.prepare({ ke: method });
      return holder.startKe(method);
    },
    async finishIke(request) {
      await growing.prepare({ prf: request.suite.prf, ke: request.suite.ke });
      const result = await holder.finishIke(request);
      return result.ok ? transfer(result, [result.value.sk.ei]) : result;
    },
    async authenticate(request) {
      await growing.prepare({ ke: request.child?.suite.ke });
      const result = await holder.authenticate(request);
      return result.ok && result.value.child ? transfer(result, [result.value.child.keys.encrI]) : result;
    },
    async deriveChild(sa, request) {
      await growing.prepare({ ke: request.suite.ke });
      const result = await holder.deriveChild(sa, request);
      return result.ok ? transfer(result, [result.value.keys.encrI]) : result;
    },
    release: (handles) => holder.release(handles),
  };
}
