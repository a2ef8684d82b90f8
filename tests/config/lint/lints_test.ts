import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { DEFAULT_ESP, DEFAULT_IKE } from "../../../src/config/compile/proposals.ts";
import { guessBits } from "../../../src/config/lint/entropy.ts";
import { ENOUGH_BITS } from "../../../src/config/lint/keys.ts";
import { KNOWN_PEERS } from "../../../src/config/lint/peer_table.ts";
import { proposalsToWire, selectChild, selectIke, withoutKe } from "../../../src/proposal/mod.ts";
import { octetsOf } from "../support.ts";
import { certificate, check, codesOf, wordsOf } from "./support.ts";

const KEY = 'psk "Wq7-tuX2pLz9-vRm4kDs8-hYb3nGf6"';
const FLOW = "from 10.1.0.0/16 to 10.2.0.0/16";
const SITE = `ikev2 site ${FLOW} local 192.0.2.1 peer 192.0.2.2 srcid a.example.com dstid b.example.com`;
const POOL = "from any to dynamic peer any config address 10.9.0.0/24 srcid gw.example.com";

Deno.test("W016: a policy for road warriors that Windows, macOS, iOS or Android refuse says who, and why", () => {
  const peers = (clauses: string) =>
    check(`ikev2 rw ${POOL} ${clauses}\n`).diagnostics.filter((one) => one.code === "W016")
      .map((one) => `${one.message.split(" ")[0]} ${/its (\w+) has/.exec(one.message)![1]}`);
  assert.deepEqual(peers('eap "mschap-v2"'), []);
  assert.deepEqual(
    peers('eap "mschap-v2" ikesa enc aes-256 prf hmac-sha2-256 auth hmac-sha2-256 group modp2048'),
    [
      "Windows ikesa",
    ],
  );
  assert.deepEqual(peers('eap "mschap-v2" ikesa enc aes-256-gcm prf hmac-sha2-256 group ecp256'), [
    "Windows ikesa",
    "macOS ikesa",
    "iOS ikesa",
    "Android ikesa",
  ]);
  assert.deepEqual(peers('eap "mschap-v2" ikesa enc aes-256 group ecp256'), [
    "Windows ikesa",
    "macOS ikesa",
    "Android ikesa",
  ]);
  assert.deepEqual(peers('eap "mschap-v2" childsa enc aes-128 auth hmac-sha1'), ["Android childsa"]);
  assert.deepEqual(peers('eap "mschap-v2" childsa enc aes-256-gcm'), [
    "Windows childsa",
    "macOS childsa",
    "iOS childsa",
  ]);
  // Windows cannot be set up with a pre-shared key
  assert.deepEqual(peers(`${KEY} ikesa enc aes-256 group modp2048`), []);
});

Deno.test("W016 is for policies that anybody's client may come to, no others", () => {
  const strong = "ikesa enc aes-256-gcm group curve25519";
  for (
    const policy of [
      `${FLOW} peer any rsa ${strong}`,
      `from any to dynamic peer 192.0.2.7 rsa config address 10.9.0.0/24 ${strong}`,
      `active from dynamic to any peer 192.0.2.7 request address any rsa ${strong}`,
      `skip from any to dynamic peer any config address 10.9.0.0/24 rsa ${strong}`,
    ]
  ) assert.ok(!check(`ikev2 p ${policy}\n`).text.includes("W016"), policy);
  assert.match(
    check(`ikev2 rw ${POOL} rsa ${strong}\n`).text,
    /Windows as it is installed cannot connect: its ikesa has 1024-bit MODP Group, and this policy wants Curve25519; set it up with Set-VpnConnectionIPsecConfiguration \[W016\]/,
  );
});

Deno.test("every known client gets a tunnel with the default proposals", () => {
  for (const peer of KNOWN_PEERS) {
    assert.ok(selectIke(DEFAULT_IKE, proposalsToWire(peer.ike, new Uint8Array(0)), 0).ok, peer.name);
    const esp = proposalsToWire(peer.esp, Uint8Array.of(0, 0, 1, 0));
    assert.ok(selectChild(withoutKe(DEFAULT_ESP), esp).ok, peer.name);
  }
});

const WEAK = [
  "foobar",
  "password",
  "Password123!",
  "FAKE_FIXME",
  "ABCDEFGHIJKLMNOPQRSTUVWXYZ1234567890",
  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
  "1234567890123456789012345678901234567890",
  "qwertyuiopasdfghjklzxcvbnm",
  "abcabcabcabcabcabcabcabcabcabcabcabc",
  "YourStrongSharedSecretHere",
  "ChangeMeChangeMeChangeMe",
  "k3Qz9",
  "tuX2pLz9vR",
  "ExamplePresharedKeyForTest",
];
const STRONG = [
  "Wq7-tuX2pLz9-vRm4kDs8-hYb3nGf6",
  "5f0c9b1e7a3d48f2a6c1e09d7b35f824",
  "kq3vX9wBz7LmT2rY",
  "0x8f3a1c5d7e9b2046f1d3c5a79b8e6042",
  "an example: put 32 random characters here",
];

