import assert from "node:assert/strict";
import fc from "fast-check";
import { WARNINGS } from "../../../src/config/mod.ts";
import { configuration } from "../generate.ts";
import { octetsOf } from "../support.ts";
import { certificate, check } from "./support.ts";

const CODES = new Set<string>(Object.values(WARNINGS));

Deno.test("no configuration over the whole language makes the lints throw, and all that they say has its place", () => {
  const certificates = [certificate("gw.example.com", "/C=DE/CN=gw")];
  const seen = new Set<string>();
  fc.assert(
    fc.property(fc.array(configuration, { minLength: 1, maxLength: 3 }), (files) => {
      const text = files.join("\n");
      const lines = text.split("\n").length;
      for (const { where, code, severity } of check(text, { certificates }).diagnostics) {
        assert.ok(where!.line >= 1 && where!.line <= lines && where!.column >= 1);
        assert.equal(severity === "warning", code !== undefined);
        if (code !== undefined) seen.add(code);
        assert.ok(code === undefined || CODES.has(code));
      }
    }),
    { numRuns: 300 },
  );
  for (const code of ["W017", "W018"]) assert.ok(seen.has(code), `${code} was never said`);
});

Deno.test("no octets make them throw", () => {
  const policy = "ikev2 p from 10.0.0.0/8 to 10.0.0.0/8 peer any psk x # iked: allow W017";
  const octets = fc.array(fc.tuple(fc.nat(policy.length), fc.nat(255)), { maxLength: 3 }).map((list) => {
    const file = octetsOf(`${policy}\n${policy.replace("p from", "q from")}\n`);
    for (const [at, octet] of list) file[at] = octet;
    return file;
  });
  fc.assert(fc.property(octets, (file) => void check(file)), { numRuns: 1000 });
});

Deno.test("a policy of 20,000 flows, each within another one, is checked in the order of its flows", () => {
  const flows = Array.from({ length: 20_000 }, (_, at) => `from 10.0.0.0/8 to 172.16.${at >> 8}.${at & 255}`);
  const text = `ikev2 p ${flows.join(" \\\n")} from any to any peer 192.0.2.1 psk "Wq7-tuX2pLz9-vRm4kDs8"\n`;
  const { diagnostics } = check(text);
  assert.equal(diagnostics.length, 1000);
  assert.ok(diagnostics.every(({ code, where }, at) => code === "W015" && where!.line === at + 1));
});
