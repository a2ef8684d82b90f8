/**
 * Key exchange by libcrypto: X25519 and X448 by EVP_PKEY, MODP, ECP and EC2N by the arithmetic beneath it. EVP_PKEY's
 * own tests of a MODP value cost eight times the exchange and ask no more than RFC 6989 does of a safe prime; with
 * integers and points the group is set up once, and the private value is ours to choose and to wipe.
 */
import { concat, wipe } from "../../src/bytes/mod.ts";
import {
  fromInteger,
  isModpPeerValue,
  type ModpGroup,
  privateExponent,
  scalarBelow,
} from "../../src/crypto/mod.ts";
import type { KeyExchange, Random } from "../../src/crypto/provider.ts";
import { cString, type Libcrypto, type Octets, octets, pinned } from "./library.ts";

/** BN_FLG_CONSTTIME */
const CONSTTIME = 0x04;

const ZERO = new Uint8Array(1);

/** Starts key exchanges of one method. */
export type StartKe = (random: Random) => KeyExchange;

/** An unsigned integer of C, freed and overwritten at the end of `use`. */
function withInteger<T>(lib: Libcrypto, value: Uint8Array, use: (n: Deno.PointerObject) => T): T {
  const own = pinned(value);
  const n = lib.pointer(lib.c.BN_bin2bn(own, own.length, null), "make an integer");
  own.fill(0);
  try {
    return use(n);
  } finally {
    lib.c.BN_clear_free(n);
  }
}

function withSecret<T>(lib: Libcrypto, value: Uint8Array, use: (n: Deno.PointerObject) => T): T {
  return withInteger(lib, value, (n) => {
    lib.c.BN_set_flags(n, CONSTTIME);
    return use(n);
  });
}

function integerOctets(lib: Libcrypto, n: Deno.PointerValue, length: number): Octets {
  const out = octets(length);
  if (lib.c.BN_bn2binpad(n, out, length) !== length) lib.unwrap(0, "read an integer");
  return out;
}

/** A private value between the two steps of an exchange; `forget` gets rid of it. */
function exchange<Private>(
  secret: Private,
  publicValue: Uint8Array,
  derive: (secret: Private, peer: Uint8Array) => Uint8Array | undefined,
  forget: (secret: Private) => void,
): KeyExchange {
  let live = true;
  return {
    publicValue,
    derive(peerPublicValue) {
      if (!live) throw new Error("Use of a wiped key");
      return derive(secret, peerPublicValue);
    },
    wipe() {
      if (live) forget(secret);
      live = false;
    },
  };
}

/** A MODP group (RFC 3526, RFC 5114). */
export function modpKe(lib: Libcrypto, group: ModpGroup): StartKe {
  const { c } = lib;
  const bnContext = lib.pointer(c.BN_CTX_new(), "make a BN context");
  const modulus = pinned(fromInteger(group.prime, group.length));
  const p = lib.pointer(c.BN_bin2bn(modulus, modulus.length, null), "make a modulus");
  const montgomery = lib.pointer(c.BN_MONT_CTX_new(), "make a Montgomery context");
  lib.unwrap(c.BN_MONT_CTX_set(montgomery, p, bnContext), "set up a modulus");

  const power = (base: Uint8Array, secret: Uint8Array): Octets =>
    withSecret(lib, secret, (x) =>
      withInteger(lib, base, (b) => {
        const result = lib.pointer(c.BN_new(), "make an integer");
        try {
          const status = c.BN_mod_exp_mont_consttime(result, b, x, p, bnContext, montgomery);
          lib.unwrap(status, "compute a power");
          return integerOctets(lib, result, group.length);
        } finally {
          c.BN_clear_free(result);
        }
      }));

  const generator = fromInteger(group.generator, group.length);
  const one = fromInteger(1n, group.length);
  const { order } = group;
  const isMember = (y: Uint8Array) =>
    isModpPeerValue(group, y) &&
    (order === undefined || power(y, order).every((octet, i) => octet === one[i]));

  return (random) => {
    const secret = privateExponent(group, random);
    return exchange(
      secret,
      power(generator, secret),
      (own, peer) => isMember(peer) ? power(peer, own) : undefined,
      wipe,
    );
  };
}

/**
 * A curve by OpenSSL's name; `length` octets of a coordinate. x | y on the wire, x as the secret (RFC 5903 §7).
 *
 * `cofactor`: that of the subgroup of prime order. Where it is not 1 (EC2N), a peer's point that it multiplies to
 * infinity is refused: it would leave the secret a handful of values, as RFC 6989 §2.2 has it of integers.
 */
