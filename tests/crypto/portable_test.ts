import assert from "node:assert/strict";
import { everyAlgorithm, isBeyondPortable, provides } from "../../src/crypto/mod.ts";
import { createPortable } from "../../src/crypto/portable/provider.ts";
import { conformance } from "./conformance.ts";

/** What no IKE SA may use, and what no peer has; sntrup761x25519 nobody has here. */
const lacks = ["blowfish", "cast", "ec155", "ec185", "sntrup761x25519"];

conformance({ name: "portable", make: createPortable, lacks });

Deno.test("portable: what it lacks is known without loading it", () => {
  const provider = createPortable((length) => new Uint8Array(length));
  for (const entry of everyAlgorithm) {
    assert.equal(isBeyondPortable(entry), !provides(provider, entry), entry.ianaName);
  }
});
