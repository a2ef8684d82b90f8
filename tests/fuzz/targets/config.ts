/** iked.conf: what a user wrote, or something that only resembles it. */
import assert from "node:assert/strict";
import { parseAddress } from "../../../src/ip/mod.ts";
import { printConfiguration } from "../../../src/config/mod.ts";
import { environment, read } from "../../config/support.ts";
import { readVectorOctets, vectorFiles } from "../../support/vectors.ts";
import { damagedText, octetsOf } from "../corpus.ts";
import type { Target } from "../target.ts";

const OWN = octetsOf([
  `gw = "192.0.2.1"
set dpd_check_interval 30
ikev2 "one" active esp proto tcp \\
	from 10.1.0.0/16 port 23 to 10.2.0.0/16 from 10.1.0.0/16 to 10.3.0.0/16 local any peer $gw \\
	ikesa enc aes-256-gcm prf hmac-sha2-256 group curve25519 \\
	childsa enc aes-128 auth hmac-sha2-256 noesn \\
	srcid gw.example.com dstid "/C=DE/CN=other" ikelifetime 4h lifetime 1h bytes 2G psk 'a "good" key'
`,
  "ikev2 quick from 2001:db8::1 to 2001:db8::2 psk 0x00112233\n",
  'set passive\nset decouple\ninclude "other.conf"\nikev2 skip esp from em0 to any peer gw.example.com psk "x"\n',
  `set fragmentation\nset ocsp "http://192.0.2.9/" tolerate 5m maxage 1h\nuser "test" "password123"
radius server 192.0.2.5 port 1645 secret "s"\nradius config inet6 name-server 0x137 28
ikev2 "win7" default transport natt ah inet rdomain 3 proto { tcp, udp } \\
	from dynamic port 1:1023 to any from 10.0.0.1 (192.168.1.0/24) to 10.1.0.0/16 local egress peer any \\
	childsa auth hmac-sha2-256 eap "mschap-v2" config address 10.0.5.0/24 request name-server any \\
	iface sec1 tag "$name-$id" tap enc1
`,
  "ikev2 from { 10.0.0.0/8, 192.168.0.0/16 } to { 172.16.0.0/12, 203.0.113.0/24 } psk x # said\n",
]);

const WORDS = octetsOf([
  ...("ikev2 set include from to port proto peer local any psk srcid dstid ikesa childsa enc auth prf group esn noesn " +
    "lifetime ikelifetime bytes quick skip default active passive esp ah transport tunnel inet inet6 tag tap rdomain " +
    "config request user eap rsa rfc7427 signature dynamic bytes iface radius secret server dae ocsp tolerate ipcomp mobike natt couple decouple $gw $x x= { } ( ) , = / # 0x00 0x 3h 2G " +
    "10.0.0.0/8 ::/0 10.0.0.1 host.example.com 99999999999999999999 -1 aes-256 chacha20-poly1305 curve25519")
    .split(" ").map((word) => ` ${word} `),
  "\\\n",
  "\\\r\n",
  "\n",
  '"',
  "'",
  "\0",
  "é",
  "\ufeff",
  "\t",
  '"\\"',
]);

/** Every name has an address, so that whole files are accepted. */
const ANYWHERE = { ...environment, addressesOf: () => [parseAddress("192.0.2.1")!] };

function compileText(octets: Uint8Array): string {
  const { compiled, diagnostics } = read(octets, {
    environment: ANYWHERE,
    files: { "other.conf": OWN[1]! },
  });
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  assert.equal(compiled === undefined, errors.length > 0, "Errors, and a configuration");
  for (const { where, message } of diagnostics) {
    assert.ok(message !== "" && (where === undefined || (where.line >= 1 && where.column >= 1)));
  }
  if (compiled === undefined) return "refused";
  const again = read(printConfiguration(compiled, compiled.secrets), { environment: ANYWHERE });
  assert.ok(again.compiled, `What was printed is no configuration: ${again.text}`);
  assert.equal(again.compiled.configuration.policies.length, compiled.configuration.policies.length);
  return "accepted";
}

export default function load(): Target {
  const corpus = [...vectorFiles("iked-conf", ".conf").map(readVectorOctets), ...OWN];
  return {
    name: "config",
    says: "damaged iked.conf files into the lexer, parser, compiler and printer",
    inputs: 200,
    reaches: ["accepted", "refused"],
    generate: (rng) => damagedText(corpus, WORDS, rng),
    open: () => ({ feed: compileText }),
  };
}
