import assert from "node:assert/strict";
import { formatAddress } from "../../src/ip/mod.ts";
import { formatIdentity } from "../../src/policy/mod.ts";
import { formatProposal } from "../../src/proposal/mod.ts";
import { formatSelector } from "../../src/selector/mod.ts";
import { read, readGood } from "./support.ts";

const FLOW = "from 10.0.0.1 to 10.0.0.2";
const policyOf = (text: string) => readGood(text).configuration.policies[0]!;
const flowsOf = (text: string) =>
  policyOf(text).flows.map(({ local, remote }) => `${formatSelector(local)} ${formatSelector(remote)}`);

Deno.test('the manual\'s example "big test" means what the manual says', () => {
  const { configuration, secrets } = readGood(`ikev2 "big test" \\
  esp proto tcp \\
  from 10.0.0.0/8 port 23 to 20.0.0.0/8 port 40 \\
  from 192.168.1.1 to 192.168.2.2 \\
  peer any local any \\
  ikesa enc 3des auth hmac-sha1 group modp1024 \\
  childsa enc aes-128 auth hmac-sha1 \\
  srcid host.example.com \\
  dstid 192.168.0.254 \\
  psk "foobar"
`);
  const policy = configuration.policies[0]!;
  assert.equal(policy.name, "big test");
  assert.equal(policy.mode, "passive");
  assert.deepEqual(
    policy.flows.map(({ local, remote }) => `${formatSelector(local)} ${formatSelector(remote)}`),
    ["10.0.0.0/8[tcp/23] 20.0.0.0/8[tcp/40]", "192.168.1.1[tcp] 192.168.2.2[tcp]"],
  );
  assert.deepEqual([policy.peer, policy.local], [{ kind: "any" }, { kind: "any" }]);
  assert.deepEqual(policy.ikeProposals.map(formatProposal), [
    "ENCR_3DES; PRF_HMAC_SHA2_256, PRF_HMAC_SHA2_384, PRF_HMAC_SHA2_512, PRF_HMAC_SHA1; AUTH_HMAC_SHA1_96; " +
    "1024-bit MODP Group",
  ]);
  assert.deepEqual(policy.childProposals.map(formatProposal), [
    "ENCR_AES_CBC-128; AUTH_HMAC_SHA1_96; NONE; Extended Sequence Numbers, No Extended Sequence Numbers",
  ]);
  assert.equal(formatIdentity(policy.localId), "host.example.com");
  assert.deepEqual([policy.peerId?.type, formatIdentity(policy.peerId!)], [1, "192.168.0.254"]);
  assert.equal(new TextDecoder().decode(secrets[0]!.octets), "foobar");
  assert.deepEqual(policy.auth, { method: "psk", secret: secrets[0]!.ref });
});

Deno.test("the manual's example of gateways takes the destination as peer", () => {
  const { configuration } = readGood(
    "ikev2 esp from 192.168.3.1 to 192.168.3.2 psk x\nikev2 esp from 10.1.1.0/24 to 10.1.2.0/24 peer 192.168.3.2 psk x\n" +
      "ikev2 esp from 10.1.1.0/24 to 10.1.2.0/24 psk x\nikev2 default esp from 192.168.3.1 to 192.168.3.2 psk x",
  );
  assert.deepEqual(configuration.policies.map((one) => one.name), [
    "policy1",
    "policy2",
    "policy3",
    "policy4",
  ]);
  const peers = configuration.policies.map(({ peer }) =>
    peer.kind === "network" ? formatAddress(peer.prefix.address) : peer.kind
  );
  assert.deepEqual(peers, ["192.168.3.2", "192.168.3.2", "any", "any"]);
});

