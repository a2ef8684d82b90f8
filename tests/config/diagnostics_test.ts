import assert from "node:assert/strict";
import { read } from "./support.ts";

const FLOW = "from 10.0.0.1 to 10.0.0.2";

/** What is in the file, and all that is said about it. */
const CASES: readonly (readonly [name: string, file: string, said: string])[] = [
  [
    "unknown keyword",
    `ikev2 esp ${FLOW} pear 192.0.2.1 psk x`,
    `iked.conf:1:37: error: unknown word "pear"
ikev2 esp from 10.0.0.1 to 10.0.0.2 pear 192.0.2.1 psk *
                                    ^
did you mean "peer"?`,
  ],
  [
    "unknown statement",
    `ikve2 esp ${FLOW}`,
    `iked.conf:1:1: error: unknown statement "ikve2"
ikve2 esp from 10.0.0.1 to 10.0.0.2
^
did you mean "ikev2"?`,
  ],
  [
    "undefined macro",
    `remote_gw = 192.0.2.1\nikev2 esp ${FLOW} peer $remote_gv psk x`,
    `iked.conf:2:42: error: macro "remote_gv" is not defined
ikev2 esp from 10.0.0.1 to 10.0.0.2 peer $remote_gv psk *
                                         ^
did you mean "remote_gw"?`,
  ],
  [
    "address family mismatch in a flow",
    `ikev2 esp from 10.0.0.0/8 to 2001:db8::/32 psk x`,
    `iked.conf:1:11: error: address family mismatch: 10.0.0.0/8 is IPv4, 2001:db8::/32 is IPv6
ikev2 esp from 10.0.0.0/8 to 2001:db8::/32 psk *
          ^`,
  ],
  [
    "address family mismatch of local and peer",
    `ikev2 esp ${FLOW} \\\n\tlocal 192.0.2.1 peer 2001:db8::1 psk x`,
    `iked.conf:2:23: error: address family mismatch: peer 2001:db8::1 is IPv6, local 192.0.2.1 is IPv4 (iked.conf:2:8)
\tlocal 192.0.2.1 peer 2001:db8::1 psk *
\t                     ^`,
  ],
  [
    "inet6 with an IPv4 peer",
    `ikev2 esp inet6 ${FLOW} peer 192.0.2.1 psk x`,
    `iked.conf:1:48: error: 192.0.2.1 is no IPv6 address, as "inet6" asks
ikev2 esp inet6 from 10.0.0.1 to 10.0.0.2 peer 192.0.2.1 psk *
                                               ^`,
  ],
  [
    "a flow without to, at the end",
    `ikev2 esp from 10.0.0.0/8`,
    `iked.conf:1:11: error: this flow has no "to"
ikev2 esp from 10.0.0.0/8
          ^`,
  ],
  [
    "a flow without to, before the next clause",
    `ikev2 esp from 10.0.0.0/8 peer 192.0.2.1 psk x`,
    `iked.conf:1:11: error: this flow has no "to"
ikev2 esp from 10.0.0.0/8 peer 192.0.2.1 psk *
          ^`,
  ],
  [
    "a flow without from",
    `ikev2 esp to 10.0.0.0/8 ot 10.0.0.1 psk x`,
    `iked.conf:1:25: error: expected "from", found "ot"
ikev2 esp to 10.0.0.0/8 ot 10.0.0.1 psk *
                        ^`,
  ],
  [
    "no flow at all",
    `ikev2 esp peer 192.0.2.1 psk x`,
    `iked.conf:1:1: error: this policy has no flow: expected "from … to …"
ikev2 esp peer 192.0.2.1 psk *
^`,
  ],
  [
    "active without a host as peer",
    `ikev2 active esp from 10.0.0.0/8 to 10.0.0.0/8 psk x`,
    `iked.conf:1:7: error: "active" needs a peer that is a host: write "peer ADDRESS"
ikev2 active esp from 10.0.0.0/8 to 10.0.0.0/8 psk *
      ^`,
  ],
  [
    "transforms outside of their block",
    `ikev2 esp ${FLOW} psk "x" enc aes-256`,
    `iked.conf:1:45: error: "enc" belongs behind "ikesa" or "childsa"
ikev2 esp from 10.0.0.1 to 10.0.0.2 psk *** enc aes-256
                                            ^`,
  ],
  [
    "unknown transforms, several in one statement",
    `ikev2 esp ${FLOW} ikesa enc aes-265 group modp2084 prf sha3 psk x`,
    `iked.conf:1:47: error: unknown enc "aes-265"
ikev2 esp from 10.0.0.1 to 10.0.0.2 ikesa enc aes-265 group modp2084 prf sha3 psk *
                                              ^
did you mean "aes-256"?
iked.conf:1:61: error: unknown group "modp2084"
ikev2 esp from 10.0.0.1 to 10.0.0.2 ikesa enc aes-265 group modp2084 prf sha3 psk *
                                                            ^
did you mean "modp2048"?
iked.conf:1:74: error: unknown prf "sha3"
ikev2 esp from 10.0.0.1 to 10.0.0.2 ikesa enc aes-265 group modp2084 prf sha3 psk *
                                                                         ^`,
  ],
  [
    "AEAD with auth",
    `ikev2 esp ${FLOW} childsa enc aes-256-gcm auth hmac-sha2-256 psk x`,
    `iked.conf:1:66: error: authentication is implicit with enc "aes-256-gcm": leave "auth" out
ikev2 esp from 10.0.0.1 to 10.0.0.2 childsa enc aes-256-gcm auth hmac-sha2-256 psk *
                                                                 ^`,
  ],
  [
    "AEAD beside a plain cipher",
    `ikev2 esp ${FLOW} ikesa enc aes-256 enc aes-256-gcm psk x`,
    `iked.conf:1:59: error: enc "aes-256-gcm" cannot stand in one block with "aes-256": write a second block
ikev2 esp from 10.0.0.1 to 10.0.0.2 ikesa enc aes-256 enc aes-256-gcm psk *
                                                          ^`,
  ],
  [
    "ESP's own in ikesa",
    `ikev2 esp ${FLOW} ikesa enc null group none esn psk x`,
    `iked.conf:1:47: error: enc "null" cannot stand in ikesa: it is for ESP only
ikev2 esp from 10.0.0.1 to 10.0.0.2 ikesa enc null group none esn psk *
                                              ^
iked.conf:1:58: error: group "none" cannot stand in ikesa: an IKE SA needs a key exchange
ikev2 esp from 10.0.0.1 to 10.0.0.2 ikesa enc null group none esn psk *
                                                         ^
iked.conf:1:63: error: "esn" belongs behind "childsa": an IKE SA has no sequence numbers
ikev2 esp from 10.0.0.1 to 10.0.0.2 ikesa enc null group none esn psk *
                                                              ^`,
  ],
  [
    "a port without tcp or udp, and ports that are none",
    `ikev2 esp proto gre from 10.0.0.1 port 23 to 10.0.0.2 psk x\n` +
    `ikev2 esp proto tcp from 10.0.0.1 port 0 to 10.0.0.2 port telnett psk x`,
    `iked.conf:1:40: error: a port needs "proto tcp" or "proto udp"
ikev2 esp proto gre from 10.0.0.1 port 23 to 10.0.0.2 psk *
                                       ^
iked.conf:2:40: error: unknown port "0": expected 1 to 65535, a range as 1:1023, or a service
ikev2 esp proto tcp from 10.0.0.1 port 0 to 10.0.0.2 port telnett psk *
                                       ^
iked.conf:2:59: error: unknown port "telnett": expected 1 to 65535, a range as 1:1023, or a service
ikev2 esp proto tcp from 10.0.0.1 port 0 to 10.0.0.2 port telnett psk *
                                                          ^`,
  ],
  [
    "bad addresses",
    `ikev2 esp from 10.0.0.0/33 to 10.0.0.2 psk x\nikev2 esp from 10.0.0.256 to 10.0.0.2 psk x\nikev2 esp ${FLOW} peer esp psk x`,
    `iked.conf:1:16: error: "10.0.0.0/33" is no address
ikev2 esp from 10.0.0.0/33 to 10.0.0.2 psk *
               ^
iked.conf:2:16: error: "10.0.0.256" is no address
ikev2 esp from 10.0.0.256 to 10.0.0.2 psk *
               ^
iked.conf:3:42: error: expected an address, found "esp"
ikev2 esp from 10.0.0.1 to 10.0.0.2 peer esp psk *
                                         ^`,
  ],
  [
    "a clause twice",
    `ikev2 esp ${FLOW} psk x peer 192.0.2.1 peer 192.0.2.2`,
    `iked.conf:1:58: error: "peer" is given twice
ikev2 esp from 10.0.0.1 to 10.0.0.2 psk * peer 192.0.2.1 peer 192.0.2.2
                                                         ^`,
  ],
  [
    "names that are taken",
    `ikev2 "a" esp ${FLOW} psk x\nikev2 "a" esp ${FLOW} psk y`,
    `iked.conf:2:7: error: policy name "a" is taken already (iked.conf:1:7)
ikev2 "a" esp from 10.0.0.1 to 10.0.0.2 psk *
      ^`,
  ],
  [
    "a string that does not end, and what stands behind it",
    `ikev2 "a esp ${FLOW}\nset pasive`,
    `iked.conf:1:7: error: this string has no closing "
ikev2 "a esp from 10.0.0.1 to 10.0.0.2
      ^
iked.conf:2:5: error: unknown option "pasive" of set
set pasive
    ^
did you mean "passive"?`,
  ],
  [
    "settings",
    `set pasive\nset dpd_check_interval 3m\nset datapath userlnad\nset`,
    `iked.conf:1:5: error: unknown option "pasive" of set
set pasive
    ^
did you mean "passive"?
iked.conf:2:24: error: expected 0 to 86400 seconds, found "3m"
set dpd_check_interval 3m
                       ^
iked.conf:3:14: error: unknown data path "userlnad": expected userland, xfrm, pfkey, none
set datapath userlnad
             ^
did you mean "userland"?
iked.conf:4:4: error: expected an option of set, found the end of the statement
set
   ^`,
  ],
  [
    "lifetimes",
    `ikev2 esp ${FLOW} lifetime 3x psk x\nikev2 esp ${FLOW} ikelifetime 9999d psk x\nikev2 esp ${FLOW} lifetime 3h bytes 4t psk x`,
    `iked.conf:1:46: error: expected seconds, or a number with m, h or d, found "3x"
ikev2 esp from 10.0.0.1 to 10.0.0.2 lifetime 3x psk *
                                             ^
iked.conf:2:49: error: "9999d" is too much
ikev2 esp from 10.0.0.1 to 10.0.0.2 ikelifetime 9999d psk *
                                                ^
iked.conf:3:55: error: expected octets, or a number with K, M or G, found "4t"
ikev2 esp from 10.0.0.1 to 10.0.0.2 lifetime 3h bytes 4t psk *
                                                      ^`,
  ],
  [
    "macros that cannot be",
    `peer = 192.0.2.1\na-b = 1\nx =\n$x = 1`,
    `iked.conf:1:1: error: "peer" is a reserved word and cannot name a macro
peer = 192.0.2.1
^
iked.conf:2:1: error: "a-b" cannot name a macro: only letters, digits and "_" can
a-b = 1
^
iked.conf:3:4: error: expected a value for macro "x"
x =
   ^
iked.conf:4:1: error: a statement cannot start with a macro
$x = 1
^`,
  ],
  [
    "what a macro stands for",
    `g = modp2084\nt = "3 x"\nikev2 esp ${FLOW} ikesa group $g psk x\nikev2 esp ${FLOW} lifetime $t psk x`,
    `iked.conf:3:49: error: unknown group "modp2084" (in macro "g", iked.conf:1:1)
ikev2 esp from 10.0.0.1 to 10.0.0.2 ikesa group $g psk *
                                                ^
did you mean "modp2048"?
iked.conf:4:46: error: expected seconds, or a number with m, h or d, found "$t" (in macro "t", iked.conf:2:1)
ikev2 esp from 10.0.0.1 to 10.0.0.2 lifetime $t psk *
                                             ^`,
  ],
  [
    "keys that are none",
    `ikev2 esp ${FLOW} psk ""\nikev2 esp ${FLOW} psk 0x123\nikev2 esp ${FLOW} psk\nikev2 esp ${FLOW} psk file "/etc/key"`,
    `iked.conf:1:41: error: this pre-shared key is empty
ikev2 esp from 10.0.0.1 to 10.0.0.2 psk **
                                        ^
iked.conf:2:41: error: this pre-shared key is no even number of hex digits behind 0x
ikev2 esp from 10.0.0.1 to 10.0.0.2 psk *****
                                        ^
iked.conf:3:40: error: expected a pre-shared key, found the end of the statement
ikev2 esp from 10.0.0.1 to 10.0.0.2 psk
                                       ^
iked.conf:4:46: error: cannot use this key file: there is no such file
ikev2 esp from 10.0.0.1 to 10.0.0.2 psk **** **********
                                             ^`,
  ],
  [
    "files that cannot be included",
    `include "none"\ninclude`,
    `iked.conf:1:9: error: cannot include "none": there is no such file
include "none"
        ^
iked.conf:2:8: error: expected the name of a file, found the end of the statement
include
       ^`,
  ],
  [
    "columns count characters, and carets stand behind tabs",
    `ikev2 "größe" esp\tbogus`,
    `iked.conf:1:19: error: unknown word "bogus"
ikev2 "größe" esp\tbogus
                 \t^`,
  ],
  [
    "control characters",
    `ikev2 \x01esp\x1b[31m ${FLOW} psk x`,
    `iked.conf:1:7: error: control character 0x01 in the file
ikev2 ?esp?[31m from 10.0.0.1 to 10.0.0.2 psk x
      ^`,
  ],
];

