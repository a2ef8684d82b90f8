import assert from "node:assert/strict";
import fc from "fast-check";
import { certificateIdentities, formatIdentity } from "../../src/policy/mod.ts";
import { CERTIFICATE_DER } from "../support/certificate.ts";

Deno.test("a certificate's identities are its subject and its names of the types that ID payloads have", () => {
  assert.deepEqual(certificateIdentities(CERTIFICATE_DER)!.map(formatIdentity), [
    "/C=DE/O=Example, Inc./CN=gw.example.com",
    "gw.example.com",
    "192.0.2.1",
    "2001:db8::1",
    "a@example.com",
  ]);
});

Deno.test("no octets make its reader throw, and what is cut off is no certificate", () => {
  for (let end = 0; end < CERTIFICATE_DER.length; end++) {
    assert.equal(certificateIdentities(CERTIFICATE_DER.subarray(0, end)), undefined);
  }
  assert.equal(certificateIdentities(new Uint8Array(1 << 20).fill(0x30)), undefined);
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (octets) => void certificateIdentities(octets)));
  const damage = fc.tuple(fc.nat(CERTIFICATE_DER.length - 1), fc.nat(255));
  fc.assert(
    fc.property(fc.array(damage, { minLength: 1, maxLength: 4 }), (list) => {
      const octets = CERTIFICATE_DER.slice();
      for (const [at, octet] of list) octets[at] = octet;
      for (const one of certificateIdentities(octets) ?? []) formatIdentity(one);
    }),
    { numRuns: 2000 },
  );
});
