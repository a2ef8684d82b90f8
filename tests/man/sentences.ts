/** The grammar of the manual page, and what random sentences are made of. */
import { encrAlgorithms, integAlgorithms, keAlgorithms, prfAlgorithms } from "../../src/crypto/algorithms.ts";
import { pick } from "../support/mutate.ts";
import type { Rng } from "../support/rng.ts";
import { type Maker, parseGrammar } from "./ebnf.ts";
import { literalBlocks, section } from "./pages.ts";

/** The grammar of iked.conf(5). */
export const grammar = parseGrammar(literalBlocks(section("iked.conf.5", "GRAMMAR"))[0]!);
const from = (...list: readonly string[]) => (rng: Rng) => pick(list, rng);
const names = (entries: readonly { readonly names: readonly string[] }[]) =>
  from(...entries.flatMap((one) => one.names));

/** Words of each class, as "Words, strings and amounts" states them. */
export const CLASSES = {
  ADDRESS: from(
    "192.0.2.1",
    "10.0.0.0/8",
    "2001:db8::1",
    "2001:db8::/32",
    "gw.example.com",
    "em0",
    '"10.1.0.0/16"',
    "egress",
  ),
  AMOUNT: from("0", "5000000", "4G", "512M", "10k"),
  ANY: from("word", '"two words"', "{ a, b }", "(", "10.0.0.0/8"),
  AUTH: names(integAlgorithms),
  ENC: names(encrAlgorithms),
  GROUP: names(keAlgorithms),
  NAME: (rng: Rng) => `${pick(["gw", "net_1", "A", "9x"], rng)}${rng.below(1000)}`,
  NUMBER: (rng: Rng) => String(rng.below(256)),
  PORT: from("23", "telnet", '"domain"', "65535", "1:1023"),
  PRF: names(prfAlgorithms),
  PROTOCOL: from("tcp", "udp", "6", '"gre"'),
  SECONDS: from("0", "3", "86400"),
  STRING: from(
    "plain",
    "gw.example.com",
    '"two words"',
    "'it is \"quoted\"'",
    '"/C=DE/CN=gw"',
    "a@example.com",
    "x-1",
  ),
  TIME: from("0", "90", "10m", "3h", "1d"),
};

/** What sentences of iked.conf(5) are made with. */
export function makerOf(rng: Rng): Maker {
  return {
    grammar,
    rng,
    classes: CLASSES,
    often: new Set(["flow", "ikesa", "childsa", "config", "request"]),
  };
}