for (const [name, file, said] of CASES) {
  Deno.test(`what is said about: ${name}`, () => {
    const { compiled, text } = read(file);
    assert.equal(text, said);
    assert.equal(compiled, undefined);
  });
}

Deno.test("warnings carry their codes and let the configuration stand", () => {
  const { compiled, diagnostics } = read(
    `unused = 1\nikev2 pasive esp from 10.1.2.3/8 to 10.0.0.2 from 10.1.2.3/8 to 10.0.0.2 peer gone.example.com ` +
      `ikesa enc 3des group modp1024 auth hmac-sha2 prf hmac-md5 childsa prf hmac-sha1 enc aes-128 psk x\n` +
      `# comment \\\nthat goes on\nflow esp from 10.0.0.1 to 10.0.0.2`,
  );
  assert.ok(compiled !== undefined);
  const codes = diagnostics.map((one) => `${one.where!.line}:${one.where!.column} ${one.code}`);
  assert.deepEqual(codes, [
    "1:1 W001",
    "2:7 W002",
    "2:23 W009",
    "2:46 W006",
    "2:51 W009",
    "2:79 W007",
    "2:106 W005",
    "2:117 W005",
    "2:131 W004",
    "2:145 W005",
    "2:166 W008",
    "3:1 W003",
    "5:1 W011",
  ]);
  assert.deepEqual(read("").diagnostics, [{
    severity: "warning",
    code: "W010",
    message: "there are no policies",
    where: { file: "iked.conf", line: 1, column: 1 },
    excerpt: { line: "", caret: "^" },
  }]);
});

