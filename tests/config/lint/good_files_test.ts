import assert from "node:assert/strict";
import { parseAddress } from "../../../src/ip/mod.ts";
import { readVectorOctets, vectorTest } from "../../support/vectors.ts";
import { environment } from "../support.ts";
import { check, wordsOf } from "./support.ts";

/** Every name has an address, as on the host of the vectors. */
const everyName = { ...environment, addressesOf: () => [parseAddress("192.0.2.1")!] };

/** All that is said of files that people run, and of the manual's examples: the word, and the code. */
const EXPECTED: Readonly<Record<string, readonly string[]>> = {
  "cloudy-router.conf": ["hmac-sha2-512 W008"],
  "faq-responder-eap-android.conf": [],
  "faq-roadwarrior.conf": [],
  "faq-server1-rsa.conf": [],
  "gcp-vpn-bgp.conf": ["psk W017"],
  "libreswan-02-iked-initiator-west.conf": ["psk W017"],
  "man-quick-catch-all.conf": [],
  "man-win7.conf": [],
  "ryanakca-dotfiles.conf": [],
  "taglio-main-5437d.conf": [],
  "vps-responder-eap.conf": ["server_ip W001", "from W015", "ikesa W016"],
};

for (const [file, expected] of Object.entries(EXPECTED)) {
  vectorTest(`${file}: exactly what is worth saying is said`, () => {
    assert.deepEqual(wordsOf(readVectorOctets(`iked-conf/${file}`), { environment: everyName }), expected);
  });
}

Deno.test("the examples of the OpenBSD 4.8 manual: exactly what is worth saying is said", () => {
  const win7 = `user "test" "password123"

ikev2 "win7" esp \\
  from 172.16.2.0/24 to 0.0.0.0/0 \\
  peer 10.0.0.0/8 local 192.168.56.0/24 \\
  eap "mschap-v2" \\
  config address 172.16.2.1 \\
  tag "$name-$id"
`;
  assert.deepEqual(wordsOf(win7), []);
  const bigTest = `ikev2 "big test" \\
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
  assert.deepEqual(wordsOf(bigTest), ["3des W005", "modp1024 W005", "psk W017"]);
  const two = "ikev2 esp from 192.168.3.1 to 192.168.3.2\n" +
    "ikev2 esp from 10.1.1.0/24 to 10.1.2.0/24 peer 192.168.3.2\n";
  assert.deepEqual(wordsOf(two), []);
});

Deno.test("of the README's examples nothing is said", async () => {
  const page = await Deno.readTextFile(new URL("../../../README.md", import.meta.url));
  const blocks = [...page.matchAll(/^```\n(ikev2 [^]*?)^```$/gm)].map(([, text]) => text!);
  assert.ok(blocks.length >= 2);
  for (const block of blocks) assert.equal(check(block).text, "");
});
