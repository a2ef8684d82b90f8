import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import type { Identity } from "../../src/policy/mod.ts";
import { formatMark, isNoMark, parseIdentity } from "../../src/policy/mod.ts";
import { expandTag } from "../../src/policy/tag.ts";

const peer = (text: string): Identity => parseIdentity(text)!;
const text = (tag: string, id: string) => expandTag(tag, "big test", peer(id))?.text;

Deno.test("tag: the variables of iked.conf(5) stand for what the manual says", () => {
  const cases: readonly (readonly [tag: string, id: string, expanded: string | undefined])[] = [
    ["ipsec-$domain", "foo.example.com", "ipsec-example.com"],
    ["ipsec-$domain", "user@example.com", "ipsec-example.com"],
    ["ipsec-$domain", "/C=DE/CN=foo.example.com", "ipsec-example.com"],
    ["ipsec-$domain", "/C=DE/CN=user@example.com", "ipsec-example.com"],
    ["ipsec-$domain", "192.0.2.1", "ipsec-"],
    ["ipsec-$domain", "localhost", "ipsec-"],
    ["$id", "foo.example.com", "foo.example.com"],
    ["$id", "/C=DE/O=Example/CN=10.1.1.1/OU=x", "10.1.1.1"],
    ["$id", "/C=DE/O=Example", "/C=DE/O=Example"],
    ["$id", "2001:db8::1", "2001:db8::1"],
    ["$name-$id", "192.0.2.1", "big test-192.0.2.1"],
    ["$eapid", "user@example.com", "user@example.com"],
    ["a$b $idx", "x.example", "a$b x.examplex"],
    ["$domain", "localhost", undefined],
    ["plain", "x.example", "plain"],
  ];
  for (const [tag, id, expanded] of cases) assert.equal(text(tag, id), expanded, `${tag} of ${id}`);
});

Deno.test("tag: what stands for a variable is not expanded again", () => {
  assert.equal(expandTag("$name", "$id", peer("x.example"))?.text, "$id");
  const odd: Identity = { type: 2, data: new TextEncoder().encode("$name\n$id") };
  assert.equal(expandTag("$id", "policy", odd)?.text, "$name?$id");
});

Deno.test("tag: a number is its own mark, a word that of its SHA-256", () => {
  const mark = (tag: string, name = "n") => formatMark(expandTag(tag, name, undefined)!.mark);
  assert.equal(mark("42"), "0x0000002a");
  assert.equal(mark("0xFFFFFFFF"), "0xffffffff");
  assert.equal(mark("$name", "7"), "0x00000007");
  // printf %s ipsec-example.com | sha256sum | cut -c1-8
  assert.equal(mark("ipsec-example.com"), "0x1a0cf665");
  for (const word of ["042", "4 2", "-1", "0x", "1e3"]) {
    const hash = createHash("sha256").update(word).digest("hex").slice(0, 8);
    assert.equal(mark(word), `0x${hash}`);
    assert.ok(!isNoMark(word));
  }
  for (const number of ["0", "0x0", "4294967296", "0x100000000", "9".repeat(400)]) {
    assert.ok(isNoMark(number));
  }
});

Deno.test("tag: an identity that looks like a number is no number, and without a peer nothing is said of it", () => {
  const hash = createHash("sha256").update("42").digest("hex").slice(0, 8);
  const told: Identity = { type: 2, data: new TextEncoder().encode("42") };
  assert.equal(formatMark(expandTag("$id", "n", told)!.mark), `0x${hash}`);
  assert.equal(expandTag("$name-$id", "n", undefined), undefined);
});

Deno.test("tag: whatever a peer says of itself, the tag is bounded and its mark one of 32 bits, not 0", () => {
  const tags = fc.constantFrom("$id", "$domain", "$eapid", "x-$id-$id-$domain");
  fc.assert(fc.property(fc.nat(255), fc.uint8Array({ maxLength: 2000 }), tags, (type, data, tag) => {
    const made = expandTag(tag, "n", { type, data });
    if (made === undefined) {
      return assert.ok(tag === "$domain" || (data.length === 0 && !tag.startsWith("x")));
    }
    assert.ok(made.text.length <= 512 && !/\p{Cc}/u.test(made.text));
    assert.ok(Number.isInteger(made.mark) && made.mark > 0 && made.mark <= 0xffff_ffff);
  }));
});
