/** Key exchange without permissions: MODP by integers, X25519 and ECP 256/384 by node:crypto, ECP 521 by @noble. */
import { createECDH, createPrivateKey, createPublicKey, diffieHellman } from "node:crypto";
import { pow } from "@noble/curves/abstract/modular.js";
import { p256, p384, p521 } from "@noble/curves/nist.js";
import { concat, fromHex, wipe } from "../../bytes/mod.ts";
import { KE } from "../../wire/registry.ts";
import { fromInteger, isModpPeerValue, type ModpGroup, modpGroup, toInteger } from "../groups.ts";
import type { KeyExchange, Random } from "../provider.ts";

/** What starts a key exchange of this method; undefined where there is none. */
export function portableKe(id: number): ((random: Random) => KeyExchange) | undefined {
  switch (id) {
    case KE.CURVE25519:
      return x25519;
    case KE.ECP_256:
      return (random) => ecp(p256, "prime256v1", random);
    case KE.ECP_384:
      return (random) => ecp(p384, "secp384r1", random);
    case KE.ECP_521:
      return (random) => ecp(p521, undefined, random);
    default: {
      const group = modpGroup(id);
      return group && ((random) => modp(group, random));
    }
  }
}

function modp(group: ModpGroup, random: Random): KeyExchange {
  const seed = random(group.exponentLength);
  let exponent: bigint | undefined = toInteger(seed);
  wipe(seed);
  return {
    publicValue: fromInteger(pow(2n, exponent, group.prime), group.length),
    derive(peerPublicValue) {
      if (exponent === undefined) throw new Error("Use of a wiped key");
      if (!isModpPeerValue(group, peerPublicValue)) return undefined;
      return fromInteger(pow(toInteger(peerPublicValue), exponent, group.prime), group.length);
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

/** Deno 2.9.6 throws where the result is zero, 2.5.7 gives the zeros. */
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

/**
 * A prime curve; x | y on the wire, x as the secret (RFC 5903 §7).
 *
 * The peer's point is proven to be on the curve before node:crypto sees it: Deno 2.5.7 does not throw for a point off
 * the curve, it ends the process.
 */
function ecp(curve: typeof p256, nodeName: string | undefined, random: Random): KeyExchange {
  const length = curve.lengths.secretKey!;
  let secret: Uint8Array | undefined = scalar(curve, random);
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
function isOnCurve(curve: typeof p256, point: Uint8Array): boolean {
  try {
    curve.Point.fromBytes(point).assertValidity();
    return true;
  } catch {
    return false;
  }
}

/** A number from 1 to the order less 1, every one as likely as any other. */
function scalar(curve: typeof p256, random: Random): Uint8Array {
  const length = curve.lengths.secretKey!;
  const topBits = (curve.Point.Fn.ORDER.toString(2).length - 1) % 8 + 1;
  for (;;) {
    const candidate = random(length);
    candidate[0]! &= 0xff >> (8 - topBits);
    if (curve.utils.isValidSecretKey(candidate)) return candidate;
    wipe(candidate);
  }
}
