/** Key exchange without permissions: MODP by integers, X25519 and ECP 256/384 by node:crypto, the others by @noble. */
import { createECDH, createPrivateKey, createPublicKey, diffieHellman } from "node:crypto";
import { pow } from "@noble/curves/abstract/modular.js";
import { montgomery, type MontgomeryECDH } from "@noble/curves/abstract/montgomery.js";
import type { ECDH } from "@noble/curves/abstract/weierstrass.js";
import { concat, fromHex, wipe } from "../../bytes/mod.ts";
import { KE } from "../../wire/registry.ts";
import {
  fromInteger,
  isModpPeerValue,
  type ModpGroup,
  modpGroup,
  privateExponent,
  scalarBelow,
  toInteger,
} from "../groups.ts";
import type { KeyExchange, Random } from "../provider.ts";
import { primeCurve } from "./prime_curves.ts";

/** Names of the curves that node:crypto has on every supported Deno. */
const NODE_CURVES: Readonly<Record<number, string>> = {
  [KE.ECP_256]: "prime256v1",
  [KE.ECP_384]: "secp384r1",
};

/** What starts a key exchange of this method; undefined where there is none. */
export function portableKe(id: number): ((random: Random) => KeyExchange) | undefined {
  switch (id) {
    case KE.CURVE25519:
      return x25519;
    case KE.CURVE448:
      return x448;
    default: {
      const group = modpGroup(id);
      if (group !== undefined) return (random) => modp(group, random);
      const curve = primeCurve(id);
      return curve && ((random) => ecp(curve, NODE_CURVES[id], random));
    }
  }
}

function modp(group: ModpGroup, random: Random): KeyExchange {
  const { prime, generator, order, length } = group;
  const seed = privateExponent(group, random);
  let exponent: bigint | undefined = toInteger(seed);
  wipe(seed);
  return {
    publicValue: fromInteger(pow(generator, exponent, prime), length),
    derive(peerPublicValue) {
      if (exponent === undefined) throw new Error("Use of a wiped key");
      if (!isModpPeerValue(group, peerPublicValue)) return undefined;
      const peer = toInteger(peerPublicValue);
      if (order !== undefined && pow(peer, toInteger(order), prime) !== 1n) return undefined;
      return fromInteger(pow(peer, exponent, prime), length);
    },
    // The integer itself cannot be overwritten: it is garbage from here on
    wipe: () => void (exponent = undefined),
  };
}

function der(hex: string): Uint8Array {
  const octets = fromHex(hex);
  if (!octets.ok) throw new Error(octets.error);
  return octets.value;
}

/** What stands before the 32 octets of an X25519 key in PKCS#8 and SubjectPublicKeyInfo (RFC 8410 §4, §7). */
const X25519_PRIVATE = der("302e020100300506032b656e04220420");
const X25519_PUBLIC = der("302a300506032b656e032100");

/** X25519 (RFC 8031); an all-zero result is refused (RFC 7748 §6.1). */
function x25519(random: Random): KeyExchange {
  const secret = random(32);
  const encoded = concat(X25519_PRIVATE, secret);
  let key: ReturnType<typeof createPrivateKey> | undefined = createPrivateKey(
    {
      key: encoded as Uint8Array<ArrayBuffer>,
      format: "der",
      type: "pkcs8",
    } as Parameters<typeof createPrivateKey>[0],
  );
  wipe(secret, encoded);
  const spki = createPublicKey(key).export({ format: "der", type: "spki" });
  return {
    publicValue: Uint8Array.from(spki.subarray(X25519_PUBLIC.length)),
    derive(peerPublicValue) {
      if (key === undefined) throw new Error("Use of a wiped key");
      if (peerPublicValue.length !== 32) return undefined;
      const peer = createPublicKey(
        {
          key: concat(X25519_PUBLIC, peerPublicValue),
          format: "der",
          type: "spki",
        } as Parameters<typeof createPublicKey>[0],
      );
      return nonZero(() => diffieHellman({ privateKey: key!, publicKey: peer }));
    },
    wipe: () => void (key = undefined),
  };
}

/** Deno 2.9.6 and @noble throw where the result is zero, 2.5.7 gives the zeros. */
function nonZero(compute: () => Uint8Array): Uint8Array | undefined {
  let shared: Uint8Array;
  try {
    shared = compute();
  } catch {
    return undefined;
  }
  let any = 0;
  for (const octet of shared) any |= octet;
  return any === 0 ? undefined : Uint8Array.from(shared);
}

let curve448: MontgomeryECDH | undefined;

/** X448 (RFC 7748 §5) over the field of 2^448 - 2^224 - 1; made here, as @noble's own brings Ed448 and its hash along. */
function montgomery448(): MontgomeryECDH {
  const prime = (1n << 448n) - (1n << 224n) - 1n;
  return montgomery({
    P: prime,
    type: "x448",
    powPminus2: (x) => pow(x, prime - 2n, prime),
    adjustScalarBytes(octets: Uint8Array) {
      const scalar = Uint8Array.from(octets);
      scalar[0]! &= 0xfc;
      scalar[55]! |= 0x80;
      return scalar;
    },
  });
}

/** X448 (RFC 8031); an all-zero result is refused (RFC 7748 §6.2). */
function x448(random: Random): KeyExchange {
  const curve = curve448 ??= montgomery448();
  let secret: Uint8Array | undefined = random(56);
  return {
    publicValue: curve.scalarMultBase(secret),
    derive(peerPublicValue) {
      const own = secret;
      if (own === undefined) throw new Error("Use of a wiped key");
      if (peerPublicValue.length !== 56) return undefined;
      return nonZero(() => curve.scalarMult(own, peerPublicValue));
    },
    wipe() {
      wipe(secret);
      secret = undefined;
    },
  };
}

/**
 * A prime curve; x | y on the wire, x as the secret (RFC 5903 §7).
 *
 * The peer's point is proven to be on the curve before node:crypto sees it: Deno 2.5.7 does not throw for a point off
 * the curve, it ends the process.
 */
function ecp(curve: ECDH, nodeName: string | undefined, random: Random): KeyExchange {
  const length = curve.lengths.secretKey!;
  let secret: Uint8Array | undefined = scalarBelow(fromInteger(curve.Point.Fn.ORDER, length), random);
  const node = nodeName === undefined ? undefined : createECDH(nodeName);
  node?.setPrivateKey(secret);
  const point = node?.getPublicKey() ?? curve.getPublicKey(secret, false);
  return {
    publicValue: Uint8Array.from(point.subarray(1)),
    derive(peerPublicValue) {
      if (secret === undefined) throw new Error("Use of a wiped key");
      if (peerPublicValue.length !== 2 * length) return undefined;
      const peer = concat(Uint8Array.of(0x04), peerPublicValue);
      if (!isOnCurve(curve, peer)) return undefined;
      if (node !== undefined) return Uint8Array.from(node.computeSecret(peer));
      return curve.getSharedSecret(secret, peer, false).slice(1, 1 + length);
    },
    wipe() {
      wipe(secret);
      secret = undefined;
    },
  };
}

/** Coordinates below p that satisfy the equation; these curves have no other points (cofactor 1, RFC 6989 §2.3). */
function isOnCurve(curve: ECDH, point: Uint8Array): boolean {
  try {
    curve.Point.fromBytes(point).assertValidity();
    return true;
  } catch {
    return false;
  }
}
