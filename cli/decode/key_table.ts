/**
 * Key tables in the format of Wireshark's `ikev2_decryption_table`: a line for each IKE SA, with
 * `SPIi,SPIr,SK_ei,SK_er,"encryption algorithm",SK_ai,SK_ar,"integrity algorithm"`; `#` begins a comment.
 *
 * Where an SK_* is empty, what it is for is not done. Behind the key of an AEAD or counter mode stands its salt.
 */
import { fromHex, wipe } from "../../src/bytes/mod.ts";
import { encrAlgorithm } from "../../src/crypto/algorithms.ts";
import type { EncrChoice } from "../../src/crypto/provider.ts";
import { encryptionNamed, type IntegrityCheck, integrityNamed } from "./wireshark.ts";

/** Keys of one IKE SA. */
export interface SaKeys {
  readonly spiI: bigint;
  readonly spiR: bigint;
  readonly encr: EncrChoice;
  readonly integ: IntegrityCheck;
  readonly ei: Uint8Array;
  readonly er: Uint8Array;
  readonly ai: Uint8Array;
  readonly ar: Uint8Array;
}

/** What is wrong with a line. Lines and columns count from 1. Keys are never quoted. */
export interface TableFault {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

export interface KeyTable {
  readonly keys: readonly SaKeys[];
  readonly faults: readonly TableFault[];
}

const SPI_DIGITS = 16;
const FIELDS = 'SPIi,SPIr,SK_ei,SK_er,"encryption",SK_ai,SK_ar,"integrity"';

interface Field {
  readonly text: string;
  /** Where it begins. */
  readonly column: number;
}

/** Thrown within this file for one line. */
class Refused extends Error {
  constructor(readonly column: number, message: string) {
    super(message);
  }
}

/** Reads a table; lines that are faulty are left out and reported, all of them. */
export function parseKeyTable(text: string): KeyTable {
  const keys: SaKeys[] = [], faults: TableFault[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (/^\s*(#|$)/.test(line)) continue;
    try {
      keys.push(keysOf(fieldsOf(line)));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      faults.push({ line: index + 1, column: error.column, message: error.message });
    }
  }
  return { keys, faults };
}

/** Overwrites all keys. */
export function wipeKeys(keys: readonly SaKeys[]): void {
  for (const { ei, er, ai, ar } of keys) wipe(ei, er, ai, ar);
}

/** The fields of a line, each with or without quotes. */
function fieldsOf(line: string): Field[] {
  const fields: Field[] = [];
  const pattern = /\s*(?:"([^"]*)"|([^",]*))\s*(,|$)/y;
  for (;;) {
    const column = pattern.lastIndex + 1;
    const found = pattern.exec(line);
    if (found === null) throw new Refused(column, 'A field is quoted in part: expected TEXT or "TEXT"');
    fields.push({ text: (found[1] ?? found[2]!).trim(), column });
    if (found[3] === "") return fields;
  }
}

function keysOf(fields: readonly Field[]): SaKeys {
  const [spiI, spiR, ei, er, encryption, ai, ar, integrity, ...more] = fields;
  if (integrity === undefined || more.length > 0) {
    throw new Refused(1, `Line of ${fields.length} fields: expected ${FIELDS}`);
  }
  const encr = encryptionNamed(encryption!.text);
  if (encr === undefined) {
    const example = "AES-GCM-256 with 16 octet ICV [RFC5282]";
    throw unknownName("encryption", encryption!, example);
  }
  const integ = integrityNamed(integrity.text);
  if (integ === undefined) throw unknownName("integrity", integrity, "HMAC_SHA2_256_128 [RFC4868]");
  const { keyLength, saltLength } = encrAlgorithm(encr)!;
  const cipherKey = saltLength === 0 ? "" : `, ${saltLength} of them salt`;
  return {
    spiI: spiOf(spiI!, "SPIi"),
    spiR: spiOf(spiR!, "SPIr"),
    encr,
    integ,
    ei: keyOf(ei!, "SK_ei", keyLength + saltLength, cipherKey),
    er: keyOf(er!, "SK_er", keyLength + saltLength, cipherKey),
    ai: keyOf(ai!, "SK_ai", integ.keyLength),
    ar: keyOf(ar!, "SK_ar", integ.keyLength),
  };
}

function unknownName(kind: string, { text, column }: Field, example: string): Refused {
  const message = `Unknown ${kind} algorithm "${text}": expected a name of Wireshark's, as "${example}"`;
  return new Refused(column, message);
}

function spiOf({ text, column }: Field, name: string): bigint {
  if (text.length !== SPI_DIGITS || !/^[0-9a-fA-F]*$/.test(text)) {
    throw new Refused(column, `${name} is "${text}": expected ${SPI_DIGITS} hex digits`);
  }
  return BigInt(`0x${text}`);
}

/** A key of `length` octets (any length where it is not used), or none. */
function keyOf({ text, column }: Field, name: string, length: number | undefined, remark = ""): Uint8Array {
  const octets = fromHex(text);
  if (!octets.ok) throw new Refused(column, `${name} is no hex: expected an even number of hex digits`);
  if (length !== undefined && octets.value.length !== 0 && octets.value.length !== length) {
    const message = `${name} has ${octets.value.length} octets: its algorithm takes ${length}${remark}`;
    throw new Refused(column, message);
  }
  return octets.value;
}
