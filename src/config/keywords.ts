/**
 * The words of iked.conf(5): the only list. The parser takes its words from here, and so do the manual page and the
 * editors' syntax files.
 */
import type { Feature } from "./unsupported.ts";

/** What a word is: it begins a statement, follows `set`, is a clause of a policy, or stands inside of one of these. */
export type KeywordKind = "statement" | "option" | "clause" | "inner" | "value" | "foreign";

/** One meaning of one word; a word may have several. */
export interface Keyword {
  readonly word: string;
  readonly kind: KeywordKind;
  /** The word that it belongs to: `ikev2`, `set`, `from` …; empty for statements. */
  readonly of: string;
  /** It may not name a macro, nor a policy without quotes. */
  readonly reserved: boolean;
  /** Rows of the features list. */
  readonly rows: string;
  /** What a configuration that has it asks for, where that is more than every version did. */
  readonly feature?: Feature;
}

type Row = readonly [of: string, kind: KeywordKind, words: string, rows: string, feature?: Feature];

/** Words that today's iked reserves, or that the manual's did. */
const RESERVED_ROWS: readonly Row[] = [
  ["", "statement", "ikev2", "S50"],
  ["", "statement", "set", "S40–S43"],
  ["", "statement", "user", "S44"],
  ["", "statement", "include", "S26"],
  ["", "foreign", "ah esp flow from ike sa tcpmd5 to transport tunnel", "S29"],

  ["set", "option", "active passive", "S40, S41"],
  ["set", "option", "couple decouple", "S42, S43"],
  ["set", "option", "dpd_check_interval", "O20"],
  ["set", "option", "enforcesingleikesa noenforcesingleikesa", "O21"],
  ["set", "option", "fragmentation", "O22", "fragmentation"],
  ["set", "option", "nofragmentation", "O22"],
  ["set", "option", "mobike", "O23", "mobike"],
  ["set", "option", "nomobike", "O23"],
  ["set", "option", "stickyaddress", "O24", "stickyaddress"],
  ["set", "option", "nostickyaddress", "O24"],
  ["set", "option", "vendorid novendorid", "O25"],
  ["set", "option", "cert_partial_chain", "O26", "cert_partial_chain"],
  ["set", "option", "ocsp", "O27", "ocsp"],
  ["ocsp", "inner", "tolerate maxage", "O27"],

  ["ikev2", "clause", "quick skip default", "O40"],
  ["ikev2", "clause", "active passive", "S51"],
  ["ikev2", "clause", "ipcomp", "O41", "ipcomp"],
  ["ikev2", "clause", "tunnel", "O42"],
  ["ikev2", "clause", "transport", "O42", "transport"],
  ["ikev2", "clause", "natt", "O43"],
  ["ikev2", "clause", "esp", "S52"],
  ["ikev2", "clause", "ah", "S52", "ah"],
  ["ikev2", "clause", "inet inet6", "O44"],
  ["ikev2", "clause", "proto", "S53, O45"],
  ["ikev2", "clause", "rdomain", "O46", "rdomain"],
  ["ikev2", "clause", "from to", "S54"],
  ["from", "inner", "port", "S56"],
  ["from", "value", "any", "S55, O48"],
  ["from", "value", "dynamic", "O47", "dynamic"],
  ["ikev2", "clause", "local peer", "S59"],
  ["peer", "value", "any", "S59"],
  ["ikev2", "clause", "ikesa", "S61, O50"],
  ["ikev2", "clause", "childsa", "S62, O50"],
  ["ikesa", "inner", "auth enc prf group", "S61"],
  ["childsa", "inner", "auth enc group esn noesn", "S62, O65"],
  ["ikev2", "clause", "srcid dstid", "S64"],
  ["ikev2", "clause", "ikelifetime", "O53"],
  ["ikev2", "clause", "lifetime", "O54"],
  ["lifetime", "inner", "bytes", "O54"],
  ["ikev2", "clause", "psk", "S67, S68"],
  ["psk", "inner", "file", "S69"],
  ["ikev2", "clause", "rsa", "S70", "signature"],
  ["ikev2", "clause", "eap", "S65", "eap"],
  ["ikev2", "clause", "config", "S71, O57", "config"],
  ["ikev2", "clause", "request", "O58", "request"],
  ["request", "value", "any", "O58"],
  ["ikev2", "clause", "iface", "O59, O60", "iface"],
  ["ikev2", "clause", "tag", "S72, S73, O61", "tag"],
  ["ikev2", "clause", "tap", "S74, O62", "tap"],
];

/** Words that mean something only where they stand, and so may name a macro. */
const FREE_ROWS: readonly Row[] = [
  ["", "statement", "radius", "O30–O36", "radius"],
  ["radius", "inner", "accounting", "O30–O32"],
  ["radius", "inner", "server", "O30"],
  ["radius", "inner", "port secret", "O30, O34, O35"],
  ["radius", "inner", "max-tries", "O31"],
  ["radius", "inner", "max-failovers", "O32"],
  ["radius", "inner", "config inet inet6", "O33"],
  ["radius", "value", "none", "O33"],
  ["radius", "inner", "dae", "O34, O35"],
  ["radius", "inner", "listen on", "O34"],
  ["radius", "inner", "client", "O35"],

  ["set", "option", "datapath", "N06"],
  ["datapath", "value", "userland xfrm pfkey none", "N06"],
  ["ikev2", "clause", "ecdsa256 ecdsa384 ecdsa521 rfc7427 signature", "O55", "signature"],
  ["eap", "value", "mschap-v2", "S65"],
  ["eap", "value", "radius", "O36"],
  [
    "config",
    "value",
    "address netmask name-server netbios-server dhcp-server protected-subnet access-server",
    "S71, O57",
  ],
  [
    "request",
    "value",
    "address netmask name-server netbios-server dhcp-server protected-subnet access-server",
    "O58",
  ],
];

function keywordsOf(rows: readonly Row[], reserved: boolean): Keyword[] {
  return rows.flatMap(([of, kind, words, rows, feature]) =>
    words.split(" ").map((word) => ({ word, kind, of, reserved, rows, ...(feature && { feature }) }))
  );
}

/** Every meaning of every word. */
export const KEYWORDS: readonly Keyword[] = [
  ...keywordsOf(RESERVED_ROWS, true),
  ...keywordsOf(FREE_ROWS, false),
];

/** Words of this kind that belong to `of`. */
export function wordsOf(of: string, kind: KeywordKind): readonly string[] {
  return KEYWORDS.filter((one) => one.of === of && one.kind === kind).map(({ word }) => word);
}

/** Words that may not name a macro. */
export const RESERVED: ReadonlySet<string> = new Set([
  ...KEYWORDS.filter(({ reserved }) => reserved).map(({ word }) => word),
]);

/** Every word that has a meaning anywhere but as a value. */
export const WORDS: ReadonlySet<string> = new Set(
  KEYWORDS.filter(({ kind }) => kind !== "value").map(({ word }) => word),
);

/** Whether a word means something in iked.conf(5) and so may not name a macro. */
export function isReserved(word: string): boolean {
  return RESERVED.has(word);
}
