import assert from "node:assert/strict";
import { formatIdentity } from "../../src/policy/mod.ts";
import { MAX_MACRO_LENGTH } from "../../src/config/macros.ts";
import { read, readGood } from "./support.ts";

const secret = (text: string, options = {}) =>
  new TextDecoder().decode(
    readGood(`ikev2 esp from 10.0.0.1 to 10.0.0.2 ${text}`, options).secrets[0]!.octets,
  );
const nameOf = (text: string) =>
  readGood(`ikev2 ${text} from 10.0.0.1 to 10.0.0.2 psk x`).configuration.policies[0]!.name;

Deno.test("comments, empty lines, carriage returns and continued lines", () => {
  const { configuration } = readGood(
    "# comment\r\n\r\n  \t\nset passive # more\nikev2 \\\r\n esp\\\n from 10.0.0.1 to\\\n10.0.0.2 psk x#y\n\\\n",
  );
  assert.equal(configuration.globals.active, false);
  assert.equal(configuration.policies.length, 1);
});

Deno.test("both kinds of quotes; a newline in a string is dropped, only the quote and blanks are escaped", () => {
  assert.equal(secret(`psk "a b"`), "a b");
  assert.equal(secret(`psk 'a "b"'`), 'a "b"');
  assert.equal(secret(`psk "it's"`), "it's");
  assert.equal(secret(`psk "a\nb\\\nc"`), "abc");
  assert.equal(secret(`psk "a\\"b"`), 'a"b');
  assert.equal(secret(`psk "a\\ b\\nc\\\\d"`), "a b\\nc\\\\d");
  assert.equal(secret(`psk "x#y$z"`), "x#y$z");
  assert.equal(nameOf(`"a name"`), "a name");
  assert.equal(nameOf(`'big # "test"'`), 'big # "test"');
});

Deno.test("a word that starts with a slash is a distinguished name without quotes", () => {
  const { configuration } = readGood(
    "ikev2 esp from 10.0.0.1 to 10.0.0.2 srcid /C=DE/CN=gw dstid '/CN=other gw' psk x",
  );
  const [policy] = configuration.policies;
  assert.equal(formatIdentity(policy!.localId), "/C=DE/CN=gw");
  assert.equal(formatIdentity(policy!.peerId!), "/CN=other gw");
});

Deno.test("a macro stands for several words, for part of a statement, or for one string", () => {
  const text = `path = "from 10.0.0.1 to 10.0.0.2"\nwho = peer 192.0.2.1\nkey = "two words"\n` +
    `all = $path $who\nikev2 "n" esp $all psk $key\n`;
  const { configuration, secrets } = readGood(text);
  assert.deepEqual(configuration.policies[0]!.peer, {
    kind: "network",
    prefix: { address: { family: 4, value: 0xc0000201n }, length: 32 },
  });
  assert.equal(new TextDecoder().decode(secrets[0]!.octets), "two words");
});

Deno.test("a macro is not expanded in quotes and not within a word", () => {
  assert.equal(secret(`psk "$x"`), "$x");
  assert.equal(nameOf(`"a-$x"`), "a-$x");
  assert.equal(nameOf(`a-$x`), "a-$x");
});

Deno.test("a macro of the command line wins over the file's", () => {
  assert.equal(secret("psk $key", { macros: { key: "from -D" } }), "from -D");
  const text = `peer_gw = "192.0.2.1"\nikev2 esp from 10.0.0.1 to 10.0.0.2 peer $peer_gw psk x\n`;
  const { configuration } = readGood(text, { macros: { peer_gw: "192.0.2.99" } });
  assert.ok(configuration.policies[0]!.peer.kind === "network");
  assert.equal(configuration.policies[0]!.peer.prefix.address.value, 0xc0000263n);
});

Deno.test("macros that expand into each other stay bounded", () => {
  const lines = ["a0 = 12345678901234567890"];
  for (let i = 1; i < 40; i++) lines.push(`a${i} = $a${i - 1} $a${i - 1}`);
  const { text } = read(`${lines.join("\n")}\n`);
  assert.match(text, /the value of macro "a9" is too long/);
  const big = "x".repeat(MAX_MACRO_LENGTH - 1);
  const uses = `big = ${big}\n${"y = $big\n".repeat(1000)}`;
  assert.match(read(uses).text, /macros expand to too much text/);
});

Deno.test("an included file gives its statements and macros to those behind it", () => {
  const { configuration } = readGood(`include "macros"\nikev2 esp from $net to 10.0.0.2 psk x`, {
    files: { macros: "net = 10.1.0.0/16\nset passive\n" },
  });
  assert.equal(configuration.globals.active, false);
  assert.equal(configuration.policies[0]!.flows[0]!.local.addresses.start, 0x0a010000n);
});

Deno.test("secrets never stand in what is said about a file", () => {
  const cases = [
    `ikev2 esp from 10.0.0.1 to 10.0.0.2 psk "hunter2" bogus`,
    `ikev2 esp from 10.0.0.1 to 10.0.0.2 pks "hunter2"`,
    `ikev2 esp from 10.0.0.1 to 10.0.0.2 psk hunter2 hunter2 hunter2`,
    `ikev2 bogus? esp bogus psk hunter2`,
    `ikev2 esp bogus psk \\\n "hunter2"`,
    `ikev2 esp psk 0xhunter2`,
    `key = "hunter2"\nikev2 esp from 10.0.0.1 to 10.0.0.2 psk $key bogus\nkey = "hunter2" "`,
    `key = "hunter2" "\nikev2 esp from 10.0.0.1 to 10.0.0.2 psk $key`,
    `mine = hunter2\nkey = $mine\nmine = $nothing hunter2\nikev2 esp psk $key bogus`,
    `auth_part = "psk hunter2"\nauth_part = "psk hunter2\nikev2 esp $auth_part bogus`,
    `user "alice" "hunter2" extra`,
    `ikev2 esp from 10.0.0.1 to 10.0.0.2 psk file "hunter2"`,
    `ikev2 esp from 10.0.0.1 to 10.0.0.2 psk "hunter2`,
  ];
  for (const text of cases) {
    const said = read(text);
    assert.equal(said.compiled, undefined, text);
    assert.ok(!said.text.includes("hunter2"), said.text);
    assert.ok(!JSON.stringify(said.diagnostics).includes("hunter2"));
  }
});
