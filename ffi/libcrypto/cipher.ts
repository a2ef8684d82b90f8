/**
 * Packet ciphers by EVP_CIPHER. The key goes into a context once per SA; a packet brings its IV only. All addresses
 * are prepared (`Places`), so that a packet costs five calls and no memory.
 */
import type { EncrAlgorithm } from "../../src/crypto/algorithms.ts";
import type { PacketCipher } from "../../src/crypto/provider.ts";
import { type Libcrypto, type Octets, octets, pinned, Places } from "./library.ts";

const CTRL_AEAD_SET_IVLEN = 0x9;
const CTRL_AEAD_GET_TAG = 0x10;
const CTRL_AEAD_SET_TAG = 0x11;

/** How an IV on the wire becomes the one of the algorithm, and how text and AAD are fed. */
export type Mode = "block" | "counter" | "aead" | "gmac" | "ccm";

/** A keyed context, freed by `wipe`; OpenSSL overwrites the key as it frees. */
interface Keyed {
  /** Sets the nonce from the packet; the context is ready for one packet. */
  begin(buffer: Uint8Array, ivOffset: number): void;
  readonly context: Deno.PointerObject;
  wipe(): void;
}

/** Octets of AAD that are copied to a prepared place: ESP has 8 or 12, IKE 32. */
const AAD_ROOM = 64;
/** Octets of the longest ICV. */
const TAG_ROOM = 16;

/** What one packet at a time needs: one for all ciphers of a library. */
export interface Scratch {
  /** Where OpenSSL writes lengths that are known here, and a last block that these modes do not have. */
  readonly length: Deno.PointerObject;
  readonly block: Deno.PointerObject;
  readonly aad: Octets;
  readonly aadAt: Deno.PointerObject;
  readonly tag: Octets;
  readonly tagAt: Deno.PointerObject;
  readonly places: Places;
}

export function makeScratch(lib: Libcrypto): Scratch {
  // The views keep the memory that the pointers point into.
  const memory = octets(64 + AAD_ROOM + TAG_ROOM);
  const aad = memory.subarray(64, 64 + AAD_ROOM), tag = memory.subarray(64 + AAD_ROOM);
  return {
    length: lib.pointerTo(memory),
    block: lib.pointerTo(memory.subarray(16)),
    aad,
    aadAt: lib.pointerTo(aad),
    tag,
    tagAt: lib.pointerTo(tag),
    places: new Places(lib),
  };
}

/** Makes one direction of one SA. `key` has the salt behind it. */
export function libcryptoCipher(
  lib: Libcrypto,
  at: Scratch,
  entry: EncrAlgorithm,
  method: Deno.PointerObject,
  mode: Mode,
  key: Uint8Array,
  seals: boolean,
): PacketCipher {
  const keyed = keyedContext(lib, entry, method, mode, key, seals);
  switch (mode) {
    case "block":
    case "counter":
      return plainCipher(lib, at, entry, keyed);
    case "aead":
      return aeadCipher(lib, at, entry, keyed);
    case "gmac":
      return gmacCipher(lib, at, entry, keyed);
    case "ccm":
      return ccmCipher(lib, at, entry, keyed);
  }
}

