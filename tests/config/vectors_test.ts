import assert from "node:assert/strict";
import { parseAddress } from "../../src/ip/mod.ts";
import { readVectorOctets, vectorFiles, vectorTest } from "../support/vectors.ts";
import { summaryOf, usersOf } from "./summary.ts";
import { environment, read } from "./support.ts";

/** Every name has an address, as on the host of the vectors. */
const everyName = { ...environment, addressesOf: () => [parseAddress("192.0.2.1")!] };

/** What a file means, and what it asks for that not every version does, with the place. */
interface Expected {
  readonly users: readonly string[];
  readonly policies: readonly (readonly string[])[];
  readonly uses: readonly string[];
}

/** Real files, read by hand against iked.conf(5). */
const EXPECTED: Readonly<Record<string, Expected>> = {
  "cloudy-router.conf": {
    users: [],
    policies: [
      [
        '"cloudy" default passive ipcomp tunnel esp',
        "172.16.128.1 -> 172.16.128.2",
        "local 192.0.2.3 peer any",
        "ike ENCR_AES_CBC-256; PRF_HMAC_SHA2_512; AUTH_HMAC_SHA2_512_256; 384-bit random ECP group",
        "child ENCR_AES_GCM_16-256; NONE; 384-bit random ECP group; Extended Sequence Numbers, No Extended Sequence Numbers",
        "2:my.cloudy.router.fqdn 2:my.home.router.fqdn",
        "signature any",
      ],
    ],
    uses: ["6:24 ipcomp", "6:1 signature"],
  },
  "faq-responder-eap-android.conf": {
    users: ["android password"],
    policies: [
      [
        '"responder_eap" passive tunnel esp',
        "0.0.0.0/0 -> 0.0.0.0/0 (leased)",
        "::/0 -> ::/0 (leased)",
        "local 192.0.2.1 peer any",
        "2:server1.domain",
        "eap mschap-v2",
        "config address 10.0.5.0/24",
        "config name-server 192.0.2.1",
        "tag ROADW",
      ],
    ],
    uses: ["3:21 dynamic", "6:9 eap", "7:9 config", "8:9 config", "9:13 tag"],
  },
  "faq-roadwarrior.conf": {
    users: [],
    policies: [
      [
        '"roadwarrior" active tunnel esp',
        "0.0.0.0/0 (leased) -> 0.0.0.0/0",
        "::/0 (leased) -> ::/0",
        "local any peer 192.0.2.1",
        "2:roadwarrior 2:server1.domain",
        "signature any",
        "request IPv4 address any",
        "iface lo1",
      ],
    ],
    uses: ["2:14 dynamic", "1:1 signature", "6:9 request", "7:15 iface"],
  },
  "faq-server1-rsa.conf": {
    users: [],
    policies: [
      [
        '"server1_rsa" passive tunnel esp',
        "10.0.1.0/24 -> 10.0.2.0/24",
        "local 192.0.2.1 peer 198.51.100.1",
        "2:server1.domain",
        "signature any",
      ],
    ],
    uses: ["1:1 signature"],
  },
  "gcp-vpn-bgp.conf": {
    users: [],
    policies: [
      [
        '"gcpvpn" active tunnel esp',
        "169.254.149.90 -> 169.254.149.89",
        "172.16.10.0/24 -> 10.0.8.0/23",
        "local 203.0.113.7 peer 198.51.100.5",
        "ike ENCR_AES_CBC-256; PRF_HMAC_SHA2_256, PRF_HMAC_SHA2_384, PRF_HMAC_SHA2_512, PRF_HMAC_SHA1; AUTH_HMAC_SHA2_256_128; 2048-bit MODP Group",
        "1:203.0.113.7 1:198.51.100.5",
        "psk FAKE_FIXME",
      ],
    ],
    uses: [],
  },
  "libreswan-02-iked-initiator-west.conf": {
    users: [],
    policies: [
      [
        '"eastnet-westnet-ikev2" active tunnel esp',
        "192.0.1.0/24 -> 192.0.2.0/24",
        "192.0.1.0/24 -> 192.1.2.23",
        "192.1.2.45 -> 192.0.2.0/24",
        "local 192.1.2.45 peer 192.1.2.23",
        "2:west 2:east",
        "lifetime 10800000 ms, 2147483648 octets",
        "psk ABCDEFGHIJKLMNOPQRSTUVWXYZ1234567890",
        "tag IKED",
      ],
    ],
    uses: ["11:5 tag"],
  },
  "man-quick-catch-all.conf": {
    users: [],
    policies: [
      [
        '"policy1" quick passive tunnel esp',
        "10.10.10.0/24 -> 10.20.20.0/24",
        "local any peer 192.168.1.34",
        "2:host.example.com",
        "signature any",
      ],
      [
        '"catch all" passive tunnel esp',
        "10.0.1.0/24 -> 10.0.2.0/24",
        "local any peer any",
        "2:host.example.com",
        "signature any",
      ],
      [
        '"subnet" passive tunnel esp',
        "10.0.3.0/24 -> 10.0.4.0/24",
        "local any peer 192.168.1.0/24",
        "2:host.example.com",
        "signature any",
      ],
      [
        '"policy4" passive tunnel esp',
        "10.0.5.0/30 -> 10.0.5.4/30",
        "local any peer 192.168.1.2",
        "2:host.example.com",
        "signature any",
      ],
      [
        '"policy5" passive tunnel esp',
        "10.0.5.8/30 -> 10.0.5.12/30",
        "local any peer 192.168.1.3",
        "2:host.example.com",
        "signature any",
      ],
    ],
    uses: ["1:1 signature", "3:1 signature", "5:1 signature", "7:1 signature", "8:1 signature"],
  },
  "man-win7.conf": {
    users: ["test password123"],
    policies: [
      [
        '"win7" passive tunnel esp',
        "0.0.0.0/0 (leased) -> 172.16.2.0/24",
        "local 192.168.56.0/24 peer 10.0.0.0/8",
        "2:host.example.com",
        "eap mschap-v2",
        "config address 172.16.2.1",
        "tag $name-$id",
      ],
    ],
    uses: ["4:7 dynamic", "6:2 eap", "7:2 config", "8:6 tag"],
  },
  "ryanakca-dotfiles.conf": {
    users: [],
    policies: [
      [
        '"hades" active tunnel esp',
        "0.0.0.0/0 (leased) -> 10.0.1.0/24",
        "local any peer hades.rak.ac=192.0.2.1",
        "9:/CN=asteria.rak.ac 9:/CN=hades.rak.ac",
        "signature any",
        "request IPv4 address 10.0.1.103",
        "iface dummy0",
      ],
      [
        '"eos" active tunnel esp',
        "0.0.0.0/0 (leased) -> 10.0.3.0/24",
        "local any peer eos.rak.ac=192.0.2.1",
        "9:/CN=asteria.rak.ac 9:/CN=eos.rak.ac",
        "signature any",
        "request IPv4 address 10.0.3.103",
        "iface dummy0",
      ],
    ],
    uses: [
      "2:14 dynamic",
      "1:1 signature",
      "6:2 request",
      "7:8 iface",
      "10:14 dynamic",
      "9:1 signature",
      "14:2 request",
      "15:8 iface",
    ],
  },
  "taglio-main-5437d.conf": {
    users: [],
    policies: [
      [
        '"fr.telecomlobby.com" active transport esp',
        "78.141.201.0[gre] -> 45.32.144.15[gre]",
        "local uk.telecomlobby.com=192.0.2.1 peer fr.telecomlobby.com=192.0.2.1",
        "ike ENCR_AES_CBC-256; PRF_HMAC_SHA2_256, PRF_HMAC_SHA2_384, PRF_HMAC_SHA2_512, PRF_HMAC_SHA1; AUTH_HMAC_SHA2_256_128; 384-bit random ECP group",
        "child ENCR_AES_CBC-256; AUTH_HMAC_SHA2_256_128; NONE; Extended Sequence Numbers, No Extended Sequence Numbers",
        "3:ganesha@ca.telecomlobby.com",
        "ikelifetime 86400000 ms",
        "lifetime 3600000 ms, 4294967296 octets",
        "signature any",
      ],
      [
        '"RT-01.cat.telecomlobby.com" passive transport esp',
        "78.141.201.0[gre] -> 81.44.32.47[gre]",
        "local uk.telecomlobby.com=192.0.2.1 peer any",
        "ike ENCR_AES_CBC-256; PRF_HMAC_SHA2_256, PRF_HMAC_SHA2_384, PRF_HMAC_SHA2_512, PRF_HMAC_SHA1; AUTH_HMAC_SHA2_256_128; 256-bit random ECP group",
        "child ENCR_AES_CBC-256; AUTH_HMAC_SHA2_256_128; 256-bit random ECP group; Extended Sequence Numbers, No Extended Sequence Numbers",
        "3:ganesha@ca.telecomlobby.com",
        "ikelifetime 86400000 ms",
        "lifetime 3600000 ms, 4294967296 octets",
        "signature any",
      ],
      [
        '"us.telecomlobby.com" active transport esp',
        "78.141.201.0[gre] -> 155.138.247.27[gre]",
        "local uk.telecomlobby.com=192.0.2.1 peer us.telecomlobby.com=192.0.2.1",
        "ike ENCR_AES_GCM_12-256; PRF_HMAC_SHA2_512; NONE; brainpoolP512r1",
        "child ENCR_CHACHA20_POLY1305; NONE; Curve25519; Extended Sequence Numbers, No Extended Sequence Numbers",
        "3:ganesha@ca.telecomlobby.com",
        "ikelifetime 86400000 ms",
        "lifetime 3600000 ms, 4294967296 octets",
        "signature any",
      ],
      [
        '"jp.telecomlobby.com" active transport esp',
        "78.141.201.0[gre] -> 139.180.206.19[gre]",
        "local uk.telecomlobby.com=192.0.2.1 peer jp.telecomlobby.com=192.0.2.1",
        "ike ENCR_AES_GCM_12-256; PRF_HMAC_SHA2_512; NONE; brainpoolP512r1",
        "child ENCR_CHACHA20_POLY1305; NONE; Curve25519; Extended Sequence Numbers, No Extended Sequence Numbers",
        "3:ganesha@ca.telecomlobby.com",
        "ikelifetime 86400000 ms",
        "lifetime 3600000 ms, 4294967296 octets",
        "signature any",
      ],
    ],
    uses: [
      "2:36 transport",
      "2:1 signature",
      "11:44 transport",
      "11:1 signature",
      "20:36 transport",
      "20:1 signature",
      "29:36 transport",
      "29:1 signature",
    ],
  },
  "vps-responder-eap.conf": {
    users: ["alice wonderland"],
    policies: [
      [
        '"responder_eap" passive tunnel esp',
        "0.0.0.0/0 -> 10.0.1.0/24",
        "10.0.0.0/24 -> 10.0.1.0/24",
        "local egress=192.0.2.1 peer any",
        "ike ENCR_AES_CBC-256; PRF_HMAC_SHA2_256; AUTH_HMAC_SHA2_256_128; 2048-bit MODP Group",
        "child ENCR_AES_CBC-256; AUTH_HMAC_SHA2_256_128; 2048-bit MODP Group; Extended Sequence Numbers, No Extended Sequence Numbers",
        "2:konyahin.xyz",
        "eap mschap-v2",
        "config protected-subnet 0.0.0.0/0",
        "config address 10.0.1.0/24",
        "config name-server 1.1.1.1",
        "config name-server 8.8.8.8",
        "tag ROADW",
      ],
    ],
    uses: ["14:5 eap", "15:5 config", "16:5 config", "17:5 config", "18:5 config", "19:9 tag"],
  },
};

