import assert from "node:assert/strict";
import { ascii } from "../../src/bytes/mod.ts";
import { createPortable } from "../../src/crypto/portable/provider.ts";
import { PRF } from "../../src/wire/mod.ts";
import { SecretNames } from "../../cli/daemon/secret_names.ts";
import { createRng } from "../support/rng.ts";

function names(key: number): SecretNames {
  const provider = createPortable(createRng(1).octets);
  return new SecretNames(provider.prf(PRF.PRF_HMAC_SHA2_256, new Uint8Array(32).fill(key)));
}

Deno.test("SecretNames: the same octets have the same name until they are forgotten", () => {
  const subject = names(1);
  const first = subject.nameOf(ascii("an example"));
  assert.deepEqual(subject.nameOf(ascii("an example")), { ref: first.ref, isNew: false });
  const other = subject.nameOf(ascii("another example"));
  assert.ok(first.isNew && other.isNew && other.ref !== first.ref);
  subject.forget(first.ref);
  const again = subject.nameOf(ascii("an example"));
  assert.ok(again.isNew && again.ref !== first.ref);
  assert.deepEqual(subject.nameOf(ascii("another example")), { ref: other.ref, isNew: false });
});

Deno.test("SecretNames: a name tells nothing of the octets", () => {
  assert.equal(names(1).nameOf(ascii("an example")).ref, names(2).nameOf(ascii("something else")).ref);
});
