/**
 * Known answers: what every algorithm of the registry gives for stated inputs, so that an implementation can be checked
 * where it is installed (`iked selftest`). Nothing of the daemon imports this.
 *
 * The inputs are counting octets: keys (with their salt behind) from 0x00, IVs from 0xa0, 12 octets of AAD from 0xc0,
 * 32 of text and 50 of message from 0x10; private values are 19 octets from 0x01 and from 0x21, padded in front.
 */
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { concat, toHex } from "../../bytes/mod.ts";
import type { EncrAlgorithm, IntegAlgorithm, KeAlgorithm, PrfAlgorithm } from "../algorithms.ts";
import { type AlgorithmEntry, algorithmName, everyAlgorithm, provides } from "../inventory.ts";
import { encrChoice } from "../algorithms.ts";
import { prfPlus } from "../key_schedule.ts";
import type { CryptoProvider, Random } from "../provider.ts";
import { ENCR_ANSWERS, INTEG_ANSWERS, KE_ANSWERS, PRF_ANSWERS } from "./answers.ts";

/** What came of one algorithm: `unknown` has no answer to compare with, `wrong` gave another or threw. */
export type Outcome = "right" | "wrong" | "missing" | "unknown";

/** One line of the report. */
export interface Checked {
  readonly entry: AlgorithmEntry;
  readonly outcome: Outcome;
}

/** Octets that count up from `start`. */
function counting(start: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => start + i);
}

const AAD = counting(0xc0, 12);
const TEXT = counting(0x10, 32);
const MESSAGE = counting(0x10, 50);
const PRIVATE_LENGTH = 19;

/** Compares everything that the provider has with its known answer. `make` gives it a source of private values. */
export function checkKnownAnswers(make: (random: Random) => CryptoProvider): readonly Checked[] {
  let start = 0;
  const provider = make((length) => {
    const octets = new Uint8Array(length);
    octets.set(counting(start, PRIVATE_LENGTH), length - PRIVATE_LENGTH);
    return octets;
  });
  const startAt = (first: number, id: number) => {
    start = first;
    return provider.keyExchange(id);
  };
  return everyAlgorithm.map((entry) => ({ entry, outcome: outcome(provider, entry, startAt) }));
}

type StartAt = (first: number, id: number) => ReturnType<CryptoProvider["keyExchange"]>;

function outcome(provider: CryptoProvider, entry: AlgorithmEntry, startAt: StartAt): Outcome {
  if (!provides(provider, entry)) return "missing";
  const answers = { encr: ENCR_ANSWERS, integ: INTEG_ANSWERS, prf: PRF_ANSWERS, ke: KE_ANSWERS }[entry.kind];
  const known = answers[algorithmName(entry)];
  if (known === undefined) return "unknown";
  try {
    return answer(provider, entry, startAt) === known ? "right" : "wrong";
  } catch {
    return "wrong"; // whatever it is that does not work: the algorithm cannot be used
  }
}

/** The answer as hex; undefined where the algorithm does not undo, or refuse, what it should. */
function answer(provider: CryptoProvider, entry: AlgorithmEntry, startAt: StartAt): string | undefined {
  switch (entry.kind) {
    case "encr":
      return sealed(provider, entry);
    case "integ":
      return icv(provider, entry);
    case "prf":
      return expanded(provider, entry);
    case "ke":
      return exchanged(entry, startAt);
  }
}

function sealed(provider: CryptoProvider, entry: EncrAlgorithm): string | undefined {
  const choice = encrChoice(entry), { ivLength, icvLength } = entry;
  const key = counting(0, entry.keyLength + entry.saltLength);
  const packet = concat(counting(0xa0, ivLength), TEXT, new Uint8Array(icvLength));
  const sealer = provider.cipher(choice, key, "seal"), opener = provider.cipher(choice, key, "open");
  sealer.seal(packet, 0, ivLength, TEXT.length, AAD);
  const result = toHex(packet.subarray(ivLength));
  const altered = packet.slice();
  altered[altered.length - 1]! ^= 1;
  const refuses = icvLength === 0 || !opener.open(altered, 0, ivLength, TEXT.length, AAD);
  const opens = opener.open(packet, 0, ivLength, TEXT.length, AAD) &&
    toHex(packet.subarray(ivLength, ivLength + TEXT.length)) === toHex(TEXT);
  sealer.wipe();
  opener.wipe();
  return refuses && opens ? result : undefined;
}

function icv(provider: CryptoProvider, entry: IntegAlgorithm): string | undefined {
  const mac = provider.mac(entry.id, counting(0, entry.keyLength));
  const buffer = concat(MESSAGE, new Uint8Array(entry.icvLength));
  mac.write(buffer, 0, MESSAGE.length, MESSAGE.length);
  const result = buffer.slice(MESSAGE.length), altered = result.slice();
  altered[0]! ^= 1;
  const judges = mac.verify(buffer, 0, MESSAGE.length, result) &&
    !mac.verify(buffer, 0, MESSAGE.length, altered);
  mac.wipe();
  return judges ? toHex(result) : undefined;
}

/** prf+ takes the PRF and the chain of its blocks (RFC 7296 §2.13): 16 octets on each side of the first block's end. */
function expanded(provider: CryptoProvider, entry: PrfAlgorithm): string {
  const prf = provider.prf(entry.id, counting(0, entry.keyLength));
  const stream = prfPlus(prf, MESSAGE, entry.outputLength + 16);
  prf.wipe();
  return toHex(stream.subarray(entry.outputLength - 16));
}

function exchanged({ id }: KeAlgorithm, startAt: StartAt): string | undefined {
  const i = startAt(0x01, id), r = startAt(0x21, id);
  const shared = i.derive(r.publicValue), same = r.derive(i.publicValue);
  i.wipe();
  r.wipe();
  if (shared === undefined || same === undefined || toHex(shared) !== toHex(same)) return undefined;
  // Not by the provider: a PRF of its that is wrong would make every key exchange look wrong.
  return toHex(hmac(sha256, counting(0, 32), concat(i.publicValue, r.publicValue, shared)));
}
