import assert from "node:assert/strict";
import { WARNINGS } from "../../../src/config/mod.ts";
import { check, codesOf } from "./support.ts";

const WEAK = "ikev2 site from 10.1.0.0/16 to 10.2.0.0/16 peer 192.0.2.2 psk foobar";

Deno.test("a comment at the end of a statement's last line silences the warnings of the statement", () => {
  assert.deepEqual(codesOf(`${WEAK}\n`), ["1:59 W017"]);
  assert.deepEqual(codesOf(`${WEAK} # iked: allow W017\n`), []);
  assert.deepEqual(codesOf(`${WEAK} # iked: allow W017`), []);
  assert.deepEqual(codesOf(`${WEAK} #iked: allow W017 the peer cannot do better\n`), []);
  assert.deepEqual(codesOf(`${WEAK} # iked: allow W017 \\\n and this is the comment, too\n`), ["1:70 W003"]);
  const lines = "ikev2 site \\\n\tfrom 10.1.2.3/16 to 10.2.0.0/16 peer 192.0.2.2 \\\n\tpsk foobar";
  assert.deepEqual(codesOf(`${lines}\n`), ["2:7 W009", "3:2 W017"]);
  assert.deepEqual(codesOf(`${lines} # iked: allow W009, W017\n`), []);
  assert.deepEqual(codesOf(`${lines} # iked: allow W017\n`), ["2:7 W009"]);
  assert.deepEqual(codesOf("# iked: allow W010\n"), []);
  assert.deepEqual(codesOf("x = 1 # iked: allow W001\n# iked: allow W010\n"), ["1:1 W010", "2:15 W013"]);
});

Deno.test("it silences no other statement and no error", () => {
  const other = WEAK.replace("site", "other").replaceAll("10.", "11.");
  assert.deepEqual(codesOf(`${WEAK} # iked: allow W017\n${other}\n`), ["2:60 W017"]);
  assert.deepEqual(codesOf(`${WEAK}\n# iked: allow W017\n`), ["1:59 W017", "2:15 W013"]);
  assert.deepEqual(codesOf(`${WEAK.replace("peer", "pear")} # iked: allow W017\n`), [
    '1:44 error: unknown word "pear"',
  ]);
  const files = { part: `${WEAK} # iked: allow W017\n` };
  assert.deepEqual(codesOf('include "part"\n', { files }), []);
  assert.deepEqual(codesOf('include "part" # iked: allow W017\n', { files: { part: `${WEAK}\n` } }), [
    "1:59 W017",
    "1:30 W013",
  ]);
});

Deno.test("an allow that is unknown, without a code or not needed is a warning itself", () => {
  const said = (comment: string) => check(`${WEAK} ${comment}\n`).text.split("\n");
  assert.deepEqual(
    said("# iked: allow W017 W071"),
    [
      'iked.conf:1:89: warning: there is no warning "W071" [W013]',
      "ikev2 site from 10.1.0.0/16 to 10.2.0.0/16 peer 192.0.2.2 psk ****** # iked: allow W017 W071",
      `${" ".repeat(88)}^`,
      'did you mean "W017"?',
    ].map((line, at) => at === 3 ? said("# iked: allow W017 W071")[3]! : line),
  );
  assert.ok(
    Object.values<string>(WARNINGS).includes(/"(W\d+)"/.exec(said("# iked: allow W017 W071")[3]!)![1]!),
  );
  assert.deepEqual(codesOf(`${WEAK} # iked: allow W017 W012\n`), ["1:89 W013"]);
  assert.match(
    said("# iked: allow W017 W012")[0]!,
    /"allow W012" is not needed: this statement has no such warning/,
  );
  assert.match(
    check(`${WEAK} # iked: allow\n`).text,
    /expected the code of a warning behind "allow", such as W012 \[W013\]/,
  );
  assert.match(
    check(`${WEAK} # iked: alow W017\n`).text,
    /1:78: warning: expected "allow" behind "# iked:", found "alow" \[W013\][^]*did you mean "allow"/,
  );
  assert.deepEqual(codesOf(`${WEAK} # iked: allow W017 W012 W013\n`), []);
  // What is said on one host and not on another cannot be too much
  assert.deepEqual(codesOf(`${WEAK} # iked: allow W017 W007 W018\n`), []);
  // Nor what is not seen while a name has no address
  const named = WEAK.replace("192.0.2.2", "gone.example.com");
  assert.deepEqual(codesOf(`${named} # iked: allow W007 W012 W014 W017\n`), []);
  assert.deepEqual(codesOf(`${named} # iked: allow W007 W016 W017\n`), ["1:96 W013"]);
  // With an error nobody knows what would be said
  assert.deepEqual(codesOf(`${WEAK} # iked: allow W012\nbogus\n`), ['2:1 error: unknown statement "bogus"']);
});

Deno.test("comments for people are no directives, and no comment makes reading throw", () => {
  for (const comment of ["# iked is here", "# about iked: allow W017", "#", "# iked :allow W017"]) {
    assert.deepEqual(codesOf(`${WEAK} ${comment}\n`), ["1:59 W017"], comment);
  }
  for (const comment of ["# iked:", "# iked: allow \xff\u0000", `# iked: allow ${"W017 ".repeat(1000)}`]) {
    assert.ok(check(`${WEAK} ${comment}\n`).diagnostics.length > 0 || comment.length > 1000);
  }
});

Deno.test("2,000 warnings that are allowed leave room for one that is not", () => {
  const many = Array.from(
    { length: 2000 },
    (_, at) =>
      `ikev2 from 10.1.0.0/16 to 172.16.${at >> 8}.${
        at & 255
      } peer 192.0.2.2 psk foobar # iked: allow W017\n`,
  );
  assert.deepEqual(codesOf(`${many.join("")}${WEAK}\n`), ["2001:59 W017"]);
});

Deno.test("docs/warnings.md has every code once, in their order", async () => {
  const page = await Deno.readTextFile(new URL("../../../docs/warnings.md", import.meta.url));
  const rows = [...page.matchAll(/^\| (W\d{3}) \| [^|]{10,} \| [^|]{4,} \|$/gm)].map((match) => match[1]);
  assert.deepEqual(rows, Object.values(WARNINGS));
});
