import assert from "node:assert/strict";
import { parseAddress } from "../../src/ip/mod.ts";
import { readVectorOctets, vectorTest } from "../support/vectors.ts";
import { environment, read } from "./support.ts";

const anywhere = { ...environment, addressesOf: () => [parseAddress("192.0.2.1")!] };

/** Both examples of the manual of OpenBSD 4.8. */
const MANUAL = `user "test" "password123"

ikev2 "win7" esp \\
  from 172.16.2.0/24 to 0.0.0.0/0 \\
  peer 10.0.0.0/8 local 192.168.56.0/24 \\
  eap "mschap-v2" \\
  config address 172.16.2.1 \\
  tag "$name-$id"

ikev2 "big test" \\
  esp proto tcp \\
  from 10.0.0.0/8 port 23 to 20.0.0.0/8 port 40 \\
  from 192.168.1.1 to 192.168.2.2 \\
  peer any local any \\
  ikesa enc 3des auth hmac-sha1 group modp1024 \\
  childsa enc aes-128 auth hmac-sha1 \\
  srcid host.example.com \\
  dstid 192.168.0.254 \\
  psk "foobar"
`;

/** What the manual's examples have not: a macro, IPv6, both kinds of keys and of quotes. */
const GOOD = `# a gateway
gw = "192.0.2.1"
set dpd_check_interval 30

ikev2 "one" active esp proto tcp \\
	from 10.1.0.0/16 port 23 to 10.2.0.0/16 \\
	from 10.1.0.0/16 to 10.3.0.0/16 local any peer $gw \\
	ikesa enc aes-256-gcm prf hmac-sha2-256 group curve25519 \\
	childsa enc aes-128 auth hmac-sha2-256 noesn \\
	srcid gw.example.com dstid "/C=DE/CN=other" ikelifetime 4h lifetime 1h bytes 2G \\
	psk 'a "good" key'
ikev2 quick from 2001:db8::1 to 2001:db8::2 psk 0x00112233
`;

/** Every printable character of ASCII, and others of each kind. */
const ALPHABET = [
  ...Array.from({ length: 0x7f - 0x20 }, (_, at) => String.fromCharCode(0x20 + at)),
  ..."\t\n\r\0\x7fé",
];

/** A text with one character changed, and in which line of it that is. */
interface Mutant {
  readonly text: string;
  readonly line: number;
}

function* mutantsOf(text: string, alphabet: readonly string[]): Generator<Mutant> {
  let line = 1;
  for (let at = 0; at <= text.length; at++) {
    const before = text.slice(0, at), old = text[at];
    if (old !== undefined) yield { text: before + text.slice(at + 1), line };
    for (const one of alphabet) {
      yield { text: before + one + text.slice(at), line };
      if (old !== undefined && one !== old) yield { text: before + one + text.slice(at + 1), line };
    }
    if (old === "\n") line++;
  }
}

/** First lines of the statements of the text, by which an error can say where the construct began. */
function beginsOf(text: string): number[] {
  const lines = text.split("\n");
  return lines.flatMap((line, at) =>
    line.trim() !== "" && !line.startsWith("#") && !(lines[at - 1] ?? "").endsWith("\\") ? [at + 1] : []
  );
}

/**
 * Checks every mutant of a text; how many of them had an error. Messages `about` something tell of it wherever it is.
 */
function check(text: string, alphabet = ALPHABET, about = /^$/): number {
  const begins = beginsOf(text), lines = text.split("\n").length;
  let errors = 0;
  for (const mutant of mutantsOf(text, alphabet)) {
    const { line } = mutant;
    const { compiled, diagnostics, text: said } = read(mutant.text, { environment: anywhere });
    const wrong = diagnostics.some(({ severity }) => severity === "error");
    assert.equal(compiled === undefined, wrong);
    if (!wrong) continue;
    errors++;
    const begin = begins.findLast((one) => one <= line) ?? 1;
    // A newline that comes or goes makes two lines of one, or one of two
    const changed = mutant.text.split("\n").length === lines ? [line] : [line, line + 1];
    const found = diagnostics.some(({ where, message, severity }) =>
      changed.includes(where!.line) || (severity === "error" && where!.line === begin) ||
      about.test(message) || changed.some((one) => new RegExp(`\\bline ${one}\\b`).test(message))
    );
    assert.ok(found, `line ${line} of\n${mutant.text}\n${said}`);
  }
  return errors;
}

Deno.test("one wrong character in the manual's examples is no error, or told in its line or where the construct began", () => {
  const { compiled, text } = read(MANUAL);
  assert.ok(compiled !== undefined, text);
  assert.ok(check(MANUAL) > 10_000);
});

for (const file of ["man-win7.conf"]) {
  vectorTest(
    `one wrong character in ${file} is no error, or told in its line or where the construct began`,
    () => {
      assert.ok(check(new TextDecoder().decode(readVectorOctets(`iked-conf/${file}`))) > 1000);
    },
  );
}

Deno.test("one wrong character in a file with macros is no error, or told in its line, by the macro's name, or where the construct began", () => {
  // A macro whose definition is gone is missed by its name, one that is wrong is told with its place
  const about = /macro "g.?w.*(not defined|iked.conf:2:)/;
  assert.ok(check(GOOD, [..."a0\"'\\#$}(,=/ \n"], about) > 1000);
});
