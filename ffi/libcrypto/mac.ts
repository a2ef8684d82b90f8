/** HMAC (RFC 2104) and AES-CMAC (RFC 4493) by EVP_MAC, as integrity transforms and PRFs. */
import { equalConstantTime } from "../../src/bytes/mod.ts";
import type { PacketMac, Prf } from "../../src/crypto/provider.ts";
import { cString, type Libcrypto, type Octets, octets, pinned, type Places } from "./library.ts";

/** OSSL_PARAM_UTF8_STRING */
const UTF8_STRING = 4;
/** sizeof(OSSL_PARAM) */
const PARAM_SIZE = 40;
/** OSSL_PARAM_UNMODIFIED */
const UNMODIFIED = 0xffff_ffff_ffff_ffffn;

/** A MAC of libcrypto, such as HMAC with SHA256, that takes any key. */
export interface MacMethod {
  /** Octets of the output. */
  readonly length: number;
  /** Writes the MAC of the parts, one behind the other, under `key` to `out`, which has `length` octets. */
  compute(key: Octets, parts: readonly Uint8Array[], out: Octets): void;
  /** Overwrites this key, here and in the context if it is the last one used. */
  forget(key: Octets): void;
  /** A context with this key alone, to be freed by its owner. */
  keyed(key: Octets): Deno.PointerObject;
  /** Whether a context begins anew without being given its key again: OpenSSL 3.0.0 to 3.0.2 may not. */
  readonly restarts: boolean;
}

/**
 * One context serves all keys of PRFs: to set a key costs 0.1 µs and more, a context for each 1 kB of C's memory and
 * the duty to free it.
 */
export function macMethod(
  lib: Libcrypto,
  mac: "HMAC" | "CMAC",
  parameter: readonly ["digest" | "cipher", string],
  length: number,
): MacMethod {
  const { c } = lib;
  const name = `${mac} of ${parameter[1]}`;
  const method = lib.pointer(c.EVP_MAC_fetch(null, cString(mac), null), `fetch ${name}`);
  const context = lib.pointer(c.EVP_MAC_CTX_new(method), `make a context of ${name}`);
  const params = macParams(lib, parameter);
  const noKey = octets(16);
  lib.unwrap(c.EVP_MAC_init(context, noKey, noKey.length, params), `set up ${name}`);
  const [first, second] = [octets(length), octets(length)];
  for (const out of [first, second]) {
    lib.unwrap(c.EVP_MAC_init_again(context, null, 0, null), `restart ${name}`);
    lib.unwrap(c.EVP_MAC_final(context, out, null, length), `finish ${name}`);
  }
  let last: Octets | undefined;
  return {
    length,
    restarts: equalConstantTime(first, second),
    compute(key, parts, out) {
      last = key;
      lib.unwrap(c.EVP_MAC_init(context, key, key.length, null), `key ${name}`);
      for (const part of parts) {
        if (part.length > 0) c.EVP_MAC_update(context, part as Octets, part.length);
      }
      lib.unwrap(c.EVP_MAC_final(context, out, null, length), `finish ${name}`);
    },
    forget(key) {
      key.fill(0);
      if (last === key) c.EVP_MAC_init(context, noKey, noKey.length, null);
    },
    keyed(key) {
      const own = lib.pointer(c.EVP_MAC_CTX_new(method), `make a context of ${name}`);
      lib.unwrap(c.EVP_MAC_init(own, key, key.length, params), `key ${name}`);
      return own;
    },
  };
}

/** OSSL_PARAM[2] with the strings that it points to behind it, so that one reference keeps all of it. */
function macParams(lib: Libcrypto, [key, value]: readonly [string, string]): Octets {
  const strings = [cString(key), cString(value)] as const;
  const keyAt = 2 * PARAM_SIZE;
  const valueAt = keyAt + strings[0].length;
  const params = octets(valueAt + strings[1].length);
  params.set(strings[0], keyAt);
  params.set(strings[1], valueAt);
  const base = lib.addressOf(params);
  const view = new DataView(params.buffer);
  view.setBigUint64(0, base + BigInt(keyAt), true);
  view.setUint32(8, UTF8_STRING, true);
  view.setBigUint64(16, base + BigInt(valueAt), true);
  view.setBigUint64(24, BigInt(value.length), true);
  view.setBigUint64(32, UNMODIFIED, true);
  return params;
}

/** HMAC pads its key with zeros, so that none is the same as a zero; an empty buffer would mean "the key before". */
function macKey(key: Uint8Array): Octets {
  return key.length === 0 ? octets(1) : pinned(key);
}

/**
 * An integrity transform that sends the first `icvLength` octets. Every packet of an SA needs it, so it has a context
 * of its own: the key is set once (0.3 µs less per packet with HMAC-SHA-256), and all addresses are prepared.
 */
export function packetMac(
  lib: Libcrypto,
  places: Places,
  method: MacMethod,
  icvLength: number,
  key: Uint8Array,
): PacketMac {
  const { c } = lib;
  const own = macKey(key);
  const context = method.keyed(own);
  const [keyAt, keyLength] = method.restarts ? [null, 0] : [lib.pointerTo(own), own.length];
  const full = octets(method.length);
  const fullAt = lib.pointerTo(full);
  const icv = full.subarray(0, icvLength);
  let live = true;
  const compute = (buffer: Uint8Array, offset: number, length: number) => {
    if (!live) throw new Error("Use of a wiped key");
    if (offset + length > buffer.length) throw new RangeError("A MAC of more than there is");
    const status = c.EVP_MAC_init_again(context, keyAt, keyLength, null) &
      (length === 0 ? 1 : c.EVP_MAC_update_pointer(context, places.at(buffer, offset), length)) &
      c.EVP_MAC_final_pointer(context, fullAt, null, full.length);
    lib.unwrap(status, "compute a MAC");
  };
  return {
    icvLength,
    write(buffer, offset, length, icvOffset) {
      compute(buffer, offset, length);
      for (let i = 0; i < icvLength; i++) buffer[icvOffset + i] = full[i]!;
    },
    verify(buffer, offset, length, expected) {
      compute(buffer, offset, length);
      return equalConstantTime(icv, expected);
    },
    wipe() {
      if (live) c.EVP_MAC_CTX_free(context);
      live = false;
      own.fill(0);
      full.fill(0);
    },
  };
}

/** A PRF. */
export function macPrf(method: MacMethod, key: Uint8Array): Prf {
  let own: Octets | undefined = macKey(key);
  return {
    length: method.length,
    compute(...parts) {
      if (own === undefined) throw new Error("Use of a wiped key");
      const out = octets(method.length);
      method.compute(own, parts, out);
      return out;
    },
    wipe() {
      if (own !== undefined) method.forget(own);
      own = undefined;
    },
  };
}