function keyedContext(
  lib: Libcrypto,
  entry: EncrAlgorithm,
  method: Deno.PointerObject,
  mode: Mode,
  key: Uint8Array,
  seals: boolean,
): Keyed {
  const { c } = lib;
  const { ivLength, saltLength, keyLength, icvLength } = entry;
  const enc = seals ? 1 : 0;
  // The counter block of AES-CTR ends in a counter that starts at 1 (RFC 3686 §4)
  const nonce = octets(mode === "counter" ? 16 : saltLength + ivLength);
  nonce.set(key.subarray(keyLength));
  if (mode === "counter") nonce[15] = 1;
  const nonceAt = lib.pointerTo(nonce);
  const context = lib.pointer(c.EVP_CIPHER_CTX_new(), "make a cipher context");
  const own = pinned(key.subarray(0, keyLength));
  lib.unwrap(c.EVP_CipherInit_ex(context, method, null, null, null, enc), `set up ${entry.ianaName}`);
  // Blowfish takes keys of many sizes; with the others this states what is so
  if (mode === "block") {
    lib.unwrap(c.EVP_CIPHER_CTX_set_key_length(context, keyLength), `size the key of ${entry.ianaName}`);
  }
  if (mode === "ccm") {
    c.EVP_CIPHER_CTX_ctrl(context, CTRL_AEAD_SET_IVLEN, nonce.length, null);
    c.EVP_CIPHER_CTX_ctrl(context, CTRL_AEAD_SET_TAG, icvLength, null);
  }
  lib.unwrap(c.EVP_CipherInit_ex(context, null, null, own, null, enc), `key ${entry.ianaName}`);
  own.fill(0);
  if (mode === "block") c.EVP_CIPHER_CTX_set_padding(context, 0);
  let live = true;
  return {
    context,
    begin(buffer, ivOffset) {
      if (!live) throw new Error("Use of a wiped key");
      for (let i = 0; i < ivLength; i++) nonce[saltLength + i] = buffer[ivOffset + i]!;
      if (c.EVP_CipherInit_iv(context, null, null, null, nonceAt, enc) !== 1) {
        lib.unwrap(0, `set the IV of ${entry.ianaName}`);
      }
    },
    wipe() {
      if (live) c.EVP_CIPHER_CTX_free(context);
      live = false;
      nonce.fill(0);
    },
  };
}

function plainCipher(lib: Libcrypto, at: Scratch, entry: EncrAlgorithm, keyed: Keyed): PacketCipher {
  const { c } = lib;
  const { context } = keyed;
  const { ivLength, icvLength, blockLength } = entry;
  const run = (buffer: Uint8Array, ivOffset: number, offset: number, length: number) => {
    keyed.begin(buffer, ivOffset);
    if (length === 0) return;
    const text = at.places.at(buffer, offset);
    // Whole blocks without padding leave nothing for EVP_CipherFinal.
    const status = c.EVP_CipherUpdate_pointer(context, text, at.length, text, length);
    if (status !== 1) lib.unwrap(status, `run ${entry.ianaName}`);
  };
  return {
    ivLength,
    icvLength,
    blockLength,
    seal(buffer, ivOffset, offset, length) {
      if (length % blockLength !== 0) throw new RangeError(`Text of ${length} octets is not whole blocks`);
      checkRoom(buffer, offset + length);
      run(buffer, ivOffset, offset, length);
    },
    open(buffer, ivOffset, offset, length) {
      if (length < 0 || length % blockLength !== 0 || offset + length > buffer.length) return false;
      run(buffer, ivOffset, offset, length);
      return true;
    },
    wipe: () => keyed.wipe(),
  };
}

/** C writes where it is told: a room that is too small is our bug and must not reach it. */
function checkRoom(buffer: Uint8Array, end: number): void {
  if (end > buffer.length) throw new RangeError(`Buffer of ${buffer.length} octets, ${end} needed`);
}

function aeadCipher(lib: Libcrypto, at: Scratch, entry: EncrAlgorithm, keyed: Keyed): PacketCipher {
  const { c } = lib;
  const { context } = keyed;
  const { ivLength, icvLength, blockLength } = entry;
  /** Everything but the tag; an authentic packet, or one that is sealed, gives 1. */
  const run = (buffer: Uint8Array, offset: number, length: number, aad: Uint8Array): number => {
    if (aad.length > AAD_ROOM) {
      c.EVP_CipherUpdate(context, null, at.length, aad as Octets, aad.length);
    } else if (aad.length > 0) {
      for (let i = 0; i < aad.length; i++) at.aad[i] = aad[i]!;
      c.EVP_CipherUpdate_pointer(context, null, at.length, at.aadAt, aad.length);
    }
    if (length > 0) {
      const text = at.places.at(buffer, offset);
      c.EVP_CipherUpdate_pointer(context, text, at.length, text, length);
    }
    return c.EVP_CipherFinal_ex(context, at.block, at.length);
  };
  return {
    ivLength,
    icvLength,
    blockLength,
    seal(buffer, ivOffset, offset, length, aad) {
      const end = offset + length;
      checkRoom(buffer, end + icvLength);
      keyed.begin(buffer, ivOffset);
      const status = run(buffer, offset, length, aad) &
        c.EVP_CIPHER_CTX_ctrl_pointer(context, CTRL_AEAD_GET_TAG, icvLength, at.tagAt);
      if (status !== 1) lib.unwrap(status, `run ${entry.ianaName}`);
      for (let i = 0; i < icvLength; i++) buffer[end + i] = at.tag[i]!;
    },
    open(buffer, ivOffset, offset, length, aad) {
      const end = offset + length;
      if (length < 0 || end + icvLength > buffer.length) return false;
      keyed.begin(buffer, ivOffset);
      for (let i = 0; i < icvLength; i++) at.tag[i] = buffer[end + i]!;
      c.EVP_CIPHER_CTX_ctrl_pointer(context, CTRL_AEAD_SET_TAG, icvLength, at.tagAt);
      if (run(buffer, offset, length, aad) === 1) return true;
      c.ERR_clear_error();
      return false;
    },
    wipe: () => keyed.wipe(),
  };
}

