/**
 * How hard a key is to guess, in bits: an estimate from above. Octets are taken at the size of the alphabet that the key
 * uses, except where they repeat what came before, go on in a row (`6789`, `fedc`), or are of a well-known word: then they
 * cost no more than saying so. It cannot see that words of a language make a sentence.
 */
const WORDS = [
  "password",
  "passwort",
  "passw0rd",
  "passphrase",
  "presharedkey",
  "preshared",
  "sharedkey",
  "shared",
  "secret",
  "secure",
  "security",
  "private",
  "tunnel",
  "gateway",
  "router",
  "ipsec",
  "ikev2",
  "iked",
  "strongswan",
  "openbsd",
  "openiked",
  "linux",
  "cisco",
  "admin",
  "root",
  "user",
  "guest",
  "test",
  "demo",
  "example",
  "sample",
  "default",
  "change",
  "changeme",
  "changeit",
  "replace",
  "replaceme",
  "fixme",
  "todo",
  "fake",
  "foobar",
  "foo",
  "bar",
  "hello",
  "world",
  "welcome",
  "letmein",
  "monkey",
  "dragon",
  "master",
  "server",
  "client",
  "remote",
  "office",
  "company",
  "site",
  "key",
  "psk",
  "vpn",
  "your",
  "strong",
  "here",
  "this",
  "the",
  "abc",
  "xyz",
  "qwertyuiop",
  "asdfghjkl",
  "zxcvbnm",
  "qwertzuiop",
  "yxcvbnm",
];

/** Octets of a key that are looked at; what is longer is not guessed. */
const MAX_LENGTH = 256;
/** Shortest repetition that counts as one. */
const MIN_REPEAT = 3;
const WORD_BITS = 8, ROW_BITS = 2, REPEAT_BITS = 3;

/** By their first octet, the longest first. */
const BY_FIRST = Map.groupBy(
  WORDS.map((word) => new TextEncoder().encode(word)).sort((a, b) => b.length - a.length),
  (word) => word[0]!,
);

function lower(octet: number): number {
  return octet >= 0x41 && octet <= 0x5a ? octet | 0x20 : octet;
}

/** Octets of the longest well-known word that begins here. */
function wordAt(key: Uint8Array, at: number): number {
  const word = BY_FIRST.get(lower(key[at]!))?.find((one) =>
    at + one.length <= key.length && one.every((octet, i) => octet === lower(key[at + i]!))
  );
  return word?.length ?? 0;
}

/** Octets from here that go on by the same step, and the step: 0 says one octet again and again. */
function rowAt(key: Uint8Array, at: number): { readonly length: number; readonly step: number } {
  const step = key[at + 1]! - key[at]!;
  let end = at + 1;
  while (end < key.length && key[end]! - key[end - 1]! === step) end++;
  return { length: end - at, step };
}

/** Octets from here that stood earlier in the same order. */
function repeatAt(key: Uint8Array, at: number): number {
  let longest = 0;
  for (let from = 0; from < at; from++) {
    if (key[from] !== key[at]) continue;
    let length = 1;
    while (at + length < key.length && key[from + length] === key[at + length]) length++;
    longest = Math.max(longest, length);
  }
  return longest;
}

/** Bits of an octet of the alphabet that the key uses: of digits, letters, signs, or all octets. */
function octetBits(key: Uint8Array): number {
  let digits = 0, small = 0, large = 0, signs = 0, others = 0, hex = 16;
  for (const octet of key) {
    if (octet >= 0x30 && octet <= 0x39) digits = 10;
    else if (octet >= 0x61 && octet <= 0x7a) small = 26;
    else if (octet >= 0x41 && octet <= 0x5a) large = 26;
    else if (octet >= 0x20 && octet <= 0x7e) signs = 33;
    else others = 161;
    if (!(octet <= 0x39 && octet >= 0x30) && !(lower(octet) >= 0x61 && lower(octet) <= 0x66)) hex = 0;
  }
  if (hex > 0 && digits > 0 && (small > 0) !== (large > 0)) return Math.log2(hex);
  return Math.log2(digits + small + large + signs + others);
}

/** Bits that a guesser has to find out at most, by this measure; counted to `enough`. Nothing of the key is kept. */
export function guessBits(whole: Uint8Array, enough = Infinity): number {
  const key = whole.subarray(0, MAX_LENGTH);
  const each = octetBits(key);
  let bits = 0;
  for (let at = 0; at < key.length && bits < enough;) {
    let length = 1, cost = each;
    const take = (run: number, price: number) => {
      if (price / run < cost / length) [length, cost] = [run, price];
    };
    const word = wordAt(key, at), row = rowAt(key, at), repeat = repeatAt(key, at);
    if (word > 0) take(word, WORD_BITS);
    if (row.length >= MIN_REPEAT) take(row.length, each + (Math.abs(row.step) <= 1 ? ROW_BITS : each));
    if (repeat >= MIN_REPEAT) take(repeat, Math.log2(at + 1) + REPEAT_BITS);
    bits += cost;
    at += length;
  }
  return bits;
}
