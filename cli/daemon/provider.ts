/**
 * The algorithms of a role that has ffi: libcrypto where main found one, and `portable` for what it lacks. The latter
 * takes 50 ms and 4 MB to import and hardly anybody's configuration needs it: so it comes when it is first asked for.
 */
import { createLibcrypto, openLibcrypto } from "../../ffi/libcrypto/mod.ts";
import type { CryptoProvider, EncrChoice, Random } from "../../src/crypto/mod.ts";

/** Algorithms that a request needs. */
export interface Needs {
  readonly encr?: EncrChoice | undefined;
  readonly integ?: number | undefined;
  readonly prf?: number | undefined;
  readonly ke?: number | undefined;
}

/** A provider that grows. */
export interface GrowingProvider {
  readonly provider: CryptoProvider;
  /** Gets the provider what it can have of these; resolves then. Undefined: it has them all. */
  prepare(needs: Needs): Promise<void> | undefined;
}

/** Octets of the runtime's generator; node:crypto would be 10 ms to import for the same. */
export const random: Random = (length) => crypto.getRandomValues(new Uint8Array(length));

async function portable(): Promise<CryptoProvider> {
  const { createPortable } = await import("../../src/crypto/portable/provider.ts");
  return createPortable(random);
}

function has(provider: CryptoProvider, { encr, integ, prf, ke }: Needs): boolean {
  return (encr === undefined || provider.hasEncr(encr)) &&
    (integ === undefined || provider.hasInteg(integ)) &&
    (prf === undefined || provider.hasPrf(prf)) && (ke === undefined || provider.hasKe(ke));
}

/** The provider of a role. Throws where there is a libcrypto that cannot be used. */
export async function openProvider(libcrypto: string | undefined): Promise<GrowingProvider> {
  if (libcrypto === undefined) return { provider: await portable(), prepare: () => undefined };
  let loaded: CryptoProvider | undefined;
  let loading: Promise<void> | undefined;
  const there = (): CryptoProvider => {
    if (loaded === undefined) throw new Error("Nobody prepared for an algorithm that libcrypto lacks");
    return loaded;
  };
  const fallback: CryptoProvider = {
    name: "portable",
    hasEncr: (choice) => loaded?.hasEncr(choice) ?? false,
    hasInteg: (id) => loaded?.hasInteg(id) ?? false,
    hasPrf: (id) => loaded?.hasPrf(id) ?? false,
    hasKe: (id) => loaded?.hasKe(id) ?? false,
    cipher: (choice, key, direction) => there().cipher(choice, key, direction),
    mac: (id, key) => there().mac(id, key),
    prf: (id, key) => there().prf(id, key),
    keyExchange: (id) => there().keyExchange(id),
  };
  const provider = createLibcrypto(openLibcrypto(libcrypto), random, fallback);
  return {
    provider,
    prepare(needs) {
      if (loaded !== undefined || has(provider, needs)) return undefined;
      return loading ??= portable().then((one) => void (loaded = one));
    },
  };
}