/** AES-GMAC with NULL encryption: AAD, IV and text are covered and nothing is encrypted (RFC 4543 §3.3). */
function gmacCipher(lib: Libcrypto, at: Scratch, entry: EncrAlgorithm, keyed: Keyed): PacketCipher {
  const inner = aeadCipher(lib, at, entry, keyed);
  const covered = (buffer: Uint8Array, ivOffset: number, offset: number, length: number, aad: Uint8Array) => {
    const all = new Uint8Array(aad.length + entry.ivLength + length);
    all.set(aad);
    all.set(buffer.subarray(ivOffset, ivOffset + entry.ivLength), aad.length);
    all.set(buffer.subarray(offset, offset + length), aad.length + entry.ivLength);
    return all;
  };
  return {
    ...inner,
    seal(buffer, ivOffset, offset, length, aad) {
      checkRoom(buffer, offset + length + entry.icvLength);
      inner.seal(buffer, ivOffset, offset + length, 0, covered(buffer, ivOffset, offset, length, aad));
    },
    open(buffer, ivOffset, offset, length, aad) {
      if (length < 0 || offset + length + entry.icvLength > buffer.length) return false;
      return inner.open(buffer, ivOffset, offset + length, 0, covered(buffer, ivOffset, offset, length, aad));
    },
  };
}

/** CCM wants to know all lengths before it begins, and checks the tag as it decrypts (RFC 3610 §2.2). */
function ccmCipher(lib: Libcrypto, at: Scratch, entry: EncrAlgorithm, keyed: Keyed): PacketCipher {
  const { c } = lib;
  const { context } = keyed;
  const { ivLength, icvLength, blockLength } = entry;
  const empty = octets(1);
  const run = (buffer: Uint8Array, offset: number, length: number, aad: Uint8Array): number => {
    c.EVP_CipherUpdate(context, null, at.length, null, length);
    if (aad.length > 0) c.EVP_CipherUpdate(context, null, at.length, aad as Octets, aad.length);
    // With NULL for input and output a length is set; no text at all still needs addresses
    const text = length === 0 ? empty : buffer.subarray(offset, offset + length) as Octets;
    return c.EVP_CipherUpdate(context, text, at.length, text, length);
  };
  return {
    ivLength,
    icvLength,
    blockLength,
    seal(buffer, ivOffset, offset, length, aad) {
      const end = offset + length;
      checkRoom(buffer, end + icvLength);
      keyed.begin(buffer, ivOffset);
      const tag = buffer.subarray(end, end + icvLength) as Octets;
      const status = run(buffer, offset, length, aad) &
        c.EVP_CIPHER_CTX_ctrl(context, CTRL_AEAD_GET_TAG, icvLength, tag);
      if (status !== 1) lib.unwrap(status, `run ${entry.ianaName}`);
    },
    open(buffer, ivOffset, offset, length, aad) {
      const end = offset + length;
      if (length < 0 || end + icvLength > buffer.length) return false;
      const tag = buffer.subarray(end, end + icvLength) as Octets;
      keyed.begin(buffer, ivOffset);
      c.EVP_CIPHER_CTX_ctrl(context, CTRL_AEAD_SET_TAG, icvLength, tag);
      if (run(buffer, offset, length, aad) === 1) return true;
      c.ERR_clear_error();
      return false;
    },
    wipe: () => keyed.wipe(),
  };
}
