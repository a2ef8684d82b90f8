import assert from "node:assert/strict";
import { toHex } from "../../src/bytes/mod.ts";
import { firstUnsupported, type Keyword, KEYWORDS, limitOf } from "../../src/config/mod.ts";
import { summaryOf, usersOf } from "./summary.ts";
import { read, readGood } from "./support.ts";

const FLOW = "from 10.0.0.1 to 10.0.0.2";

/** Lines of a summary that are not the same for every policy here. */
function policyLines(text: string, options = {}): string[] {
  const compiled = readGood(text, options);
  return summaryOf(compiled.configuration.policies[0]!, compiled)
    .filter((line) => line !== "2:host.example.com" && line !== "signature any");
}

Deno.test('the manual\'s example "win7" means what the manual says', () => {
  const compiled = readGood(`user "test" "password123"

ikev2 "win7" esp \\
  from 172.16.2.0/24 to 0.0.0.0/0 \\
  peer 10.0.0.0/8 local 192.168.56.0/24 \\
  eap "mschap-v2" \\
  config address 172.16.2.1 \\
  tag "$name-$id"
`);
  assert.deepEqual(usersOf(compiled), ["test password123"]);
  assert.deepEqual(compiled.configuration.policies.map((one) => summaryOf(one, compiled)), [[
    '"win7" passive tunnel esp',
    "172.16.2.0/24 -> 0.0.0.0/0",
    "local 192.168.56.0/24 peer 10.0.0.0/8",
    "2:host.example.com",
    "eap mschap-v2",
    "config address 172.16.2.1",
    "tag $name-$id",
  ]]);
});

Deno.test("the manual's examples of tags and of outgoing NAT", () => {
  const tagged = policyLines(
    "ikev2 esp from 10.1.1.0/24 to 10.1.2.0/24 peer 192.168.3.2 \\\n    tag ipsec-$domain",
  );
  assert.equal(tagged.at(-1), "tag ipsec-$domain");
  assert.deepEqual(
    policyLines("ikev2 esp from 10.10.10.1 (192.168.1.0/24) to 192.168.2.0/24 \\\npeer 10.10.20.1"),
    [
      '"policy1" passive tunnel esp',
      "10.10.10.1 (really 192.168.1.0/24) -> 192.168.2.0/24",
      "local any peer 10.10.20.1",
    ],
  );
});

/** What stands between `ikev2` and the flows, and the first line of the summary. */
const HEADS: readonly (readonly [clause: string, head: string])[] = [
  ["", '"policy1" passive tunnel esp'],
  ["quick passive ipcomp transport natt ah", '"policy1" quick passive ipcomp transport ah natt'],
  ["default tunnel esp inet6", '"policy1" default passive tunnel esp'],
  ['"a b" skip proto gre rdomain 255', '"a b" skip passive tunnel esp rdomain 255'],
  // Today's words that older ones did not reserve may name a policy
  ["server esp", '"server" passive tunnel esp'],
];

for (const [clause, head] of HEADS) {
  Deno.test(`ikev2 ${clause} …`, () => {
    assert.equal(policyLines(`ikev2 ${clause} ${FLOW} peer any`)[0], head);
  });
}

