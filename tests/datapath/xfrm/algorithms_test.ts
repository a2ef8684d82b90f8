import assert from "node:assert/strict";
import { encrAlgorithms, encrChoice, integAlgorithms } from "../../../src/crypto/mod.ts";
import { parseAttributes } from "../../../src/datapath/rtnetlink/mod.ts";
import { kernelAlgorithms, wantedModules } from "../../../src/datapath/kernel/mod.ts";
import { algorithmAttributes, readAlgorithms } from "../../../src/datapath/xfrm/mod.ts";
import { concat } from "../../../src/bytes/mod.ts";

for (const encr of encrAlgorithms.filter(({ child }) => child)) {
  Deno.test(`xfrm: ${encr.names[0]} has a name in the kernel, its key with the salt, its ICV`, () => {
    const key = Uint8Array.from({ length: encr.keyLength + encr.saltLength }, (_, at) => at);
    const mac = new Uint8Array(32).fill(7);
    const suite = {
      protocol: 3,
      encr: encrChoice(encr),
      ...(encr.aead ? {} : { integ: 12 }),
      esn: false,
    } as const;
    const made = kernelAlgorithms(suite, key, mac);
    assert.ok(!("message" in made));
    const read = readAlgorithms(parseAttributes(concat(...algorithmAttributes(made))));
    assert.deepEqual(read, made);
    assert.deepEqual((read.aead ?? read.cipher)!.key, key);
    assert.equal(read.aead?.icvLength, encr.aead ? encr.icvLength : undefined);
    assert.doesNotMatch(wantedModules(made), /undefined/);
  });
}

for (const integ of integAlgorithms.filter(({ child }) => child)) {
  Deno.test(`xfrm: ${integ.names[0]} has a name in the kernel and is cut to ${integ.icvLength} octets`, () => {
    const key = new Uint8Array(integ.keyLength).fill(1);
    const made = kernelAlgorithms({ protocol: 2, integ: integ.id, esn: false }, new Uint8Array(0), key);
    assert.ok(!("message" in made));
    assert.deepEqual([made.mac!.icvLength, made.cipher], [integ.icvLength, undefined]);
    assert.doesNotMatch(wantedModules(made), /undefined/);
  });
}

Deno.test("xfrm: an algorithm without a name in the kernel is refused with a message", () => {
  const made = kernelAlgorithms(
    { protocol: 3, encr: { id: 999 }, esn: false },
    new Uint8Array(0),
    new Uint8Array(0),
  );
  assert.ok("message" in made && made.message.includes("999"));
});