Deno.test("W017: keys that can be guessed are told, and random ones are not", () => {
  const weak = (key: string) => wordsOf(`${SITE} psk ${key.startsWith("0x") ? key : `"${key}"`}\n`);
  for (const key of WEAK) assert.deepEqual(weak(key), ["psk W017"], key);
  for (const key of STRONG) assert.deepEqual(weak(key), [], key);
  assert.deepEqual(weak("0x00112233445566778899aabbccddeeff"), ["psk W017"]);
  assert.deepEqual(weak("0x8f3a1c5d"), ["psk W017"]);
  for (let at = 0; at < 1000; at++) {
    const digest = createHash("sha256").update(String(at)).digest();
    const keys = [
      new Uint8Array(digest),
      new Uint8Array(digest.subarray(0, 16)),
      octetsOf(digest.toString("hex")),
    ];
    keys.push(octetsOf(digest.toString("base64").slice(0, 22)));
    for (const key of keys) assert.ok(guessBits(key) >= ENOUGH_BITS, `${at}: ${key}`);
  }
});

Deno.test("nothing of a weak key, nor how weak it is, stands in the message", () => {
  const said = WEAK.map((key) => check(`${SITE} psk "${key}"\n`));
  assert.equal(new Set(said.map(({ diagnostics }) => diagnostics[0]!.message)).size, 1);
  for (const [at, { text }] of said.entries()) assert.ok(!text.includes(WEAK[at]!), WEAK[at]);
  const viaMacro = check(`k = "foobar"\n${SITE} psk $k\n`);
  assert.match(viaMacro.text, /W017/);
  assert.ok(!viaMacro.text.includes("foobar"));
});

Deno.test("the estimate of a key grows with it, and is done quickly for a key as long as a file", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (key) => {
    const bits = guessBits(key);
    assert.ok(bits >= 0 && bits <= 8 * key.length + 1e-9);
  }));
  assert.ok(guessBits(new Uint8Array(1 << 20)) < ENOUGH_BITS);
});

