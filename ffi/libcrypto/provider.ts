/** The algorithms of libcrypto as a provider. What a build of OpenSSL lacks comes from the fallback. */
import {
  type CryptoProvider,
  encrAlgorithm,
  type EncrChoice,
  integAlgorithm,
  keAlgorithm,
  modpGroup,
  type Random,
} from "../../src/crypto/mod.ts";
import { libcryptoCipher, makeScratch } from "./cipher.ts";
import { curveKe, modpKe, montgomeryKe, type StartKe } from "./key_exchange.ts";
import { cString, type Libcrypto } from "./library.ts";
import { type MacMethod, macMethod, macPrf, packetMac } from "./mac.ts";
import { ciphers, curves, integs, type MacName, montgomeryCurves, prfs } from "./tables.ts";

/** Makes something on first use, and remembers where it cannot be made. */
function memo<K, More extends unknown[], V>(
  make: (key: K, ...more: More) => V | undefined,
): (key: K, ...more: More) => V | undefined {
  const known = new Map<K, V | undefined>();
  return (key, ...more) => {
    if (!known.has(key)) known.set(key, attempt(() => make(key, ...more)));
    return known.get(key);
  };
}

/** A distribution's OpenSSL may be built without an algorithm: that must not take the others with it. */
function attempt<V>(make: () => V | undefined): V | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}

/**
 * A provider over an opened libcrypto, in the thread that opened it. Private values come from `random`; `fallback`
 * has what libcrypto does not.
 */
export function createLibcrypto(lib: Libcrypto, random: Random, fallback: CryptoProvider): CryptoProvider {
  const scratch = makeScratch(lib);
  // A library context of its own: to load a provider into the default one would change it for everything else there.
  // It is made when an algorithm of it is first asked for: hardly anybody does
  const legacy = memo((name: "legacy") => {
    const context = lib.pointer(lib.c.OSSL_LIB_CTX_new(), "make a library context");
    if (lib.c.OSSL_PROVIDER_load(context, cString(name)) !== null) return context;
    lib.c.OSSL_LIB_CTX_free(context);
    lib.c.ERR_clear_error();
    return undefined;
  });
  const fetchCipher = memo((name: string, provider?: "legacy") => {
    const context = provider === undefined ? null : legacy(provider);
    if (context === undefined) return undefined;
    return lib.pointer(lib.c.EVP_CIPHER_fetch(context, cString(name), null), `fetch ${name}`);
  });
  const fetchMac = memo((name: MacName): MacMethod => macMethod(lib, ...name));
  const startKe = memo((id: number): StartKe | undefined => {
    const curve = curves[id];
    if (curve !== undefined) return curveKe(lib, curve[0], keAlgorithm(id)!.sharedLength, curve[1]);
    const method = montgomeryCurves[id];
    if (method !== undefined) return montgomeryKe(lib, method, keAlgorithm(id)!.sharedLength);
    const group = modpGroup(id);
    return group && modpKe(lib, group);
  });

  const find = (choice: EncrChoice) => {
    const entry = encrAlgorithm(choice);
    const row = ciphers[choice.id];
    if (entry === undefined || row === undefined) return undefined;
    const [name, mode, provider] = row;
    const method = fetchCipher(name(entry.keyLength), provider);
    return method && { entry, mode, method };
  };
  const macOf = (names: Readonly<Record<number, MacName>>, id: number) => {
    const name = names[id];
    return name && fetchMac(name);
  };

  return {
    name: "libcrypto",
    hasEncr: (choice) => find(choice) !== undefined || fallback.hasEncr(choice),
    hasInteg: (id) => macOf(integs, id) !== undefined || fallback.hasInteg(id),
    hasPrf: (id) => macOf(prfs, id) !== undefined || fallback.hasPrf(id),
    hasKe: (id) => startKe(id) !== undefined || fallback.hasKe(id),

    cipher(choice, key, direction) {
      const found = find(choice);
      if (found === undefined) return fallback.cipher(choice, key, direction);
      const { entry, method, mode } = found;
      if (key.length !== entry.keyLength + entry.saltLength) {
        throw new RangeError(`Key of ${key.length} octets for ${entry.ianaName}`);
      }
      return libcryptoCipher(lib, scratch, entry, method, mode, key, direction === "seal");
    },

    mac(id, key) {
      const method = macOf(integs, id);
      const entry = integAlgorithm(id);
      if (method === undefined || entry === undefined) return fallback.mac(id, key);
      if (key.length !== entry.keyLength) {
        throw new RangeError(`Key of ${key.length} octets for ${entry.ianaName}`);
      }
      return packetMac(lib, scratch.places, method, entry.icvLength, key);
    },

    prf(id, key) {
      const method = macOf(prfs, id);
      return method === undefined ? fallback.prf(id, key) : macPrf(method, key);
    },

    keyExchange(id) {
      const start = startKe(id);
      return start === undefined ? fallback.keyExchange(id) : start(random);
    },
  };
}
