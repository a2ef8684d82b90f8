/**
 * What the rest of iked asks of an implementation of the algorithms: `portable` (pure, synchronous, no permission)
 * and `libcrypto` (OpenSSL 3 by ffi, in `ffi/libcrypto`). Both pass one conformance suite.
 *
 * Ids are IANA's transform ids (RFC 7296 §3.3.2); key sizes on the wire are in bits, all other lengths in octets.
 */

/** An encryption transform with its size: `keyBits` only where the wire carries a Key Length attribute. */
export interface EncrChoice {
  readonly id: number;
  readonly keyBits?: number;
}

/** Octets from a cryptographically strong source. */
export type Random = (length: number) => Uint8Array;

/**
 * A keyed encryption transform, one direction of one SA. It works in place on a buffer that the caller owns:
 * `… IV | text | ICV …`, where the ICV part is there for AEAD transforms only.
 */
export interface PacketCipher {
  /** Octets of the explicit IV in a packet. */
  readonly ivLength: number;
  /** Octets behind the ciphertext; 0 unless the transform is an AEAD. */
  readonly icvLength: number;
  /** The ciphertext is a multiple of this many octets. */
  readonly blockLength: number;
  /**
   * Encrypts `length` octets at `offset` in place; the IV stands at `ivOffset`. An AEAD covers `aad` and writes its
   * ICV right behind the text.
   */
  seal(buffer: Uint8Array, ivOffset: number, offset: number, length: number, aad: Uint8Array): void;
  /** The inverse; an AEAD's ICV stands behind the text. False: not authentic (AEAD); the text is then undefined. */
  open(buffer: Uint8Array, ivOffset: number, offset: number, length: number, aad: Uint8Array): boolean;
  /** Overwrites the key; the cipher cannot be used afterwards. */
  wipe(): void;
}

/** A keyed integrity transform. */
export interface PacketMac {
  /** Octets of the truncated ICV. */
  readonly icvLength: number;
  /** Writes the ICV of `length` octets at `offset` to `icvOffset` of the same buffer. */
  write(buffer: Uint8Array, offset: number, length: number, icvOffset: number): void;
  /** Whether `icv` (of `icvLength` octets) is right, in constant time. */
  verify(buffer: Uint8Array, offset: number, length: number, icv: Uint8Array): boolean;
  wipe(): void;
}

/** A pseudo-random function under one key. */
export interface Prf {
  /** Octets of its output. */
  readonly length: number;
  /** prf(key, the parts one behind the other). */
  compute(...parts: readonly Uint8Array[]): Uint8Array;
  wipe(): void;
}

/** One side of one key exchange: a fresh private value. */
export interface KeyExchange {
  /** Our public value as it goes into the KE payload. */
  readonly publicValue: Uint8Array;
  /**
   * The shared secret g^ir as RFC 7296 §2.14 wants it (padded to the length of the modulus, or the x coordinate).
   * Undefined where the peer's value fails the tests of RFC 6989.
   */
  derive(peerPublicValue: Uint8Array): Uint8Array | undefined;
  wipe(): void;
}

/** A set of implementations. */
export interface CryptoProvider {
  readonly name: "portable" | "libcrypto";
  hasEncr(choice: EncrChoice): boolean;
  hasInteg(id: number): boolean;
  hasPrf(id: number): boolean;
  hasKe(id: number): boolean;
  /** `key` is cipher key and, behind it, the salt of counter modes and AEADs, as KEYMAT gives them; it is copied. */
  cipher(choice: EncrChoice, key: Uint8Array, direction: "seal" | "open"): PacketCipher;
  mac(id: number, key: Uint8Array): PacketMac;
  prf(id: number, key: Uint8Array): Prf;
  keyExchange(id: number): KeyExchange;
}