export function curveKe(lib: Libcrypto, curve: string, length: number, cofactor = 1): StartKe {
  const { c } = lib;
  const nid = c.OBJ_txt2nid(cString(curve));
  const group = lib.pointer(c.EC_GROUP_new_by_curve_name(nid), `find the curve ${curve}`);
  const bnContext = lib.pointer(c.BN_CTX_new(), "make a BN context");
  const order = integerOctets(lib, c.EC_GROUP_get0_order(group), length);

  const newPoint = () => lib.pointer(c.EC_POINT_new(group), "make a point");

  /** secret * base, or of the generator where `base` is null: x | y; undefined for the point at infinity. */
  const multiply = (secret: Uint8Array, base: Deno.PointerValue): Octets | undefined =>
    withSecret(
      lib,
      secret,
      (k) =>
        withInteger(lib, ZERO, (x) =>
          withInteger(lib, ZERO, (y) => {
            const result = newPoint();
            try {
              const status = base === null
                ? c.EC_POINT_mul(group, result, k, null, null, bnContext)
                : c.EC_POINT_mul(group, result, null, base, k, bnContext);
              lib.unwrap(status, "multiply a point");
              if (c.EC_POINT_is_at_infinity(group, result) === 1) return undefined;
              lib.unwrap(
                c.EC_POINT_get_affine_coordinates(group, result, x, y, bnContext),
                "read a point",
              );
              return concat(integerOctets(lib, x, length), integerOctets(lib, y, length)) as Octets;
            } finally {
              c.EC_POINT_clear_free(result);
            }
          })),
    );

  const derive = (secret: Uint8Array, peer: Uint8Array): Uint8Array | undefined => {
    if (peer.length !== 2 * length) return undefined;
    const encoded = octets(1 + peer.length);
    encoded[0] = 0x04;
    encoded.set(peer, 1);
    const point = newPoint();
    try {
      // Fails for coordinates that are not below p, and for a point that is not on the curve (RFC 6989 §2.3)
      if (c.EC_POINT_oct2point(group, point, encoded, encoded.length, bnContext) !== 1) {
        c.ERR_clear_error();
        return undefined;
      }
      if (cofactor > 1 && multiply(Uint8Array.of(cofactor), point) === undefined) return undefined;
      const product = multiply(secret, point);
      const shared = product?.slice(0, length);
      wipe(product);
      return shared;
    } finally {
      c.EC_POINT_clear_free(point);
    }
  };

  return (random) => {
    const secret = scalarBelow(order, random);
    const publicValue = multiply(secret, null);
    if (publicValue === undefined) {
      throw new Error(`The generator of ${curve} has not the order that it says`);
    }
    return exchange(secret, publicValue, derive, wipe);
  };
}

/** X25519 or X448 (RFC 8031); `size` octets of a key, a value and the secret. */
export function montgomeryKe(lib: Libcrypto, method: "X25519" | "X448", size: number): StartKe {
  const { c } = lib;
  const name = cString(method);
  const length = octets(8);
  const lengthView = new DataView(length.buffer);
  const room = () => {
    lengthView.setBigUint64(0, BigInt(size), true);
    return octets(size);
  };
  /** The key with its public half, which OpenSSL computes here: kept until `wipe`, not to compute it twice. */
  const privateKey = (random: Random) => {
    const secret = random(size);
    const own = pinned(secret);
    const key = c.EVP_PKEY_new_raw_private_key_ex(null, name, null, own, own.length);
    wipe(secret, own);
    return lib.pointer(key, `make a key of ${method}`);
  };

  const derive = (key: Deno.PointerObject, peerValue: Uint8Array): Uint8Array | undefined => {
    if (peerValue.length !== size) return undefined;
    const peerOctets = pinned(peerValue);
    const peer = lib.pointer(
      c.EVP_PKEY_new_raw_public_key_ex(null, name, null, peerOctets, peerOctets.length),
      `make a key of ${method}`,
    );
    const context = lib.pointer(c.EVP_PKEY_CTX_new(key, null), `make a context of ${method}`);
    try {
      lib.unwrap(c.EVP_PKEY_derive_init(context), `begin ${method}`);
      lib.unwrap(c.EVP_PKEY_derive_set_peer(context, peer), `begin ${method}`);
      const shared = room();
      // OpenSSL fails on a result of zeros, which RFC 7748 §6 wants refused
      if (c.EVP_PKEY_derive(context, shared, length) === 1) return shared;
      c.ERR_clear_error();
      return undefined;
    } finally {
      c.EVP_PKEY_CTX_free(context);
      c.EVP_PKEY_free(peer);
    }
  };

  return (random) => {
    const key = privateKey(random);
    const publicValue = room();
    lib.unwrap(c.EVP_PKEY_get_raw_public_key(key, publicValue, length), `read a key of ${method}`);
    return exchange(key, publicValue, derive, (key) => c.EVP_PKEY_free(key));
  };
}