Deno.test("errors in several files are said file by file", () => {
  const { text } = read(`bogus\ninclude "b"\nset nothing`, { files: { b: "\nset nothing" } });
  assert.deepEqual(text.split("\n").filter((line) => line.includes("error")), [
    'iked.conf:1:1: error: unknown statement "bogus"',
    'iked.conf:3:5: error: unknown option "nothing" of set',
    'b:2:5: error: unknown option "nothing" of set',
  ]);
});

Deno.test("files that include each other are refused where the circle closes", () => {
  const { text } = read(`include "a"`, { files: { a: 'include "b"', b: 'include "a"' } });
  assert.equal(text, 'b:1:9: error: cannot include "a": files include each other\ninclude "a"\n        ^');
});

Deno.test("files within files have a depth, and files a number", () => {
  const deep = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`f${i}`, `include "f${i + 1}"`]));
  assert.match(
    read(`include "f0"`, { files: deep }).text,
    /^f14:1:9: error: files include each other more than 16 deep/,
  );
  const wide = Object.fromEntries(
    Array.from({ length: 14 }, (_, i) => [`f${i}`, `include "f${i + 1}"\n`.repeat(2)]),
  );
  assert.match(
    read(`include "f0"`, { files: { ...wide, f14: "" } }).text,
    /more than 1024 files are included/,
  );
});

Deno.test("a long line is shown around the place, and a file full of errors ends after a thousand", () => {
  const { diagnostics } = read(`ikev2 esp ${`${FLOW} `.repeat(1000)} bogus`);
  assert.ok(diagnostics[0]!.excerpt!.line.length <= 160);
  assert.equal(diagnostics[0]!.excerpt!.line.indexOf("bogus"), diagnostics[0]!.excerpt!.caret.length - 1);
  const many = read("bogus\n".repeat(5000));
  assert.equal(many.diagnostics.length, 1001);
  assert.match(many.text, /too many errors, the others are not shown/);
  const warned = read(`${`ikev2 ${FLOW} ikesa enc 3des psk x\n`.repeat(2000)}bogus`);
  assert.equal(warned.diagnostics.length, 1001);
  assert.match(warned.text, /iked.conf:2001:1: error: unknown statement "bogus"/);
});
