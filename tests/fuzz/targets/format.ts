/** iked.conf as `iked fmt` gets it: laid out without a change of meaning, once and for all, or refused. */
import assert from "node:assert/strict";
import { Diagnostics, formatConfiguration, isSameText, Source } from "../../../src/config/mod.ts";
import { literalBlocks, section } from "../../man/pages.ts";
import { readVectorOctets, vectorFiles } from "../../support/vectors.ts";
import { damagedText, octetsOf } from "../corpus.ts";
import type { Target } from "../target.ts";

const WORDS = octetsOf([
  ...("ikev2 set from to psk ikesa enc group lifetime # { } ( ) , = $x x= foo\\ /C=DE \\ \\\\ radius tag")
    .split(" ")
    .map((word) => ` ${word} `),
  ...'\\\n|\\\r\n|\n|\n\n|\r\n|\t|"|\'|\0|\\"|# a \\\n|# a \\ |\n \\\n'.split("|"),
]);

function laidOut(octets: Uint8Array): Uint8Array | undefined {
  return formatConfiguration(new Source("iked.conf", octets), new Diagnostics());
}

function format(octets: Uint8Array): string {
  const formatted = laidOut(octets);
  if (formatted === undefined) return "refused";
  assert.ok(isSameText(octets, formatted), "The tokens changed");
  const again = laidOut(formatted);
  assert.deepEqual(again, formatted, "Laid out again, it is not the same");
  return "laid out";
}

export default function load(): Target {
  const corpus = [
    ...vectorFiles("iked-conf", ".conf").map(readVectorOctets),
    ...octetsOf(literalBlocks(section("iked.conf.5", "EXAMPLES"))),
  ];
  return {
    name: "format",
    says: "damaged iked.conf files into the formatter",
    inputs: 200,
    reaches: ["laid out", "refused"],
    generate: (rng) => damagedText(corpus, WORDS, rng),
    open: () => ({ feed: format }),
  };
}
