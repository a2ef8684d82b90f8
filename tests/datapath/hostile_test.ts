import assert from "node:assert/strict";
import fc from "fast-check";
import { classify, DROP, packetBuffer, VNET_HEADER } from "../../src/datapath/mod.ts";
import { seal } from "../../src/datapath/esp/seal.ts";
import { connected, filler, GCM, Host, udp, V4 } from "./support.ts";

Deno.test("every truncation of an ESP packet is dropped and counted, none throws", () => {
  for (const suite of [GCM, { protocol: 3, encr: { id: 12, keyBits: 128 }, integ: 12, esn: true } as const]) {
    const { here, there } = connected(suite);
    const sealed = here.inside(udp(V4, filler(30)))[0]!;
    for (let length = 0; length < sealed.length; length++) {
      assert.deepEqual(there.outside([sealed.subarray(0, length)]), []);
    }
    const { drops } = there.esp;
    assert.equal(drops.of(DROP.malformedEsp) + drops.of(DROP.forged), sealed.length);
    assert.ok(drops.of(DROP.malformedEsp) > 8);
    assert.equal(there.outside([sealed]).length, 1);
  }
});

Deno.test("arbitrary datagrams for a known SPI, 0 to 65,507 octets, are dropped", () => {
  const { there } = connected(GCM);
  for (const length of [0, 1, 7, 8, 9, 65_507]) assert.deepEqual(there.outside([filler(length)]), []);
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (octets, known) => {
    if (known && octets.length >= 4) octets.set([0x20, 0, 0, 1]);
    assert.deepEqual(there.outside([octets]), []);
  }));
  assert.ok(there.esp.drops.of(DROP.unknownSpi) > 0 && there.esp.drops.of(DROP.malformedEsp) > 0);
});

Deno.test("arbitrary frames from the device, with arbitrary headers, never throw", () => {
  const { here } = connected(GCM);
  fc.assert(fc.property(
    fc.uint8Array({ minLength: VNET_HEADER, maxLength: VNET_HEADER }),
    fc.uint8Array({ maxLength: 200 }),
    fc.boolean(),
    (header, octets, plausible) => {
      const packet = plausible ? udp(V4, octets) : octets;
      for (const sealed of here.inside(packet, header)) assert.ok(sealed.length < 300);
    },
  ));
  const short = packetBuffer(16);
  here.esp.fromInside(short, 0, 9);
  assert.ok(here.esp.drops.of(DROP.malformedOutbound) > 0);
});

/** What a peer with the right keys sends that does not keep to the RFC: `text` up to the next header is its own. */
function sealRaw(here: Host, text: Uint8Array, nextHeader: number): Uint8Array {
  const buffer = packetBuffer(600), sa = here.esp.tables.byId(1)!.outbound;
  buffer.octets.set(text, 16);
  const length = seal(sa, buffer, 0, text.length, nextHeader);
  return buffer.octets.slice(0, length);
}

Deno.test("an authentic peer that sends nonsense: each kind is dropped and counted by its cause", () => {
  const cases: [keyof typeof DROP, Uint8Array, number][] = [
    ["dummy", filler(40), 59],
    ["badNextHeader", filler(40), 6],
    ["malformedInner", filler(40), 4],
    ["malformedInner", new Uint8Array(0), 4],
    ["malformedInner", udp(V4, filler(4)), 41],
    ["malformedInner", udp(V4, filler(4)).subarray(0, 25), 4],
  ];
  for (const [cause, text, nextHeader] of cases) {
    const { here, there } = connected(GCM);
    assert.deepEqual(there.outside([sealRaw(here, text, nextHeader)]), []);
    assert.deepEqual(there.esp.drops.toObject(), { [cause]: 1 });
    assert.equal(there.esp.usage([1])[0]!.packetsIn, 0);
    assert.notEqual(there.esp.usage([1])[0]!.lastInMs, undefined, "the peer is alive all the same");
  }
});

Deno.test("padding that is not 1, 2, 3 or longer than the text is dropped (RFC 4303 §2.4)", () => {
  const nothing = { protocol: 3, encr: { id: 11 }, integ: 12, esn: false } as const;
  for (
    const change of [
      (text: Uint8Array) => text[text.length - 3]! ^= 1,
      (text: Uint8Array) => text[text.length - 2] = 255,
    ]
  ) {
    const { here, there } = connected(nothing);
    const sa = here.esp.tables.byId(1)!.outbound;
    const sealed = here.inside(udp(V4, filler(3)))[0]!;
    const text = sealed.subarray(0, sealed.length - 16);
    change(text);
    sa.mac!.write(sealed, 0, text.length, text.length);
    assert.deepEqual(there.outside([sealed]), []);
    assert.deepEqual(there.esp.drops.toObject(), { badPadding: 1 });
  }
});

Deno.test("traffic flow confidentiality: octets behind the inner packet are padding (RFC 4303 §2.7)", () => {
  const { here, there } = connected(GCM);
  const packet = udp(V4, filler(4));
  assert.deepEqual(there.outside([sealRaw(here, new Uint8Array([...packet, ...filler(100)]), 4)]), [packet]);
});

Deno.test("the NAT-T port: keepalive, IKE behind its marker, ESP, and what is too short (RFC 3948 §2)", () => {
  const kind = (...octets: number[]) => {
    const buffer = packetBuffer(64);
    buffer.octets.fill(0x55);
    buffer.octets.set(octets, 3);
    return classify(buffer, 3, octets.length);
  };
  assert.equal(kind(0xff), "keepalive");
  assert.equal(kind(0xfe), "malformed");
  assert.equal(kind(), "malformed");
  assert.equal(kind(0, 0, 0, 0, 1, 2, 3), "malformed");
  assert.equal(kind(0, 0, 0, 0, 1, 2, 3, 4), "ike");
  assert.equal(kind(0, 0, 0, 1, 0, 0, 0, 1), "esp");
});