/** Flows in every form, and the selectors. */
const FLOWS: readonly (readonly [flow: string, ...pairs: string[]])[] = [
  ["from dynamic to 10.0.1.0/24", "0.0.0.0/0 (leased) -> 10.0.1.0/24"],
  ["from any to dynamic", "0.0.0.0/0 -> 0.0.0.0/0 (leased)", "::/0 -> ::/0 (leased)"],
  [
    "from dynamic to dynamic",
    "0.0.0.0/0 (leased) -> 0.0.0.0/0 (leased)",
    "::/0 (leased) -> ::/0 (leased)",
  ],
  ["to 10.0.0.2 from 10.0.0.1 (10.9.0.0/16)", "10.0.0.1 (really 10.9.0.0/16) -> 10.0.0.2"],
  [
    "proto tcp from 10.0.0.1 port 23 (10.9.0.1) to 10.0.0.2",
    "10.0.0.1[tcp/23] (really 10.9.0.1) -> 10.0.0.2[tcp]",
  ],
  [
    "proto tcp from 10.0.0.1 (10.9.0.1) port 23 to 10.0.0.2",
    "10.0.0.1[tcp/23] (really 10.9.0.1) -> 10.0.0.2[tcp]",
  ],
  [
    "proto udp from 10.0.0.1 port 1000:2000 to 10.0.0.2 port 53-54",
    "10.0.0.1[udp/1000-2000] -> 10.0.0.2[udp/53-54]",
  ],
  ["proto sctp from 10.0.0.1 port telnet to 10.0.0.2", "10.0.0.1[sctp/23] -> 10.0.0.2[sctp]"],
  [
    "proto { tcp udp } from 10.0.0.1 to 10.0.0.2",
    "10.0.0.1[tcp] -> 10.0.0.2[tcp]",
    "10.0.0.1[udp] -> 10.0.0.2[udp]",
  ],
  ["from v4.example.com/24 to 10.0.0.0 / 8", "192.0.2.0/24 -> 10.0.0.0/8"],
];

for (const [flow, ...pairs] of FLOWS) {
  Deno.test(`ikev2 ${flow}`, () => {
    const lines = policyLines(`ikev2 esp ${flow} peer any`, {
      environment: {
        hostname: "host.example.com",
        protocol: (name: string) => ({ tcp: 6, udp: 17, sctp: 132 })[name],
        service: (name: string, protocol: number) => name === "telnet" && protocol === 6 ? 23 : undefined,
        addressesOf: () => [{ family: 4, value: 0xc000020bn }],
      },
    });
    assert.deepEqual(lines.slice(1, -1), pairs);
  });
}

Deno.test("a prefix length may stand behind a macro", () => {
  assert.equal(
    policyLines("net = 10.0.0.0\nikev2 esp from $net/8 to 10.0.0.2 peer any")[1],
    "10.0.0.0/8 -> 10.0.0.2",
  );
});

Deno.test("AH has its own defaults, and blocks without encryption", () => {
  const defaults = readGood(`ikev2 ah ${FLOW}`).configuration.policies[0]!.childProposals;
  assert.deepEqual(defaults.map(({ protocol, encr, integ, esn }) => [protocol, encr, integ.length, esn]), [
    [2, [], 4, [1, 0]],
  ]);
  assert.equal(
    policyLines(`ikev2 ah ${FLOW} peer any childsa auth hmac-sha1 group curve25519 noesn`)[3],
    "child AUTH_HMAC_SHA1_96; Curve25519; No Extended Sequence Numbers",
  );
});

Deno.test("every way to authenticate", () => {
  const authOf = (clause: string) => policyLines(`ikev2 esp ${FLOW} peer any ${clause}`).at(-1);
  for (const word of ["rsa", "ecdsa256", "ecdsa384", "ecdsa521", "rfc7427"]) {
    assert.equal(authOf(word), `signature ${word}`);
  }
  for (const word of ["", "signature"]) assert.equal(authOf(word), "local any peer any");
  for (const word of ['"MSCHAP-V2"', "mschap_v2", "mschap-v2"]) {
    assert.equal(authOf(`eap ${word}`), "eap mschap-v2");
  }
  assert.equal(authOf("eap radius"), "eap radius");
});

Deno.test("config and request by name and by their beginning, of both families, by names of hosts", () => {
  const { compiled, diagnostics } = read(
    `ikev2 esp ${FLOW} peer any config address 10.0.5.0/24 config netmask 255.255.255.0 ` +
      `config name-serv 2001:db8::53 config protected-subnet 10.9.0.0/16 request address any ` +
      `request address 10.0.5.9 request dhcp-server any config access-server gw.example.com iface sec1 tap enc3`,
  );
  assert.deepEqual(summaryOf(compiled!.configuration.policies[0]!, compiled!).slice(5), [
    "config address 10.0.5.0/24",
    "config netmask 255.255.255.0",
    "config name-server 2001:db8::53",
    "config protected-subnet 10.9.0.0/16",
    "config access-server 192.0.2.10",
    "config access-server 2001:db8::10",
    "request IPv4 address any",
    "request IPv4 address 10.0.5.9",
    "request IPv4 dhcp-server any",
    "iface sec1",
    "tap enc3",
  ]);
  assert.deepEqual(diagnostics.map(({ code }) => code), ["W004"]);
  const many = `ikev2 esp ${FLOW} peer any${" config name-server 10.0.0.1".repeat(17)}`;
  assert.match(read(many).text, /more than 16 options of config and request/);
});

