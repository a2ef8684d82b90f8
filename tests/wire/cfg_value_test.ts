import assert from "node:assert/strict";
import { parseAddress } from "../../src/ip/mod.ts";
import {
  CFG_ATTRIBUTE,
  type CfgValue,
  describeInDetail,
  emitCfgAttribute,
  nameOf,
  parseCfgValue,
} from "../../src/wire/mod.ts";
import { hex } from "../support/vectors.ts";

const v4: CfgValue = { kind: "address", address: parseAddress("192.0.2.5")! };
const v6: CfgValue = { kind: "address", address: parseAddress("2001:db8::5")! };
const prefix: CfgValue = { kind: "prefix", prefix: { address: parseAddress("2001:db8::5")!, length: 64 } };
const V6 = "20010db8000000000000000000000005";

/** Type, value, octets after the RFC's table, text, and shorter lengths that are legal (none is always). */
const CASES: readonly (readonly [number, CfgValue, string, string, (readonly number[])?])[] = [
  [CFG_ATTRIBUTE.INTERNAL_IP4_ADDRESS, v4, "c0000205", "192.0.2.5"],
  [CFG_ATTRIBUTE.INTERNAL_IP4_DNS, v4, "c0000205", "192.0.2.5"],
  [CFG_ATTRIBUTE.INTERNAL_IP4_SERVER, v4, "c0000205", "192.0.2.5"],
  [CFG_ATTRIBUTE.INTERNAL_IP6_DNS, v6, V6, "2001:db8::5"],
  [CFG_ATTRIBUTE.INTERNAL_IP6_ADDRESS, prefix, V6 + "40", "2001:db8::5/64"],
  [CFG_ATTRIBUTE.INTERNAL_IP6_SUBNET, prefix, V6 + "40", "2001:db8::5/64"],
  [
    CFG_ATTRIBUTE.INTERNAL_IP4_SUBNET,
    { kind: "subnet", address: parseAddress("10.1.0.0")!, netmask: parseAddress("255.255.0.0")! },
    "0a010000ffff0000",
    "10.1.0.0 netmask 255.255.0.0",
  ],
  [
    CFG_ATTRIBUTE.SUPPORTED_ATTRIBUTES,
    { kind: "types", types: [1, 25] },
    "00010019",
    "INTERNAL_IP4_ADDRESS, INTERNAL_DNS_DOMAIN",
    [2],
  ],
  [
    CFG_ATTRIBUTE.INTERNAL_DNS_DOMAIN,
    { kind: "text", text: "example.com" },
    "6578616d706c652e636f6d",
    '"example.com"',
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
  ],
  [28673, { kind: "octets", octets: hex("0001") }, "0001", "0001", [1]],
];

for (const [type, value, octets, text, alsoLegal = []] of CASES) {
  const name = nameOf(CFG_ATTRIBUTE, type);
  const data = hex(octets);
  Deno.test(`configuration attribute: ${name} has ${data.length} octets or none`, () => {
    assert.deepEqual(parseCfgValue({ type, data }), { ok: true, value });
    assert.deepEqual(emitCfgAttribute(type, value), { type, data });
    assert.deepEqual(parseCfgValue(emitCfgAttribute(type, { kind: "empty" })), {
      ok: true,
      value: { kind: "empty" },
    });
    for (let length = 1; length < data.length; length++) {
      assert.equal(
        parseCfgValue({ type, data: data.slice(0, length) }).ok,
        alsoLegal.includes(length),
        `${length}`,
      );
    }
    const longer = new Uint8Array(data.length + 1);
    longer.set(data);
    assert.equal(parseCfgValue({ type, data: longer }).ok, value.kind === "octets");
  });
  Deno.test(`configuration attribute: ${name} is described as ${text}`, () => {
    const payload = { type: "CP", critical: false, cfgType: 2, attributes: [{ type, data }] } as const;
    assert.equal(describeInDetail({ payloads: [payload] }), `  CP CFG_REPLY\n    ${name} ${text}`);
  });
}

Deno.test("configuration attribute: a prefix longer than its address, and a domain that is not ASCII, are malformed", () => {
  assert.ok(parseCfgValue({ type: CFG_ATTRIBUTE.INTERNAL_IP6_ADDRESS, data: hex(V6 + "80") }).ok);
  const long = parseCfgValue({ type: CFG_ATTRIBUTE.INTERNAL_IP6_ADDRESS, data: hex(V6 + "81") });
  assert.ok(!long.ok && long.error.code === "syntax" && long.error.octet === 16);
  const domain = parseCfgValue({ type: CFG_ATTRIBUTE.INTERNAL_DNS_DOMAIN, data: hex("650a66") });
  assert.ok(!domain.ok && domain.error.octet === 1);
});

Deno.test("configuration attribute: what is malformed is described by its octets", () => {
  const attributes = [{ type: CFG_ATTRIBUTE.INTERNAL_IP4_DNS, data: hex("c00002") }];
  const payload = { type: "CP", critical: false, cfgType: 2, attributes } as const;
  assert.match(describeInDetail({ payloads: [payload] }), /INTERNAL_IP4_DNS c00002$/);
});