/** Files that OpenIKED 7.2 refuses too, and where the fault is. */
const REFUSED: Readonly<Record<string, readonly string[]>> = {
  "course-site-b.conf": ['6:5: "enc" belongs behind "ikesa" or "childsa" (behind a secret in line 5)'],
};

for (const [file, expected] of Object.entries(EXPECTED)) {
  vectorTest(`${file} means what iked.conf(5) says`, () => {
    const { compiled, text } = read(readVectorOctets(`iked-conf/${file}`), { environment: everyName });
    assert.ok(compiled !== undefined, text);
    const { configuration: { policies }, uses } = compiled;
    assert.deepEqual({
      users: usersOf(compiled),
      policies: policies.map((policy) => summaryOf(policy, compiled)),
      uses: uses.map(({ feature, where }) => `${where.line}:${where.column} ${feature}`),
    }, expected);
  });
}

for (const [file, expected] of Object.entries(REFUSED)) {
  vectorTest(`${file} is refused where it is wrong`, () => {
    const { diagnostics } = read(readVectorOctets(`iked-conf/${file}`), { environment: everyName });
    const errors = diagnostics.filter((one) => one.severity === "error")
      .map(({ where, message }) => `${where!.line}:${where!.column}: ${message}`);
    assert.deepEqual(errors, expected);
  });
}

vectorTest("no published file is left out of these tables", () => {
  const known = [...Object.keys(EXPECTED), ...Object.keys(REFUSED)].map((file) => `iked-conf/${file}`);
  assert.deepEqual([...vectorFiles("iked-conf", ".conf")].sort(), known.sort());
});