Deno.test("settings of today's iked", () => {
  const { configuration: { globals }, options } = readGood(
    `set fragmentation\nset nomobike\nset stickyaddress\nset cert_partial_chain\n` +
      `set ocsp "http://192.0.2.9:8080/ocsp" tolerate 5m maxage 1h`,
  );
  assert.deepEqual([globals.fragmentation, globals.mobike, globals.stickyAddress], [true, false, true]);
  assert.deepEqual(options, {
    certPartialChain: true,
    ocsp: { url: "http://192.0.2.9:8080/ocsp", toleranceMs: 300_000, maxAgeMs: 3_600_000 },
  });
  assert.deepEqual(readGood("set ocsp http://192.0.2.9/").options.ocsp, {
    url: "http://192.0.2.9/",
    toleranceMs: 0,
  });
});

Deno.test("radius: servers in order, their secrets, defaults, attributes, dynamic authorization", () => {
  const { options: { radius }, secrets } = readGood(
    `radius server 192.0.2.5 secret "one"\nradius server 2001:db8::5 port 1645 secret two\n` +
      `radius accounting server 192.0.2.5 secret three\nradius max-tries 5\nradius accounting max-failovers 2\n` +
      `radius config address 8\nradius config inet6 name-server 0x137 0x1c\nradius config none 9\n` +
      `radius dae listen on 192.0.2.1\nradius dae client 192.0.2.5 secret four`,
  );
  const keyOf = (ref: string) =>
    new TextDecoder().decode(secrets.find((one) => one.ref === ref)?.octets ?? new Uint8Array());
  assert.deepEqual(radius!.authentication.servers.map(({ port, secret }) => [port, keyOf(secret)]), [
    [1812, "one"],
    [1645, "two"],
  ]);
  assert.deepEqual(radius!.accounting.servers.map(({ port, secret }) => [port, keyOf(secret)]), [
    [1813, "three"],
  ]);
  const { authentication, accounting } = radius!;
  assert.deepEqual([authentication.maxTries, authentication.maxFailovers], [5, 0]);
  assert.deepEqual([accounting.maxTries, accounting.maxFailovers], [3, 2]);
  assert.deepEqual(radius!.attributes, [
    { attribute: "address", family: 4, vendor: 0, type: 8 },
    { attribute: "name-server", family: 6, vendor: 0x137, type: 0x1c },
    { family: 4, vendor: 0, type: 9 },
  ]);
  assert.deepEqual(radius!.listen.map(({ port }) => port), [3799]);
  assert.deepEqual(radius!.clients.map(({ secret }) => keyOf(secret)), ["four"]);
});

Deno.test("users: the last of a name counts, passwords are UTF-8", () => {
  assert.deepEqual(usersOf(readGood('user a "1"\nuser b "ü 2"\nuser a "3"')), ["a 3", "b ü 2"]);
  const latin1 = Uint8Array.from([...'user a "f\xfcr"'].map((one) => one.charCodeAt(0)));
  assert.match(read(latin1).text, /1:8: error: this password is no UTF-8 text/);
});

Deno.test("psk file: hex digits, with or without 0x and a newline at the end; the file's octets are wiped", () => {
  const keyOf = (content: string | undefined) => {
    const octets = content === undefined ? undefined : new TextEncoder().encode(content);
    const { compiled, text } = read(`ikev2 esp ${FLOW} psk file "k"`, { keys: octets && { k: octets } });
    if (octets !== undefined) assert.ok(octets.every((octet) => octet === 0));
    return compiled === undefined ? text.split("\n")[0] : toHex(compiled.secrets[0]!.octets);
  };
  assert.equal(keyOf("00ffA0\n"), "00ffa0");
  assert.equal(keyOf("0x1234\r\n"), "1234");
  const no = (reason: string) => `iked.conf:1:46: error: ${reason}`;
  assert.equal(keyOf("123"), no("this key file holds no even number of hex digits"));
  assert.equal(keyOf("00 11"), no("this key file holds no even number of hex digits"));
  assert.equal(keyOf(""), no("this key file holds no even number of hex digits"));
  assert.equal(keyOf("00".repeat(600)), no("this key file is longer than 1024 octets"));
  assert.equal(keyOf(undefined), no("cannot use this key file: there is no such file"));
});

