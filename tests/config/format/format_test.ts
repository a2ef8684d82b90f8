import assert from "node:assert/strict";
import fc from "fast-check";
import { Diagnostics, formatConfiguration, isSameText, Source } from "../../../src/config/mod.ts";
import { Lexer } from "../../../src/config/lexer.ts";
import { makeSentence } from "../../man/ebnf.ts";
import { literalBlocks, section } from "../../man/pages.ts";
import { makerOf } from "../../man/sentences.ts";
import { damage, pick } from "../../support/mutate.ts";
import { createRng } from "../../support/rng.ts";
import { readVectorOctets, vectorFiles, vectorTest } from "../../support/vectors.ts";
import { meaning, octetsOf, read } from "../support.ts";

const decoder = new TextDecoder();

function laidOut(file: string | Uint8Array): Uint8Array | undefined {
  return formatConfiguration(new Source("iked.conf", octetsOf(file)), new Diagnostics());
}

function format(file: string): string {
  const formatted = laidOut(file);
  assert.ok(formatted !== undefined, `refused: ${file}`);
  return decoder.decode(formatted);
}

/** Comments of a file without the blanks at their ends, from what stands between its tokens. */
function commentsOf(octets: Uint8Array): string[] {
  const lexer = new Lexer(octets, new Source("", octets), new Diagnostics());
  const comments: string[] = [];
  for (let from = 0;;) {
    const token = lexer.next();
    const gap = decoder.decode(octets.subarray(from, token.start));
    if (gap.includes("#")) comments.push(gap.slice(gap.indexOf("#")).replace(/[ \t\r]+$/, ""));
    from = token.end;
    if (token.kind === "end") return comments;
  }
}

/** What has to hold for any file at all; whether it was laid out. */
function check(file: Uint8Array): boolean {
  const formatted = laidOut(file);
  if (formatted === undefined) return false;
  const shown = () => `${JSON.stringify(decoder.decode(file))}\n${JSON.stringify(decoder.decode(formatted))}`;
  assert.ok(isSameText(file, formatted), `the tokens changed: ${shown()}`);
  assert.deepEqual(commentsOf(formatted), commentsOf(file), "the comments changed");
  const again = laidOut(formatted);
  assert.ok(again !== undefined, `what was laid out is refused: ${shown()}`);
  assert.equal(decoder.decode(again), decoder.decode(formatted), `not idempotent: ${shown()}`);
  const { compiled } = read(file), { compiled: after } = read(formatted);
  assert.equal(after === undefined, compiled === undefined);
  if (compiled !== undefined) assert.deepEqual(meaning(after!), meaning(compiled));
  return true;
}

const WILD = `

  # The gateway
\tgw="192.0.2.1"   # outer address   
set   dpd_check_interval    30



ikev2   "one" active esp proto {tcp,udp}\\
from 10.1.0.0/16 port 23 to 10.2.0.0/16 , \\
 from 10.1.0.0/16 \\
  to 10.3.0.0/16 local any peer $gw  \\

ikev2 quick \\
      from 10.10.10.1( 192.168.1.0/24 )to 10.0.0.2 \\
  ikesa enc aes-256-gcm \\
                 prf hmac-sha2-256 \\
   psk 'a  "good"
 key' # the key

include    "/etc/other.conf"
# end`;

Deno.test("one blank between words, one step in for a clause, two for what goes on with it", () => {
  assert.equal(
    format(WILD),
    `# The gateway
gw = "192.0.2.1" # outer address
set dpd_check_interval 30

ikev2 "one" active esp proto { tcp, udp } \\
      from 10.1.0.0/16 port 23 to 10.2.0.0/16, \\
      from 10.1.0.0/16 \\
            to 10.3.0.0/16 local any peer $gw

ikev2 quick \\
      from 10.10.10.1 (192.168.1.0/24) to 10.0.0.2 \\
      ikesa enc aes-256-gcm \\
            prf hmac-sha2-256 \\
      psk 'a  "good"
 key' # the key

include "/etc/other.conf"
# end
`.replaceAll("      ", "\t"),
  );
});

Deno.test("the file's own indent is kept where it is one of up to eight spaces, else it is a tab", () => {
  const lines = (indent: string) => `ikev2 esp \\\n${indent}from 10.0.0.1 to 10.0.0.2 \\\n  psk x\n`;
  assert.equal(format(lines("    ")), `ikev2 esp \\\n    from 10.0.0.1 to 10.0.0.2 \\\n    psk x\n`);
  for (const indent of ["\t", "", "\t  ", " ".repeat(9)]) {
    assert.equal(format(lines(indent)), "ikev2 esp \\\n\tfrom 10.0.0.1 to 10.0.0.2 \\\n\tpsk x\n");
  }
});