Deno.test("what is left out has the defaults of iked.conf(5)", () => {
  const { configuration, options } = readGood(`ikev2 ${FLOW} psk x`);
  assert.deepEqual(configuration.globals, {
    active: true,
    couple: true,
    dpdIntervalMs: 60_000,
    enforceSingleIkeSa: false,
    vendorId: true,
    fragmentation: false,
    mobike: true,
    stickyAddress: false,
    natt: "on",
  });
  assert.deepEqual(options, {});
  const policy = configuration.policies[0]!;
  assert.equal(formatIdentity(policy.localId), "host.example.com");
  assert.equal(policy.peerId, undefined);
  assert.equal(policy.ikeLifetimeMs, 0);
  assert.deepEqual(policy.childLifetime, { ms: 3 * 3600_000, octets: 4 * 1024 ** 3 });
  assert.deepEqual(policy.ikeProposals.map((one) => one.integ.length), [0, 4]);
  assert.deepEqual(policy.childProposals.map((one) => [one.integ.length, one.ke.length, one.esn]), [
    [0, 0, [1, 0]],
    [4, 0, [1, 0]],
  ]);
});

Deno.test("settings and the command line", () => {
  const text =
    "set passive\nset decouple\nset dpd_check_interval 3\nset enforcesingleikesa\nset novendorid\n" +
    "set datapath userland\nset nomobike\nset nofragmentation";
  const { configuration, options } = readGood(text, { natt: "off" });
  assert.deepEqual(configuration.globals, {
    active: false,
    couple: false,
    dpdIntervalMs: 3000,
    enforceSingleIkeSa: true,
    vendorId: false,
    fragmentation: false,
    mobike: false,
    stickyAddress: false,
    natt: "off",
  });
  assert.deepEqual(options, { datapath: "userland" });
  assert.equal(readGood("set active", { passive: true }).configuration.globals.active, false);
});

Deno.test("flows: both orders, commas, lists of protocols, names of services and hosts, any", () => {
  assert.deepEqual(
    flowsOf(
      "ikev2 proto { tcp udp, 132 } from 10.0.0.1 port 53 to 10.0.0.2, to 10.0.0.4 from 10.0.0.3 psk x",
    ),
    [
      "10.0.0.1[tcp/53] 10.0.0.2[tcp]",
      "10.0.0.3[tcp] 10.0.0.4[tcp]",
      "10.0.0.1[udp/53] 10.0.0.2[udp]",
      "10.0.0.3[udp] 10.0.0.4[udp]",
      "10.0.0.1[sctp/53] 10.0.0.2[sctp]",
      "10.0.0.3[sctp] 10.0.0.4[sctp]",
    ],
  );
  assert.deepEqual(flowsOf("ikev2 proto tcp from em0 port telnet to 10.0.0.0/8 psk x"), [
    "203.0.113.1[tcp/23] 10.0.0.0/8[tcp]",
  ]);
  assert.deepEqual(flowsOf("ikev2 proto esp from any to any psk x"), [
    "0.0.0.0/0[esp] 0.0.0.0/0[esp]",
    "::/0[esp] ::/0[esp]",
  ]);
  assert.deepEqual(flowsOf("ikev2 from any to 2001:db8::/32 psk x"), ["::/0 2001:db8::/32"]);
  assert.deepEqual(flowsOf("ikev2 from gw.example.com to gw.example.com psk x"), [
    "192.0.2.10 192.0.2.10",
    "2001:db8::10 2001:db8::10",
  ]);
});

Deno.test("clauses stand in any order, and a name is a string or a word that is none of the language", () => {
  const policy = policyOf(
    "ikev2 site-b psk x peer 192.0.2.1 lifetime 20m bytes 2M natt esp quick inet tunnel active ikelifetime 1d " +
      "local any to 10.0.0.2 from 10.0.0.1",
  );
  assert.equal(policy.name, "site-b");
  assert.deepEqual([policy.mode, policy.evaluation, policy.forceNatt, policy.family], [
    "active",
    "quick",
    true,
    4,
  ]);
  assert.deepEqual(policy.childLifetime, { ms: 1_200_000, octets: 2 * 1024 ** 2 });
  assert.equal(policy.ikeLifetimeMs, 86_400_000);
});