Deno.test("words that older versions did not reserve may name macros", () => {
  const text = "server = 192.0.2.1\nsignature = x\nconfig-x = 1";
  assert.match(read(text).text, /^iked.conf:3:1: error: "config-x" cannot name a macro/);
  assert.ok(readGood(`server = 192.0.2.1\nikev2 esp ${FLOW} peer $server psk x`));
});

Deno.test("rules of ipsec.conf are passed over with a warning, as the original does without", () => {
  const rules = ["ike esp from a to b", "flow esp out from a to b", "sa x", "from a to b", "to b from a"];
  const all = [...rules, "tunnel esp from a to b", "transport x", "tcpmd5 from a to b", "esp from a to b"];
  const { compiled, diagnostics } = read(all.join("\n"));
  assert.ok(compiled !== undefined);
  assert.deepEqual(
    diagnostics.map(({ code }) => code).sort(),
    ["W010", ...all.map(() => "W011")],
  );
});

Deno.test("what asks for more than ESP tunnels with keys is told with its place, and only that", () => {
  const usesOf = (text: string) =>
    readGood(text).uses.map(({ feature, where }) => `${where.line}:${where.column} ${feature}`);
  assert.deepEqual(
    usesOf(`set nomobike\nset fragmentation\nset nofragmentation\nikev2 esp ${FLOW} psk x`),
    [],
  );
  assert.deepEqual(
    usesOf(`set mobike\nikev2 ah transport \\\n ${FLOW} \\\n tag x psk x`),
    ["1:5 mobike", "2:7 ah", "2:10 transport", "4:6 tag"],
  );
  assert.deepEqual(usesOf(`ikev2 esp ${FLOW}`), ["1:1 signature"]);
  assert.deepEqual(usesOf(`ikev2 esp from 10.0.0.1 (10.0.0.3) to 10.0.0.2 psk x`), []);
});

Deno.test("every feature of the words has a limit or works, and the first limit is told in one line", () => {
  for (const { word, feature } of KEYWORDS) {
    if (feature !== undefined) assert.notEqual(limitOf(feature, "userland"), "", word);
  }
  const { uses } = readGood(`ikev2 ah ${FLOW} psk x\nikev2 "b" transport ${FLOW} psk x`);
  assert.deepEqual(firstUnsupported(uses, "userland"), {
    severity: "error",
    message: "ah does not work with the data path userland: it does ESP alone: use -K xfrm, or write esp",
    where: { file: "iked.conf", line: 1, column: 7 },
  });
  assert.equal(firstUnsupported(readGood(`ikev2 esp ${FLOW} psk x`).uses, "userland"), undefined);
});

/** A statement with a word of the table where the table says that it stands; undefined for words inside of others. */
function statementWith({ word, kind, of }: Keyword): string | undefined {
  if (kind === "statement") return word;
  if (kind === "option") return `set ${word}`;
  if (kind === "clause") return `ikev2 ${word}`;
  if (kind === "foreign") return `${word} x`;
  if (of === "datapath") return `set datapath ${word}`;
  if (of === "eap") return `ikev2 ${FLOW} eap ${word}`;
  const isOption = (of === "config" || of === "request") && word !== "any";
  return isOption ? `ikev2 ${FLOW} peer any ${of} ${word} 10.0.0.1` : undefined;
}

Deno.test("every word of the table is one of the parser's, where the table says", () => {
  for (const keyword of KEYWORDS) {
    const statement = statementWith(keyword);
    if (statement === undefined) continue;
    const { compiled, text } = read(statement);
    assert.doesNotMatch(text, /unknown|expected a (clause|statement)/, statement);
    if (keyword.kind === "value" || keyword.kind === "foreign") assert.ok(compiled !== undefined, text);
  }
});
