import assert from "node:assert/strict";
import fc from "fast-check";
import { DATAPATHS, firstUnsupported, KEYWORDS, printConfiguration } from "../../src/config/mod.ts";
import { configuration } from "./generate.ts";
import { meaning, readGood } from "./support.ts";

Deno.test("what is printed parses to the same configuration, and prints the same again", () => {
  const met = new Set<string>();
  fc.assert(
    fc.property(configuration, (text) => {
      const first = readGood(text);
      for (const { feature } of first.uses) met.add(feature);
      const printed = printConfiguration(first, first.secrets);
      const second = readGood(printed);
      assert.deepEqual(meaning(second), meaning(first));
      assert.equal(printConfiguration(second, second.secrets), printed);
    }),
    { numRuns: 300 },
  );
  // "mobike" is asked for by a word alone that is the default
  const features = new Set(KEYWORDS.map(({ feature }) => feature).filter((one) => one !== undefined));
  assert.deepEqual([...features].filter((one) => one !== "mobike" && !met.has(one)), []);
});

Deno.test("without secrets the text has none, and is refused rather than taken with a wrong key", () => {
  const compiled = readGood(`ikev2 "a" from 10.0.0.1 to 10.0.0.2 psk "hunter2"`);
  const text = printConfiguration(compiled);
  assert.match(text, /psk \(secret\)\n$/);
  assert.throws(() => readGood(text), /expected a pre-shared key, found "\("/);
});

Deno.test("a policy prints in the order of the manual, defaults written out", () => {
  const compiled = readGood(
    `ikev2 "a" active from 10.0.0.0/8 port 23 to any port 40 proto tcp peer 192.0.2.1 psk "k" ` +
      `ikesa enc aes-256-gcm group ecp256 prf hmac-sha2-256 childsa enc aes-128 auth hmac-sha2-256 noesn dstid b`,
  );
  assert.equal(
    printConfiguration(compiled, compiled.secrets),
    `set active
set couple
set dpd_check_interval 60
set noenforcesingleikesa
set nofragmentation
set nostickyaddress
set vendorid
ikev2 "a" active tunnel esp \\
	proto { 6 } \\
	from 10.0.0.0/8 port 23 to 0.0.0.0/0 port 40 \\
	local any peer 192.0.2.1 \\
	ikesa enc aes-256-gcm prf hmac-sha2-256 group ec256 \\
	childsa enc aes-128 auth hmac-sha2-256 noesn \\
	srcid "host.example.com" dstid "b" \\
	ikelifetime 0 \\
	lifetime 10800 bytes 4294967296 \\
	psk 0x6b
`,
  );
});

Deno.test("what a daemon runs with, printed, asks for nothing that it would refuse", () => {
  const text = `ikev2 "a" active from 10.0.0.0/8 to 10.1.0.0/16 peer 192.0.2.1 psk "k"`;
  const running = readGood(text);
  const printed = readGood(printConfiguration(running, running.secrets));
  for (const datapath of DATAPATHS) assert.equal(firstUnsupported(printed.uses, datapath), undefined);
});
