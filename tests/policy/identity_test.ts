import assert from "node:assert/strict";
import fc from "fast-check";
import { fromHex, toHex } from "../../src/bytes/mod.ts";
import { formatIdentity, parseIdentity, sameIdentity } from "../../src/policy/mod.ts";

Deno.test("the form of a text decides the type of the identity (iked.conf(5))", () => {
  const cases: [string, number, string][] = [
    ["192.0.2.1", 1, "c0000201"],
    ["2001:db8::1", 5, "20010db8000000000000000000000001"],
    ["gw.example.com", 2, toHex(new TextEncoder().encode("gw.example.com"))],
    ["user@example.com", 3, toHex(new TextEncoder().encode("user@example.com"))],
    // openssl asn1parse of a name with C (PrintableString) and CN (UTF8String)
    ["/C=DE/CN=gw", 9, "301a310b3009060355040613024445310b300906035504030c026777"],
  ];
  for (const [text, type, data] of cases) {
    const identity = parseIdentity(text);
    assert.deepEqual([identity?.type, toHex(identity!.data)], [type, data], text);
    assert.equal(formatIdentity(identity!), text);
  }
});

Deno.test("texts that name nobody are refused", () => {
  for (const text of ["", "/", "/CN", "/CN=", "/=x", "/Nonsense=x", "/3.1=x", "x".repeat(1025)]) {
    assert.equal(parseIdentity(text), undefined, text.slice(0, 20));
  }
});

Deno.test("a distinguished name with slashes, blanks and long values comes back as it was written", () => {
  for (
    const text of [
      "/C=DE/O=Example \\/ Sons/OU=A\\\\B/CN=x/emailAddress=gw@example.com/DC=example",
      `/CN=${"é".repeat(200)}`,
      "/2.5.4.97=VATDE-1/CN=x",
    ]
  ) assert.equal(formatIdentity(parseIdentity(text)!), text);
});

Deno.test("distinguished names are compared without regard to string type, case and number of blanks", () => {
  const utf8 = parseIdentity("/C=DE/CN=Example  Gateway")!;
  const printable = parseIdentity("/C=de/CN=example gateway")!;
  assert.ok(sameIdentity(utf8, printable));
  const asPrintable = { ...utf8, data: utf8.data.map((octet) => octet === 0x0c ? 0x13 : octet) };
  assert.ok(sameIdentity(asPrintable, printable));
  assert.ok(!sameIdentity(utf8, parseIdentity("/CN=Example Gateway/C=DE")!));
});

Deno.test("identities of unknown type or broken data print as hex, control characters never", () => {
  assert.equal(formatIdentity({ type: 11, data: Uint8Array.of(1, 2) }), "ID_KEY_ID:0102");
  assert.equal(formatIdentity({ type: 1, data: Uint8Array.of(1, 2) }), "ID_IPV4_ADDR:0102");
  assert.equal(formatIdentity({ type: 9, data: Uint8Array.of(0x30, 5) }), "ID_DER_ASN1_DN:3005");
  assert.equal(formatIdentity({ type: 2, data: Uint8Array.of(0x61, 10, 0x62) }), "a?b");
});

Deno.test("no octets make a name's reader throw", () => {
  const start = fromHex("301a310b3009060355040613024445310b300906035504030c026777");
  assert.ok(start.ok);
  fc.assert(
    fc.property(fc.nat(27), fc.nat(255), fc.nat(28), (at, value, length) => {
      const data = Uint8Array.from(start.value);
      data[at] = value;
      assert.equal(typeof formatIdentity({ type: 9, data: data.subarray(0, length) }), "string");
    }),
    { numRuns: 2000 },
  );
});
