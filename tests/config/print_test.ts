import assert from "node:assert/strict";
import fc from "fast-check";
import { encrAlgorithms, integAlgorithms, keAlgorithms, prfAlgorithms } from "../../src/crypto/algorithms.ts";
import { printConfiguration } from "../../src/config/mod.ts";
import { quote } from "../../src/config/print/values.ts";
import { meaning, readGood } from "./support.ts";

const some = <T>(values: readonly T[], maxLength = 4) =>
  fc.shuffledSubarray([...values], { minLength: 1, maxLength: Math.min(maxLength, values.length) });
const words = (kind: string, names: readonly string[]) => names.map((name) => `${kind} ${name}`).join(" ");
const namesIn = (
  table: readonly { names: readonly string[]; ike: boolean; child: boolean }[],
  where: "ike" | "child",
) => table.filter((one) => one[where]).flatMap((one) => one.names);

function blockOf(where: "ike" | "child"): fc.Arbitrary<string> {
  const aead = namesIn(encrAlgorithms.filter((one) => one.aead), where);
  const plain = namesIn(encrAlgorithms.filter((one) => !one.aead), where);
  const ciphers = fc.oneof(
    some(aead).map((names) => words("enc", names)),
    fc.tuple(some(plain), some(namesIn(integAlgorithms, where)))
      .map(([enc, auth]) => `${words("enc", enc)} ${words("auth", auth)}`),
    some(namesIn(integAlgorithms, where)).map((auth) => words("auth", auth)),
  );
  const groups = fc.option(some(namesIn(keAlgorithms, where)).map((names) => words("group", names)), {
    nil: "",
  });
  const rest = where === "ike"
    ? fc.option(some(namesIn(prfAlgorithms, where)).map((names) => words("prf", names)), { nil: "" })
    : fc.constantFrom("", "esn", "noesn", "esn noesn", "noesn esn");
  return fc.tuple(ciphers, groups, rest).map((parts) =>
    `${where === "ike" ? "ikesa" : "childsa"} ${parts.join(" ")}`
  );
}

const octet = fc.nat(255);
const v4 = fc.tuple(octet, octet, octet, octet).map((parts) => parts.join("."));
const v6 = fc.array(fc.nat(0xffff), { minLength: 8, maxLength: 8 }).map((parts) =>
  parts.map((one) => one.toString(16)).join(":")
);
const ends = fc.oneof(
  fc.tuple(v4, v4, fc.integer({ min: 0, max: 32 })).map(([a, b, n]) => [`${a}/${n}`, `${b}/${n}`]),
  fc.tuple(v6, v6, fc.integer({ min: 0, max: 128 })).map(([a, b, n]) => [`${a}/${n}`, `${b}/${n}`]),
  fc.constantFrom(["any", "any"], ["any", "10.0.0.0/8"], ["gw.example.com", "any"], ["em0", "192.0.2.1"]),
);
const port = fc.option(fc.integer({ min: 1, max: 65535 }).map((one) => ` port ${one}`), { nil: "" });
const flows = fc.oneof(
  fc.array(ends.map(([from, to]) => `from ${from} to ${to}`), { minLength: 1, maxLength: 3 })
    .map((list) => list.join(" ")),
  fc.tuple(
    fc.constantFrom("tcp", "udp", "{ tcp, udp }", "{ 132 6 }"),
    fc.array(fc.tuple(ends, port, port).map(([[from, to], a, b]) => `from ${from}${a} to ${to}${b}`), {
      minLength: 1,
      maxLength: 3,
    }),
  ).map(([protocol, list]) => `proto ${protocol} ${list.join(" ")}`),
  ends.map(([from, to]) => `proto gre to ${to} from ${from}`),
);
// Neither quote can hold a backslash at the end, nor the octets that a lexer refuses or drops
const string = fc.string({ minLength: 1, maxLength: 20, unit: "grapheme" })
  .map((text) => text.replace(/\p{Cc}/gu, "").replace(/\\+$/, "") || "x").map(quote);