Deno.test("W018: a srcid that no certificate bears is told with those that there are", () => {
  const rsa = (srcid: string) => `ikev2 site ${FLOW} peer 192.0.2.2 ${srcid} rsa\n`;
  const certificates = [
    certificate("gw.example.com", "192.0.2.1", "/C=DE/CN=gw"),
    certificate("a@example.com"),
  ];
  for (
    const srcid of ["srcid GW.example.com", "srcid 192.0.2.1", 'srcid "/C=de/CN=GW"', "srcid a@example.com"]
  ) {
    assert.deepEqual(codesOf(rsa(srcid), { certificates }), [], srcid);
  }
  const { text } = check(rsa("srcid gw.example.con"), { certificates });
  assert.equal(
    text.split("\n")[0],
    "iked.conf:1:65: warning: no certificate in certs/ bears gw.example.con; there are: gw.example.com, 192.0.2.1, " +
      "/C=DE/CN=gw, a@example.com [W018]",
  );
  assert.match(text, /did you mean "gw.example.com"\?$/);
  assert.match(
    check(rsa(""), { certificates }).text,
    /^iked.conf:1:7: warning: no certificate in certs\/ bears our identity host.example.com \(the host's name: there is no srcid\)/,
  );
  assert.deepEqual(codesOf(`${SITE} ${KEY}\n`, { certificates }), []);
  assert.deepEqual(codesOf(rsa("srcid x.example.com"), { certificates: [] }), []);
  assert.deepEqual(codesOf(rsa("srcid x.example.com")), []);
  assert.match(
    codesOf(`ikev2 rw ${POOL} eap mschap-v2\n`, { certificates: [certificate("b@example.com")] }).join(),
    /W018/,
  );
});

Deno.test("W019: lifetimes at which both ends, or both SAs, are replaced at once", () => {
  const said = (lifetimes: string) => wordsOf(`${SITE} ${KEY} ${lifetimes}\n`);
  for (
    const good of [
      "",
      "lifetime 3h",
      "lifetime 60",
      "lifetime 0 ikelifetime 0",
      "ikelifetime 24h lifetime 1h",
      "ikelifetime 4h",
      "lifetime 1h bytes 64M",
      "lifetime 1h bytes 0",
    ]
  ) assert.deepEqual(said(good), [], good);
  assert.deepEqual(said("lifetime 12"), ["12 W019"]);
  assert.deepEqual(said("ikelifetime 25"), ["25 W019"]);
  assert.deepEqual(said("lifetime 1h bytes 1M"), ["1M W019"]);
  assert.deepEqual(said("ikelifetime 1h lifetime 1h"), ["1h W019"]);
  assert.deepEqual(said("ikelifetime 3h"), ["3h W019"]);
  assert.deepEqual(said("ikelifetime 65m lifetime 1h"), ["65m W019"]);
  assert.deepEqual(said("ikelifetime 70m lifetime 1h"), []);
  assert.match(
    check(`${SITE} ${KEY} lifetime 12\n`).text,
    /at once: there are only seconds to choose a moment from; take 60 seconds or more \[W019\]/,
  );
});

Deno.test("W020: two ends that are one host or one identity", () => {
  const ends = (text: string) => wordsOf(`ikev2 site ${FLOW} ${text} ${KEY}\n`);
  assert.deepEqual(ends("local 192.0.2.1 peer 192.0.2.1"), ["192.0.2.1 W020"]);
  assert.deepEqual(ends("local gw.example.com peer gw.example.com"), ["gw.example.com W020"]);
  assert.deepEqual(ends("local 192.0.2.0/24 peer 192.0.2.0/24"), []);
  assert.deepEqual(ends("peer 192.0.2.1 srcid a.example.com dstid A.example.com"), ["A.example.com W020"]);
  assert.deepEqual(ends("peer 192.0.2.1 srcid a.example.com dstid b.example.com"), []);
});

Deno.test("W021: of users with one name the last counts", () => {
  const { text } = check(
    `user alice "one"\nuser bob "two"\nuser alice "three"\nikev2 rw ${POOL} eap mschap-v2\n`,
  );
  assert.equal(
    text.split("\niked.conf:2")[0],
    'iked.conf:1:6: warning: user "alice" stands here in vain: the one at iked.conf:3:6 counts [W021]\n' +
      "user alice *****\n     ^",
  );
});

Deno.test("W023: EAP that nobody can pass, and W008: users whom nobody asks", () => {
  const rw = (eap: string) => `ikev2 rw ${POOL} eap ${eap}\n`;
  assert.deepEqual(wordsOf(rw("mschap-v2")), ["eap W023"]);
  assert.deepEqual(wordsOf(`user alice "one"\n${rw("mschap-v2")}`), []);
  assert.deepEqual(wordsOf(rw("radius")), ["eap W023"]);
  assert.deepEqual(wordsOf(`radius server 192.0.2.5 secret one\n${rw("radius")}`), []);
  assert.match(
    check(rw("radius")).text,
    /nobody can authenticate: there is no "radius server" to ask \[W023\]/,
  );
  assert.deepEqual(wordsOf(`user alice "one"\nuser bob "two"\n${SITE} ${KEY}\n`), ["alice W008"]);
  assert.deepEqual(wordsOf(`user alice "one"\n${rw("radius")}`), ["alice W008", "eap W023"]);
});

Deno.test("W024: identities that are taken for domain names and can be none, with what is meant", () => {
  const said = (id: string) =>
    check(`ikev2 site ${FLOW} peer 192.0.2.2 srcid a.example.com dstid "${id}" ${KEY}\n`).diagnostics
      .map(({ code, suggestion }) => `${code} ${suggestion}`);
  for (
    const good of [
      "b.example.com",
      "west",
      "a_b",
      "*.example.com",
      "/C=DE/CN=b",
      "b@example.com",
      "192.0.2.7",
      "2001:db8::7",
      "x/y",
      "ou=x=y",
      "key id 7",
    ]
  ) assert.deepEqual(said(good), [], good);
  assert.deepEqual(said("FQDN/b.example.com"), ["W024 b.example.com"]);
  assert.deepEqual(said("IPV4/192.0.2.7"), ["W024 192.0.2.7"]);
  assert.deepEqual(said("192.0.2.7/32"), ["W024 192.0.2.7"]);
  assert.deepEqual(said("2001:db8::7/128"), ["W024 2001:db8::7"]);
  assert.deepEqual(said("C=DE/O=Example/CN=b"), ["W024 /C=DE/O=Example/CN=b"]);
  assert.deepEqual(said("C=DE, O=Example Org, CN=b"), ["W024 /C=DE/O=Example Org/CN=b"]);
  assert.deepEqual(said("CN = b"), ["W024 /CN=b"]);
});

Deno.test("W025: flows in transport mode that are not between the two ends", () => {
  const words = (text: string) => wordsOf(`ikev2 site transport ${text} ${KEY}\n`);
  const ends = "local 192.0.2.1 peer 198.51.100.2";
  assert.deepEqual(words(`from 192.0.2.1 to 198.51.100.2 ${ends}`), []);
  assert.deepEqual(words(`from any to any ${ends}`), []);
  assert.deepEqual(words(`from 192.0.2.1 to any peer any`), []);
  assert.deepEqual(words(`from 192.0.2.1 to 10.0.0.1 local any peer 10.0.0.0/8`), []);
  assert.deepEqual(words(`from 10.1.0.0/16 to 10.2.0.0/16 ${ends}`), ["from W025"]);
  assert.deepEqual(words(`from 192.0.2.1 to 198.51.100.2 from 192.0.2.1 to 198.51.100.3 ${ends}`), [
    "from W025",
  ]);
  assert.deepEqual(wordsOf(`ikev2 site tunnel from 10.1.0.0/16 to 10.2.0.0/16 ${ends} ${KEY}\n`), []);
});

Deno.test("W008: there is no AH in UDP", () => {
  const words = (text: string) => wordsOf(`ikev2 site ${text} ${FLOW} peer 192.0.2.1 ${KEY}\n`);
  assert.deepEqual(words("natt ah"), ["natt W008"]);
  assert.deepEqual(words("natt esp"), []);
});
