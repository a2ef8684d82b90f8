/**
 * `iked decode` with keys: anything inside of SK and SKF payloads whose ICV is right, or not, of one IKE SA for each way
 * to protect a message. Fragments come in any order, of messages that never complete.
 *
 *     SA (1), message ID (1), fragment (1), fragments (1), first payload (1), changed octet from the end (1), inner
 */
import assert from "node:assert/strict";
import { messageJson } from "../../../cli/decode/json.ts";
import { MAX_HELD_OCTETS } from "../../../cli/decode/fragments.ts";
import { parseKeyTable } from "../../../cli/decode/key_table.ts";
import { dissect } from "../../../cli/decode/message.ts";
import { Opener } from "../../../cli/decode/opener.ts";
import { messageText } from "../../../cli/decode/text.ts";
import { header, provider, SealedSa } from "../../decode/seal.ts";
import { livelyPair } from "../corpus.ts";
import { damagedInner, innerOf } from "../inner.ts";
import type { Episode, Target } from "../target.ts";

const HEAD = 6;
/** Fragments of a message at most: few enough that some messages become whole. */
const FRAGMENTS = 4;

const SAS = [
  ["NULL [RFC2410]", "NONE [RFC4306]"],
  ["AES-CBC-128 [RFC3602]", "HMAC_SHA1_96 [RFC2404]"],
  ["AES-CBC-256 [RFC3602]", "HMAC_SHA2_256_128 [RFC4868]"],
  ["AES-GCM-128 with 8 octet ICV [RFC5282]", "NONE [RFC4306]"],
  ["3DES [RFC2451]", "HMAC_MD5_96 [RFC2403]"],
].map(([encryption, integrity]) => new SealedSa(encryption!, integrity!));

/** One run of `iked decode` over messages of one IKE SA. */
class Run implements Episode {
  readonly #openers = SAS.map((sa) => new Opener(parseKeyTable(sa.line()).keys, provider));

  feed(input: Uint8Array): string {
    const [which = 0, id = 0, number = 0, total = 0, firstPayload = 0, changed = 0] = input;
    const at = which % SAS.length;
    const fragment = number === 0 ? undefined : { number, total };
    const octets = SAS[at]!.protect(header(id), firstPayload, input.subarray(HEAD), fragment);
    if (changed > 0 && changed <= octets.length) octets[octets.length - changed]! ^= 1 << (id & 7);
    const opener = this.#openers[at]!;
    const found = dissect({ frame: 1 }, octets, opener);
    const json = JSON.stringify(messageJson(found)), text = messageText(found);
    assert.ok(json.length <= 1_000 + 64 * (octets.length + opener.heldOctets), "JSON is too long");
    assert.ok(text !== "" && JSON.parse(json));
    assert.ok(opener.heldOctets <= MAX_HELD_OCTETS, `${opener.heldOctets} octets held`);
    const [protectedOne] = JSON.parse(json).payloads;
    if (protectedOne?.payloads === undefined) return fragment === undefined ? "closed" : "part";
    return protectedOne.error === undefined ? "opened" : "faulty";
  }

  finish(): void {
    for (const opener of this.#openers) opener.wipe();
  }
}

export default async function load(): Promise<Target> {
  const inner = innerOf(await livelyPair());
  return {
    name: "decode-keys",
    says: "anything inside of SK and SKF into `iked decode` that has the keys",
    inputs: 500,
    reaches: ["opened", "faulty", "closed", "part"],
    generate: (rng) => {
      const { firstPayload, octets } = damagedInner(inner, rng);
      const total = 1 + rng.below(FRAGMENTS);
      const fragment = rng.chance(0.3) ? [1 + rng.below(rng.chance(0.9) ? total : 256), total] : [0, 0];
      const changed = rng.chance(0.2) ? rng.below(256) : 0;
      return Uint8Array.of(rng.below(256), rng.below(8), ...fragment, firstPayload, changed, ...octets);
    },
    open: () => new Run(),
  };
}