const endpoints = fc.oneof(
  fc.constantFrom(
    "",
    "peer any local any",
    "local em0 peer gw.example.com",
    "peer 192.0.2.0/24",
    "peer v4.example.com",
  ),
  fc.tuple(v4, v4).map(([a, b]) => `local ${a} peer ${b}`),
  fc.tuple(v6, v6).map(([a, b]) => `peer ${a} local ${b}`),
);
const identity = fc.oneof(
  fc.constantFrom("gw.example.com", "a@example.com", "192.0.2.1", "2001:db8::1", "/C=DE/CN=gw"),
  fc.domain(),
);
const policy = fc.record({
  evaluation: fc.constantFrom("", "quick", "skip", "default"),
  encap: fc.constantFrom("", "esp", "natt", "tunnel esp natt"),
  flows,
  endpoints,
  sas: fc.array(fc.oneof(blockOf("ike"), blockOf("child")), { maxLength: 4 }).map((list) => list.join(" ")),
  srcid: fc.option(identity.map((one) => `srcid "${one}"`), { nil: "" }),
  dstid: fc.option(identity.map((one) => `dstid "${one}"`), { nil: "" }),
  life: fc.constantFrom(
    "",
    "ikelifetime 3h",
    "lifetime 12",
    "lifetime 1h bytes 3M ikelifetime 25",
    "lifetime 0 bytes 0",
  ),
  psk: fc.oneof(
    string,
    fc.uint8Array({ minLength: 1, maxLength: 40 }).map((key) =>
      `0x${[...key].map((one) => one.toString(16).padStart(2, "0")).join("")}`
    ),
  ),
});
const settings = fc.subarray([
  "set passive",
  "set decouple",
  "set dpd_check_interval 3",
  "set enforcesingleikesa",
  "set novendorid",
  "set datapath none",
]);

Deno.test("what is printed parses to the same configuration, and prints the same again", () => {
  let many = 0;
  fc.assert(
    fc.property(
      settings,
      fc.array(policy, { maxLength: 3 }),
      fc.array(string, { minLength: 3, maxLength: 3 }),
      (set, list, names) => {
        const statements = list.map((one, at) => {
          const { evaluation, encap, flows, endpoints, sas, srcid, dstid, life, psk } = one;
          const name = at === 0 ? "" : `"${at} ${names[at]!.slice(1)}`;
          return ["ikev2", name, evaluation, encap, flows, endpoints, sas, srcid, dstid, life, "psk", psk]
            .join(" ");
        });
        const first = readGood([...set, ...statements].join("\n"));
        const text = printConfiguration(first, first.secrets);
        const second = readGood(text);
        assert.deepEqual(meaning(second), meaning(first));
        assert.equal(printConfiguration(second, second.secrets), text);
        many += list.length;
      },
    ),
    { numRuns: 300 },
  );
  assert.ok(many > 100);
});

Deno.test("without secrets the text has none, and is refused rather than taken with a wrong key", () => {
  const compiled = readGood(`ikev2 "a" from 10.0.0.1 to 10.0.0.2 psk "hunter2"`);
  const text = printConfiguration(compiled);
  assert.match(text, /psk \(secret\)\n$/);
  assert.throws(() => readGood(text), /expected a pre-shared key, found "\("/);
});

Deno.test("a policy prints in the order of the manual, defaults written out", () => {
  const compiled = readGood(
    `ikev2 "a" active from 10.0.0.0/8 port 23 to any port 40 proto tcp peer 192.0.2.1 psk "k" ` +
      `ikesa enc aes-256-gcm group ecp256 prf hmac-sha2-256 childsa enc aes-128 auth hmac-sha2-256 noesn dstid b`,
  );
  assert.equal(
    printConfiguration(compiled, compiled.secrets),
    `set active
set couple
set dpd_check_interval 60
set noenforcesingleikesa
set nofragmentation
set mobike
set nostickyaddress
set vendorid
ikev2 "a" active tunnel esp \\
	proto { 6 } \\
	from 10.0.0.0/8 port 23 to 0.0.0.0/0 port 40 \\
	local any peer 192.0.2.1 \\
	ikesa enc aes-256-gcm prf hmac-sha2-256 group ec256 \\
	childsa enc aes-128 auth hmac-sha2-256 noesn \\
	srcid "host.example.com" dstid "b" \\
	ikelifetime 0 \\
	lifetime 10800 bytes 4294967296 \\
	psk 0x6b
`,
  );
});