Deno.test("a backslash that takes no line with it takes none afterwards", () => {
  assert.equal(format("# path C:\\ \nikev2\n"), "# path C:\\ \nikev2\n");
  assert.equal(format("x = a\\ \nikev2\n"), "x = a\\ \nikev2\n");
  assert.equal(format("# end \\"), "# end \\ \n");
  assert.equal(format("# goes on \\\n  here   \nset active"), "# goes on \\\n  here\nset active\n");
});

Deno.test("carriage returns at the ends of lines go, those inside of strings stay", () => {
  assert.equal(format("set active\r\n\r\nx = 'a\r\nb'\r\n"), "set active\n\nx = 'a\r\nb'\n");
});

Deno.test("an empty file stays one, and a file of empty lines becomes one", () => {
  assert.equal(format(""), "");
  assert.equal(format(" \n\n\t\n\\\n\n"), "");
});

Deno.test("a file that is no sequence of tokens is refused, with the place", () => {
  for (
    const [file, message] of [['x = "open\nset active', "has no closing"], ["set \x01", "control character"]]
  ) {
    const diagnostics = new Diagnostics();
    assert.equal(formatConfiguration(new Source("f", octetsOf(file!)), diagnostics), undefined);
    assert.match(diagnostics.finish()[0]!.message, new RegExp(message!));
    assert.equal(diagnostics.finish()[0]!.where?.line, 1);
  }
});

vectorTest(
  "every published file means the same afterwards, keeps its comments, and is laid out for good",
  () => {
    const files = vectorFiles("iked-conf", ".conf");
    assert.ok(files.length >= 12);
    for (const file of files) assert.ok(check(readVectorOctets(file)), file);
  },
);

Deno.test("so do the examples of the manual and of the README, which are in this layout already", () => {
  const readme = Deno.readTextFileSync(new URL("../../../README.md", import.meta.url));
  const examples = literalBlocks(section("iked.conf.5", "EXAMPLES"));
  for (const [, example] of readme.matchAll(/<!-- example: \w+ -->\n```\n([^]*?)```/g)) {
    examples.push(example!);
  }
  assert.ok(examples.length >= 6);
  for (const example of examples) {
    assert.ok(check(octetsOf(example)));
    assert.equal(format(example), example);
  }
});

Deno.test("so do files of sentences of the whole language, however they are laid out", () => {
  const rng = createRng(20_261_124);
  const gaps = [" ", " ", "  ", "\t", " \\\n", " \\\n\t  ", "\\\n    "];
  const ends = ["\n", "\n\n\n", " # why\n", "  \n#  \n", " # goes on \\\n  here\n"];
  for (let i = 0; i < 500; i++) {
    let file = "";
    for (let lines = 1 + rng.below(5); lines > 0; lines--) {
      for (const { text } of makeSentence(makerOf(rng), "line")) file += text + pick(gaps, rng);
      file += pick(ends, rng);
    }
    assert.ok(check(octetsOf(file)), file);
  }
});

/** Pieces of files, among them all that the lexer treats specially. */
const PIECES =
  ("ikev2 from to psk user $x $ { } ( ) , = \" ' \\ # any esp ikesa childsa enc auth group aes-256 " +
    "lifetime bytes 3h include set active 10.0.0.1 10.0.0.2 peer /C=DE a=b foo\\").split(" ")
    .concat(" ", "  ", "\n", "\t", "\r", "\\\n", "\\\r\n", "\n\n", "x = ", "é", "# iked: allow W012\n");

Deno.test("any sequence of pieces means the same afterwards, keeps its comments, and is laid out for good", () => {
  let formatted = 0;
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...PIECES), { maxLength: 40 }), (pieces) => {
      if (check(octetsOf(pieces.join("")))) formatted++;
    }),
    { numRuns: 4000 },
  );
  assert.ok(formatted > 1000, `${formatted} of 4000 were laid out`);
});

Deno.test("so do damaged files, as far as they can be read at all", () => {
  const rng = createRng(20_261_122);
  const good = octetsOf(WILD);
  let formatted = 0;
  for (let i = 0; i < 3000; i++) if (check(damage(good, rng))) formatted++;
  assert.ok(formatted > 500, `${formatted} of 3000 were laid out`);
});

Deno.test("isSameText tells a changed token, one more, one fewer, and a statement that was split", () => {
  const a = octetsOf("set active\nset couple\n");
  for (
    const other of [
      "set active\nset decouple",
      "set active",
      "set active\nset couple\nx",
      "set\nactive\nset couple",
    ]
  ) {
    assert.ok(!isSameText(a, octetsOf(other)), other);
    assert.ok(!isSameText(octetsOf(other), a), other);
  }
  assert.ok(isSameText(a, octetsOf("\n\nset  active # x\n\n\nset couple")));
});
