import assert from "node:assert/strict";
import fc from "fast-check";
import { fromHex } from "../../../src/bytes/mod.ts";
import { formatAddress, formatPrefix } from "../../../src/ip/mod.ts";
import {
  newPolicy,
  newSa,
  parseDeletedPolicy,
  parseDeletedSa,
  parseEvent,
  parsePolicy,
  parsePolicyCount,
  parseSa,
  parseSaCount,
  XFRM_MSG,
} from "../../../src/datapath/xfrm/mod.ts";
import { ANSWERS, REQUESTS } from "./recorded.ts";

function message(type: number, hex: string) {
  const body = fromHex(hex);
  assert.ok(body.ok);
  return { type, flags: 0, sequence: 1, body: body.value };
}

Deno.test("xfrm: an SA of the kernel says its ends, keys, window and usage", () => {
  const sa = parseSa(message(XFRM_MSG.NEWSA, ANSWERS.saGcm));
  assert.ok(sa !== undefined);
  assert.deepEqual(
    [formatAddress(sa.source), formatAddress(sa.destination), sa.spi, sa.protocol, sa.mode, sa.reqid],
    ["192.0.2.1", "192.0.2.2", 0xc0000001, "esp", "tunnel", 7],
  );
  const { aead } = sa.algorithms;
  assert.deepEqual([aead?.name, aead?.key.length, aead?.icvLength], ["rfc4106(gcm(aes))", 36, 16]);
  assert.deepEqual([sa.replay?.window, sa.replay?.esn, sa.replay?.bitmap?.length], [64, false, 8]);
  assert.deepEqual([sa.usage.octets, sa.usage.packets], [0n, 0n]);
  assert.equal(new Date(Number(sa.usage.addedAt) * 1000).getUTCFullYear(), 2026);
});

Deno.test("xfrm: an SA in UDP over IPv6 with cipher, MAC and ESN, and one of AH with marks and limits", () => {
  const esp = parseSa(message(XFRM_MSG.NEWSA, ANSWERS.saCbcUdp6));
  assert.ok(esp !== undefined);
  assert.equal(formatAddress(esp.destination), "2001:db8::2");
  assert.deepEqual([esp.algorithms.cipher?.name, esp.algorithms.cipher?.key.length], ["cbc(aes)", 16]);
  assert.deepEqual([esp.algorithms.mac?.name, esp.algorithms.mac?.icvLength], ["hmac(sha256)", 16]);
  assert.deepEqual(esp.encapsulation, { sourcePort: 4500, destinationPort: 4501 });
  assert.deepEqual([esp.replay?.window, esp.replay?.esn, esp.mode], [128, true, "transport"]);
  const ah = parseSa(message(XFRM_MSG.NEWSA, ANSWERS.saAh));
  assert.ok(ah !== undefined);
  assert.deepEqual(
    [ah.protocol, ah.algorithms.mac?.name, ah.algorithms.mac?.icvLength],
    ["ah", "hmac(sha1)", 12],
  );
  assert.deepEqual([ah.limits?.softOctets, ah.limits?.hardOctets], [1000n, 2000n]);
  assert.deepEqual([ah.extraFlags, ah.interfaceId, ah.outputMark], [1, 0x11, 5]);
});

Deno.test("xfrm: an SA of IPComp has a CPI and its algorithm; one whose algorithm is cut short has none", () => {
  const comp = parseSa(message(XFRM_MSG.NEWSA, ANSWERS.saComp));
  assert.ok(comp !== undefined);
  assert.deepEqual([comp.protocol, comp.spi, comp.mode, comp.reqid], ["ipcomp", 0x1234, "tunnel", 7]);
  assert.deepEqual(comp.algorithms, { compression: { name: "deflate" } });
  const cut = message(XFRM_MSG.NEWSA, ANSWERS.saComp);
  cut.body = cut.body.slice(0, 224 + 40);
  new DataView(cut.body.buffer).setUint16(224, 40, true);
  assert.deepEqual(parseSa(cut)?.algorithms, {});
});

Deno.test("xfrm: templates behind one another are told in their order, the optional one as such", () => {
  const policy = parsePolicy(message(XFRM_MSG.NEWPOLICY, REQUESTS.putPolicyComp));
  const told = policy?.templates.map(({ protocol, mode, optional }) => [protocol, mode, optional]);
  assert.deepEqual(told, [["ipcomp", "tunnel", true], ["esp", "transport", false]]);
});

