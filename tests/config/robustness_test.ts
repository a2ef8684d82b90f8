import assert from "node:assert/strict";
import fc from "fast-check";
import { Diagnostics, parse, Source } from "../../src/config/mod.ts";
import { read, readGood } from "./support.ts";

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
/** First and last line of each statement, which is what an error in it points into. */
const STATEMENTS = [[1, 1], [2, 2], [3, 3], [4, 4], [5, 11], [12, 12], [13, 13]] as const;

/** Statements that a line belongs to, or that begin right behind it. */
function near(line: number): readonly [number, number] {
  const at = STATEMENTS.findIndex(([first, last]) => first <= line && line <= last);
  return [STATEMENTS[at]![0], STATEMENTS[Math.min(at + 1, STATEMENTS.length - 1)]![1]];
}

Deno.test("no octets make reading throw, and every error has a place in the file", () => {
  const pieces = fc.constantFrom(
    ..."ikev2 from to psk $ { } ( ) , = \" ' \\ # any esp ikesa childsa enc auth group aes-256 lifetime bytes 3h include set \n \t \r"
      .split(" "),
    "\\\n",
    "\\\r\n",
    "\n",
    "$x",
    "x =",
    "é",
    "\0",
  ).map((piece) => new TextEncoder().encode(`${piece} `));
  const octets = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.array(fc.oneof(pieces, fc.uint8Array({ maxLength: 4 })), { maxLength: 60 })
      .map((list) => Uint8Array.from(list.flatMap((one) => [...one]))),
  );
  fc.assert(
    fc.property(octets, (file) => {
      const { compiled, diagnostics } = read(file);
      assert.equal(compiled === undefined, diagnostics.some((one) => one.severity === "error"));
      const lines = new TextDecoder().decode(file).split("\n").length;
      for (const { where } of diagnostics) {
        if (where !== undefined) assert.ok(where.line >= 1 && where.line <= lines && where.column >= 1);
      }
    }),
    { numRuns: 2000 },
  );
});

Deno.test("one wrong character is either no error or one in its statement, or says where the construct began", () => {
  readGood(GOOD);
  const alphabet = [..."a0\"'\\#$}(,=/ \n"];
  let errors = 0;
  const check = (mutant: string, at: number) => {
    const line = GOOD.slice(0, at).split("\n").length;
    const { compiled, diagnostics } = read(mutant);
    const wrong = diagnostics.filter((one) => one.severity === "error");
    assert.equal(compiled === undefined, wrong.length > 0);
    if (wrong.length === 0) return;
    errors++;
    const [first, last] = near(line);
    // A macro whose definition is gone is missed by name, one that is wrong is told with its place
    const aboutMacro = line <= 2 &&
      wrong.some((one) => /macro "g.?w.*(not defined|iked.conf:2:)/.test(one.message));
    // A quote takes everything up to the next one of its kind with it
    const aboutString = wrong.some((one) => one.message.includes("has no closing"));
    // A warning may be what says it: a comment that takes the next line with it
    const lines = diagnostics.map((one) => one.where!.line);
    assert.ok(
      aboutMacro || aboutString || lines.some((one) => one >= first - 1 && one <= last + 1),
      `line ${line}: ${mutant}\n${JSON.stringify(wrong)}`,
    );
  };
  for (let at = 0; at < GOOD.length; at++) {
    check(GOOD.slice(0, at) + GOOD.slice(at + 1), at);
    for (const one of alphabet) {
      check(GOOD.slice(0, at) + one + GOOD.slice(at), at);
      if (one !== GOOD[at]) check(GOOD.slice(0, at) + one + GOOD.slice(at + 1), at);
    }
  }
  assert.ok(errors > 1000, String(errors));
});

/** How often octets are looked at, by counting reads of the array. */
function readsOf(file: string): number {
  let reads = 0;
  const octets = new TextEncoder().encode(file);
  const counting = new Proxy(octets, {
    get(target, key) {
      if (typeof key === "string" && /^[0-9]+$/.test(key)) reads++;
      const value = Reflect.get(target, key, target);
      if (key === "indexOf") {
        return (what: number, from: number) => {
          const at = target.indexOf(what, from);
          reads += (at < 0 ? target.length : at + 1) - from;
          return at;
        };
      }
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const diagnostics = new Diagnostics();
  parse(new Source("f", counting), { macros: new Map(), include: () => "no" }, diagnostics);
  return reads;
}

Deno.test("reading looks at each octet a bounded number of times, whatever the file", () => {
  const policy = 'ikev2 esp from 10.0.0.1 to 10.0.0.2 peer 192.0.2.1 psk "key"\n';
  const shapes: readonly (readonly [name: string, unit: string])[] = [
    ["policies", policy],
    ["one long line", "from 10.0.0.1 to 10.0.0.2 "],
    ["quotes", "'\""],
    ["escaped quotes", '\\"'],
    ["strings in a line", '"a" "b" '],
    ["continued comments", "# a \\\n"],
    ["continued lines", "\\\n"],
    ["open strings on many lines", '"a\\"\n\'b\n'],
    ["control characters", "\x01"],
    ["errors", "bogus\n"],
    ["macros", "x = $x y\n"],
    ["braces", "{{{"],
  ];
  for (const [name, unit] of shapes) {
    for (const prefix of ["", "ikev2 "]) {
      const size = 20_000;
      const file = prefix + unit.repeat(Math.ceil(size / unit.length));
      const reads = readsOf(file);
      assert.ok(reads < 16 * file.length, `${name}: ${reads} reads of ${file.length} octets`);
    }
  }
});

Deno.test("10,000 policies are read, each as it stands, with the octets looked at a bounded number of times", () => {
  const lines = Array.from(
    { length: 10_000 },
    (_, i) =>
      `ikev2 "p${i}" esp from 10.${i >> 8}.${i & 255}.0/24 to 172.16.0.0/12 peer 192.0.${i >> 8}.${
        i & 255
      } ` +
      `ikesa enc aes-256-gcm prf hmac-sha2-256 group curve25519 srcid gw.example.com psk "key ${i}"`,
  );
  const file = `${lines.join("\n")}\n`;
  const { configuration, secrets } = readGood(file);
  assert.equal(configuration.policies.length, 10_000);
  assert.equal(configuration.policies[7777]!.name, "p7777");
  assert.equal(configuration.policies[7777]!.where!.line, 7778);
  assert.equal(new TextDecoder().decode(secrets[9999]!.octets), "key 9999");
  const part = `${lines.slice(0, 500).join("\n")}\n`;
  assert.ok(readsOf(part) < 10 * part.length);
});

Deno.test("the octets of files and macros are overwritten afterwards", () => {
  const octets = new TextEncoder().encode('key = "hunter2"\nikev2 from 10.0.0.1 to 10.0.0.2 psk $key');
  const diagnostics = new Diagnostics();
  const { tree, wipe } = parse(
    new Source("f", octets),
    { macros: new Map(), include: () => "no" },
    diagnostics,
  );
  const auth = tree.policies[0]!.auth;
  assert.ok(auth?.kind === "psk");
  assert.equal(new TextDecoder().decode(auth.secret.octets), "hunter2");
  wipe();
  assert.ok(octets.every((octet) => octet === 0));
  assert.equal(new TextDecoder().decode(auth.secret.octets), "hunter2");
});