Deno.test("several blocks are several proposals in order; in a block the alternatives of each type", () => {
  const policy = policyOf(
    `ikev2 ${FLOW} ikesa enc aes-256-gcm enc chacha20-poly1305 prf hmac-sha2-384 group grp20 group ecp256 ` +
      `ikesa enc aes-128 auth hmac-sha2-256 prf hmac-sha2-256 group modp2048 ` +
      `childsa enc aes-ctr auth hmac-sha1 group curve25519 group none noesn childsa enc null auth hmac-md5 esn psk x`,
  );
  assert.deepEqual(policy.ikeProposals.map(formatProposal), [
    "ENCR_AES_GCM_16-256, ENCR_CHACHA20_POLY1305; PRF_HMAC_SHA2_384; NONE; 384-bit random ECP group, 256-bit random ECP group",
    "ENCR_AES_CBC-128; PRF_HMAC_SHA2_256; AUTH_HMAC_SHA2_256_128; 2048-bit MODP Group",
  ]);
  assert.deepEqual(policy.childProposals.map(formatProposal), [
    "ENCR_AES_CTR-128; AUTH_HMAC_SHA1_96; Curve25519, NONE; No Extended Sequence Numbers",
    "ENCR_NULL; AUTH_HMAC_MD5_96; NONE; Extended Sequence Numbers",
  ]);
});

Deno.test("a block that names no cipher completes both defaults, one with auth the default that has it", () => {
  const group = policyOf(`ikev2 ${FLOW} ikesa group modp4096 psk x`).ikeProposals;
  assert.deepEqual(group.map((one) => [one.encr.length, one.ke]), [[2, [16]], [4, [16]]]);
  const auth = policyOf(`ikev2 ${FLOW} childsa auth hmac-sha2-512 psk x`).childProposals;
  assert.deepEqual(auth.map((one) => [one.encr.length, one.integ]), [[3, [14]]]);
});

Deno.test("all three spellings of a group, and abbreviations with a warning", () => {
  for (const name of ["ec256", "ecp256", "grp19", "ECP256"]) {
    assert.deepEqual(policyOf(`ikev2 ${FLOW} ikesa group ${name} psk x`).ikeProposals[0]!.ke, [19]);
  }
  const { compiled, diagnostics } = read(`ikev2 ${FLOW} ikesa enc aes auth hmac-sha2 psk x`);
  assert.deepEqual(compiled?.configuration.policies[0]?.ikeProposals[0]?.encr, [{ id: 12, keyBits: 128 }]);
  assert.deepEqual(diagnostics.map((one) => [one.code, one.suggestion]), [["W004", "aes-128"], [
    "W004",
    "hmac-sha2-256",
  ]]);
});

Deno.test("names of peers keep the addresses they have, of the family that is asked for", () => {
  const peer = policyOf(`ikev2 active inet6 ${FLOW} peer gw.example.com psk x`).peer;
  assert.ok(peer.kind === "name");
  assert.deepEqual([peer.name, peer.addresses.map(formatAddress)], ["gw.example.com", ["2001:db8::10"]]);
  const { compiled, diagnostics } = read(`ikev2 inet6 ${FLOW} peer v4.example.com local em1 psk x`);
  assert.ok(compiled !== undefined);
  assert.deepEqual(diagnostics.map((one) => one.code), ["W007", "W007"]);
});

Deno.test("a name without address in a flow is an error, for no selector can be made of it", () => {
  assert.match(
    read("ikev2 from gone.example.com to 10.0.0.2 psk x").text,
    /^iked.conf:1:12: error: "gone.example.com" has no address/,
  );
});

Deno.test("keys are octets: a string as it is, hex digits as what they say", () => {
  const keyOf = (text: string) => [...readGood(`ikev2 ${FLOW} psk ${text}`).secrets[0]!.octets];
  assert.deepEqual(keyOf("0x00ffA0"), [0, 255, 160]);
  assert.deepEqual(keyOf('"0x0102"'), [1, 2]);
  assert.deepEqual(keyOf('"ä"'), [0xc3, 0xa4]);
  assert.deepEqual(keyOf("active"), [...new TextEncoder().encode("active")]);
});

Deno.test("where there is an error no key is kept", () => {
  const { compiled } = read(`ikev2 ${FLOW} psk hunter2\nbogus`);
  assert.equal(compiled, undefined);
});
