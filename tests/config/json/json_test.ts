import assert from "node:assert/strict";
import fc from "fast-check";
import { configurationJson } from "../../../src/config/mod.ts";
import type { Schema } from "../../../src/config/json/schema.ts";
import { schemaText } from "../../../scripts/schema.ts";
import { schemaFaults } from "../../support/json_schema.ts";
import { configuration } from "../generate.ts";
import { read } from "../support.ts";

const PUBLISHED = new URL("../../../docs/schema/configuration.json", import.meta.url);
const schema: Schema = JSON.parse(await Deno.readTextFile(PUBLISHED));

/** As a reader gets it. */
function jsonOf(text: string) {
  const { compiled, diagnostics } = read(text);
  const line = JSON.stringify(configurationJson(compiled, diagnostics));
  return { line, value: JSON.parse(line) };
}

const FILE = `user alice "wonderland"
set dpd_check_interval 3
ikev2 "site" active esp proto tcp from 10.1.0.0/16 port 23 to 10.2.0.0/16 \\
	local 192.0.2.1 peer gw.example.com \\
	ikesa enc aes-256-gcm prf hmac-sha2-256 group curve25519 \\
	childsa enc aes-128 auth hmac-sha1 noesn \\
	srcid a.example.com dstid "/C=DE/CN=b" ikelifetime 4h lifetime 30m bytes 2G psk "hunter2hunter2"
`;

Deno.test("a configuration as JSON: IANA's names, seconds, places, and no secret", () => {
  const { line, value } = jsonOf(FILE);
  assert.ok(!/hunter|wonderland/.test(line));
  assert.deepEqual([value.version, value.ok, value.diagnostics], [1, true, []]);
  const { globals, users, policies, options } = value.configuration;
  assert.equal(globals.dpdIntervalSeconds, 3);
  assert.deepEqual(users, [{ name: "alice", password: "***" }]);
  assert.equal(options.datapath, null);
  assert.deepEqual(policies, [{
    name: "site",
    where: { file: "iked.conf", line: 3, column: 1 },
    evaluation: "normal",
    mode: "active",
    encapsulation: "esp",
    tunnelMode: "tunnel",
    ipcomp: false,
    forceNatt: false,
    family: null,
    rdomain: null,
    flows: [{
      local: "10.1.0.0/16[tcp/23]",
      remote: "10.2.0.0/16[tcp]",
      dynamic: null,
      sourceNat: null,
      where: { file: "iked.conf", line: 3, column: 35 },
    }],
    local: { kind: "network", network: "192.0.2.1" },
    peer: { kind: "name", name: "gw.example.com", addresses: ["192.0.2.10", "2001:db8::10"] },
    ikeProposals: [{
      encr: [{ name: "ENCR_AES_GCM_16", keyLength: 256 }],
      prf: ["PRF_HMAC_SHA2_256"],
      integ: [],
      ke: ["Curve25519"],
    }],
    childProposals: [{
      protocol: "ESP",
      encr: [{ name: "ENCR_AES_CBC", keyLength: 128 }],
      integ: ["AUTH_HMAC_SHA1_96"],
      ke: [],
      esn: [false],
    }],
    localId: { type: "ID_FQDN", value: "a.example.com" },
    peerId: { type: "ID_DER_ASN1_DN", value: "/C=DE/CN=b" },
    ikeLifetimeSeconds: 14400,
    childLifetimeSeconds: 1800,
    childLifetimeOctets: 2 * 1024 ** 3,
    auth: { method: "psk", secret: "***" },
    config: [],
    request: [],
    iface: null,
    tag: null,
    tap: null,
  }]);
});

Deno.test("diagnostics as JSON: code, place, line with secrets masked, caret, suggestion", () => {
  const { line, value } = jsonOf(
    'ikev2 esp from 10.0.0.1 to 10.0.0.2 pear 192.0.2.1 psk "hunter2"\n',
  );
  assert.ok(!line.includes("hunter"));
  assert.deepEqual(value, {
    version: 1,
    ok: false,
    diagnostics: [{
      severity: "error",
      code: null,
      message: 'unknown word "pear"',
      where: { file: "iked.conf", line: 1, column: 37 },
      line: "ikev2 esp from 10.0.0.1 to 10.0.0.2 pear 192.0.2.1 psk *********",
      caret: `${" ".repeat(36)}^`,
      suggestion: "peer",
    }],
    configuration: null,
  });
});

Deno.test("the published schema is the one of the sources", async () => {
  assert.equal(await Deno.readTextFile(PUBLISHED), schemaText());
});

Deno.test("whatever is read, the whole language included, is of the published form", () => {
  let good = 0;
  fc.assert(
    fc.property(configuration, (text) => {
      const { value } = jsonOf(text);
      if (value.ok) good++;
      assert.deepEqual(schemaFaults(schema, value), []);
    }),
    { numRuns: 300 },
  );
  assert.ok(good > 100, String(good));
  const texts = ["", "bogus", "ikev2 esp from 10.0.0.1 to 10.0.0.2 ikesa enc 3des psk x\nx = 1\n", FILE];
  for (const text of texts) assert.deepEqual(schemaFaults(schema, jsonOf(text).value), []);
});

Deno.test("nothing else is: each value of a document in turn taken out, or another put in its place", () => {
  const { value } = jsonOf(FILE);
  assert.deepEqual(schemaFaults(schema, value), []);
  let refused = 0, all = 0;
  const visit = (holder: Record<string, unknown> | unknown[]) => {
    for (const key of Object.keys(holder)) {
      const slot = holder as Record<string, unknown>;
      const before = slot[key];
      if (typeof before === "object" && before !== null) visit(before as Record<string, unknown>);
      for (const other of [{ other: 1 }, "\u0000other", -1, [[]]]) {
        if (typeof before === "string" && typeof other === "string") continue;
        slot[key] = other;
        all++;
        if (schemaFaults(schema, value).length > 0) refused++;
      }
      slot[key] = before;
      if (!Array.isArray(holder)) {
        delete slot[key];
        all++;
        if (schemaFaults(schema, value).length > 0) refused++;
        slot[key] = before;
      }
    }
  };
  visit(value);
  assert.deepEqual(schemaFaults(schema, value), []);
  // A text in place of null, where a text may be
  assert.ok(refused >= all * 0.9 && all > 300, `${refused} of ${all}`);
});