Deno.test("xfrm: policies of the kernel say their selectors, priorities and templates", () => {
  const [out, forward, block] = [ANSWERS.policyOut, ANSWERS.policyForward6, ANSWERS.policyBlock].map((hex) =>
    parsePolicy(message(XFRM_MSG.NEWPOLICY, hex))!
  );
  assert.deepEqual([out!.direction, out!.action, out!.priority, out!.index], ["out", "protect", 1000, 1]);
  assert.equal(formatPrefix(out!.selector.source), "10.1.0.0/16");
  const [template] = out!.templates;
  assert.deepEqual(
    [
      formatAddress(template!.source!),
      formatAddress(template!.destination!),
      template!.reqid,
      template!.optional,
    ],
    ["192.0.2.1", "192.0.2.2", 7, false],
  );
  assert.deepEqual([forward!.direction, forward!.interfaceId, forward!.templates[0]!.optional], [
    "forward",
    0x11,
    true,
  ]);
  assert.equal(formatPrefix(forward!.selector.destination), "2001:db8:1::/48");
  assert.deepEqual([block!.action, block!.templates.length], ["block", 0]);
});

Deno.test("xfrm: the kernel's counts", () => {
  assert.equal(parseSaCount(message(XFRM_MSG.NEWSADINFO, ANSWERS.saCount)), 2);
  const counts = parsePolicyCount(message(XFRM_MSG.NEWSPDINFO, ANSWERS.policyCount));
  assert.deepEqual(counts, { in: 1, out: 1, forward: 1 });
});

Deno.test("xfrm: an ACQUIRE says the packet, the template's ends and the policy", () => {
  const event = parseEvent(message(XFRM_MSG.ACQUIRE, ANSWERS.acquire));
  assert.ok(event?.kind === "acquire");
  assert.deepEqual(
    [formatAddress(event.source), formatAddress(event.destination), event.policyIndex, event.sequence],
    ["192.0.2.1", "192.0.2.2", 1, 1],
  );
  assert.equal(formatPrefix(event.selector!.destination), "10.2.0.1");
  assert.deepEqual([event.selector!.protocol, event.selector!.sourcePort.port], [1, 8]);
});

Deno.test("xfrm: what is written is read back the same: an SA, a policy", () => {
  const request = fromHex(REQUESTS.newSaCbcUdp6);
  assert.ok(request.ok);
  const sa = parseSa({ type: XFRM_MSG.NEWSA, flags: 0, sequence: 0, body: request.value })!;
  assert.deepEqual(newSa(sa).body, request.value);
  const policy = fromHex(REQUESTS.putPolicyIn6);
  assert.ok(policy.ok);
  const read = parsePolicy({ type: XFRM_MSG.UPDPOLICY, flags: 0, sequence: 0, body: policy.value })!;
  assert.deepEqual(newPolicy(read).body, policy.value);
});

const ALL = Object.values({ ...ANSWERS, ...REQUESTS });
const PARSERS = [
  parseSa,
  parsePolicy,
  parseEvent,
  parseDeletedSa,
  parseDeletedPolicy,
  parseSaCount,
  parsePolicyCount,
];

Deno.test("xfrm: no message cut short, and none with changed octets, makes a parser throw", () => {
  for (const hex of ALL) {
    const whole = message(0, hex).body;
    for (let length = 0; length <= whole.length; length++) {
      for (const type of Object.values(XFRM_MSG)) {
        for (const parse of PARSERS) parse({ type, flags: 0, sequence: 0, body: whole.slice(0, length) });
      }
    }
  }
  fc.assert(
    fc.property(
      fc.constantFrom(...ALL),
      fc.constantFrom(...Object.values(XFRM_MSG)),
      fc.array(fc.tuple(fc.nat(1200), fc.nat(255)), { maxLength: 8 }),
      (hex, type, changes) => {
        const { body } = message(0, hex);
        for (const [at, value] of changes) if (body.length > 0) body[at % body.length] = value;
        for (const parse of PARSERS) parse({ type, flags: 0, sequence: 0, body });
      },
    ),
    { numRuns: 3000 },
  );
});

Deno.test("xfrm: a message of a kind that there is no word for is no SA and no event", () => {
  const odd = message(XFRM_MSG.NEWSA, ANSWERS.saGcm);
  odd.body[56 + 20] = 200;
  assert.equal(parseSa(odd), undefined);
  assert.equal(parseEvent(message(XFRM_MSG.REPORT, ANSWERS.saGcm)), undefined);
});
