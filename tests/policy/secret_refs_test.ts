import assert from "node:assert/strict";
import type { SecretRef } from "../../src/bytes/mod.ts";
import { withSecretRefs } from "../../src/policy/secret_refs.ts";
import { sideA } from "../support/policies.ts";

const old = "psk:office" as SecretRef, fresh = "secret:1" as SecretRef;

Deno.test("withSecretRefs: names of secrets are replaced wherever they stand, and the names of other things are not", () => {
  const configuration = sideA({ policy: { name: old, auth: { method: "psk", secret: old } } });
  const users = [{ name: old, secret: old, deeper: { list: [old, "other"] } }];
  const given = { ...configuration, users };
  const before = structuredClone(given);
  const renamed = withSecretRefs(given, new Map([[old, fresh]])) as typeof given;
  assert.deepEqual(renamed.policies[0]!.auth, { method: "psk", secret: fresh });
  assert.equal(renamed.policies[0]!.name, old);
  assert.deepEqual(renamed.users, [{ name: old, secret: fresh, deeper: { list: [fresh, "other"] } }]);
  assert.deepEqual(given, before, "the one given stays as it is");
});

Deno.test("withSecretRefs: what has no secret in it is the same object", () => {
  const configuration = sideA({ policy: { auth: { method: "psk", secret: old } } });
  const renamed = withSecretRefs(configuration, new Map([[old, fresh]]));
  assert.equal(renamed.globals, configuration.globals);
  assert.equal(renamed.policies[0]!.flows, configuration.policies[0]!.flows);
  assert.equal(renamed.policies[0]!.localId, configuration.policies[0]!.localId);
  assert.equal(withSecretRefs(configuration, new Map()), configuration);
});
