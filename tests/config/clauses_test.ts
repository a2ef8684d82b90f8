import assert from "node:assert/strict";
import { read } from "./support.ts";

const FLOW = "from 10.0.0.1 to 10.0.0.2";

/** What is wrong with a clause or setting of today's iked, and all that is said about it. */
const CASES: readonly (readonly [name: string, file: string, said: string])[] = [
  [
    "ways to authenticate",
    `ikev2 esp ${FLOW} eap "mschapv3"\nikev2 esp ${FLOW} psk x rsa\nikev2 esp ${FLOW} ecdsa256 ecdsa256\n` +
    `ikev2 esp ${FLOW} ecdsa255`,
    `iked.conf:1:41: error: unknown EAP method "mschapv3": expected mschap-v2 or radius
ikev2 esp from 10.0.0.1 to 10.0.0.2 eap "mschapv3"
                                        ^
did you mean "mschap-v2"?
iked.conf:2:43: error: the policy authenticates with "psk" already
ikev2 esp from 10.0.0.1 to 10.0.0.2 psk * rsa
                                          ^
iked.conf:3:46: error: "ecdsa256" is given twice
ikev2 esp from 10.0.0.1 to 10.0.0.2 ecdsa256 ecdsa256
                                             ^
iked.conf:4:37: error: unknown word "ecdsa255"
ikev2 esp from 10.0.0.1 to 10.0.0.2 ecdsa255
                                    ^
did you mean "ecdsa256"?`,
  ],
  [
    "words that contradict each other",
    `ikev2 esp ah ${FLOW}\nikev2 transport tunnel ${FLOW}\nikev2 quick default ${FLOW}`,
    `iked.conf:1:11: error: "esp" stands there already
ikev2 esp ah from 10.0.0.1 to 10.0.0.2
          ^
iked.conf:2:17: error: "transport" stands there already
ikev2 transport tunnel from 10.0.0.1 to 10.0.0.2
                ^
iked.conf:3:13: error: "quick" stands there already
ikev2 quick default from 10.0.0.1 to 10.0.0.2
            ^`,
  ],
  [
    "AH with encryption",
    `ikev2 ah ${FLOW} childsa enc aes-256 auth hmac-sha2-256`,
    `iked.conf:1:48: error: AH does not encrypt: leave "enc" out, or write "esp"
ikev2 ah from 10.0.0.1 to 10.0.0.2 childsa enc aes-256 auth hmac-sha2-256
                                               ^`,
  ],
  [
    "configuration payloads",
    `ikev2 esp ${FLOW} config adress 10.0.0.0/8\nikev2 esp ${FLOW} config netmask 2001:db8::1\n` +
    `ikev2 esp ${FLOW} config name-server any\nikev2 esp ${FLOW} request a any\nikev2 esp ${FLOW} config address`,
    `iked.conf:1:44: error: unknown option "adress" of config
ikev2 esp from 10.0.0.1 to 10.0.0.2 config adress 10.0.0.0/8
                                           ^
did you mean "address"?
iked.conf:2:52: error: "netmask" is of IPv4: IPv6 addresses carry a prefix length
ikev2 esp from 10.0.0.1 to 10.0.0.2 config netmask 2001:db8::1
                                                   ^
iked.conf:3:56: error: expected an address, found "any"
ikev2 esp from 10.0.0.1 to 10.0.0.2 config name-server any
                                                       ^
iked.conf:4:45: error: unknown option "a" of config
ikev2 esp from 10.0.0.1 to 10.0.0.2 request a any
                                            ^
iked.conf:5:51: error: expected an address, found the end of the statement
ikev2 esp from 10.0.0.1 to 10.0.0.2 config address
                                                  ^`,
  ],
  [
    "interfaces, tags, routing domains",
    `ikev2 esp ${FLOW} iface "a/b" tap em0 tag ""\nikev2 esp rdomain 256 ${FLOW}\nikev2 esp ${FLOW} tag $id`,
    `iked.conf:1:43: error: "a/b" is no name of an interface
ikev2 esp from 10.0.0.1 to 10.0.0.2 iface "a/b" tap em0 tag ""
                                          ^
iked.conf:1:53: error: "em0" is no interface for tap: expected enc0, enc1 …
ikev2 esp from 10.0.0.1 to 10.0.0.2 iface "a/b" tap em0 tag ""
                                                    ^
iked.conf:1:61: error: this is no tag
ikev2 esp from 10.0.0.1 to 10.0.0.2 iface "a/b" tap em0 tag ""
                                                            ^
iked.conf:2:19: error: "256" is too much
ikev2 esp rdomain 256 from 10.0.0.1 to 10.0.0.2
                  ^
iked.conf:3:41: error: macro "id" is not defined
ikev2 esp from 10.0.0.1 to 10.0.0.2 tag $id
                                        ^`,
  ],
  [
    "users and OCSP",
    `user "" "b"\nuser "a" ""\nuser "a"\nset ocsp "x"\nset ocsp "http://192.0.2.1/" tolerate x`,
    `iked.conf:1:6: error: the name of this user is empty
user "" ***
     ^
iked.conf:2:10: error: this password is empty
user "a" **
         ^
iked.conf:3:9: error: expected a password, found the end of the statement
user "a"
        ^
iked.conf:4:10: error: "x" is no URL: expected http://HOST/ or https://HOST/
set ocsp "x"
         ^
iked.conf:5:39: error: expected seconds, or a number with m, h or d, found "x"
set ocsp "http://192.0.2.1/" tolerate x
                                      ^`,
  ],
  [
    "radius",
    `radius servr 192.0.2.1 secret x\nradius server 192.0.2.1 x\nradius server gw.example.com secret x\n` +
    `radius max-tries 0\nradius accounting dae listen on 192.0.2.1\nradius config address 0x1000000 256\n` +
    `radius dae listen 192.0.2.1\nradius config protected-subnet 8\nradius server 192.0.2.1 port nowhere secret x`,
    `iked.conf:1:8: error: unknown word "servr"
radius servr 192.0.2.1 secret *
       ^
did you mean "server"?
iked.conf:2:25: error: expected "secret", found "x"
radius server 192.0.2.1 x
                        ^
iked.conf:3:15: error: "gw.example.com" is no address
radius server gw.example.com secret *
              ^
iked.conf:4:18: error: expected a number from 1 to 100, found "0"
radius max-tries 0
                 ^
iked.conf:5:19: error: expected server, max-tries or max-failovers, found "dae"
radius accounting dae listen on 192.0.2.1
                  ^
iked.conf:6:23: error: expected a vendor from 0 to 0xffffff, found "0x1000000"
radius config address 0x1000000 256
                      ^
iked.conf:6:33: error: expected an attribute type from 0 to 255, found "256"
radius config address 0x1000000 256
                                ^
iked.conf:7:19: error: expected "on", found "192.0.2.1"
radius dae listen 192.0.2.1
                  ^
iked.conf:8:15: error: "protected-subnet" cannot come from a RADIUS server
radius config protected-subnet 8
              ^
iked.conf:9:30: error: unknown port "nowhere": expected 1 to 65535 or a service
radius server 192.0.2.1 port nowhere secret *
                             ^`,
  ],
  [
    "source NAT",
    `ikev2 esp from 10.0.0.1 to 10.0.0.2 (10.0.0.3) psk x\nikev2 esp from any (10.0.0.3) to any psk x\n` +
    `ikev2 esp from 10.0.0.1 (2001:db8::1) to 10.0.0.2 psk x\nikev2 esp from 10.0.0.1 (10.0.0.3 to 10.0.0.2 psk x`,
    `iked.conf:1:37: error: source NAT belongs behind "from": the peer's side has none
ikev2 esp from 10.0.0.1 to 10.0.0.2 (10.0.0.3) psk *
                                    ^
iked.conf:2:20: error: "any" cannot have source NAT
ikev2 esp from any (10.0.0.3) to any psk *
                   ^
iked.conf:3:26: error: address family mismatch: 10.0.0.1 is IPv4, its true source is IPv6
ikev2 esp from 10.0.0.1 (2001:db8::1) to 10.0.0.2 psk *
                         ^
iked.conf:4:35: error: expected ")", found "to"
ikev2 esp from 10.0.0.1 (10.0.0.3 to 10.0.0.2 psk *
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
