/** Arbitrary IKEv2 payloads, headers and messages for fast-check: everything that the codec may be asked to emit. */
import fc from "fast-check";
import { ikeSpi } from "../../src/bytes/mod.ts";
import {
  type ConfigurationAttribute,
  type HeaderFields,
  isKnown,
  PAYLOAD,
  type Payload,
  type WireAttribute,
  type WireProposal,
  type WireSelector,
  type WireTransform,
} from "../../src/wire/mod.ts";

/** A record with the usual prototype, so that it is deeply equal to what the codec makes. */
const record = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> =>
  fc.record(model, { noNullPrototype: true }) as fc.Arbitrary<T>;

const u8 = fc.nat(0xff);
const u15 = fc.nat(0x7fff);
const u16 = fc.nat(0xffff);
const critical = fc.boolean();
const octets = (minLength: number, maxLength = minLength) => fc.uint8Array({ minLength, maxLength });
const data = octets(0, 40);

const attribute: fc.Arbitrary<WireAttribute> = record({ type: u15, value: fc.oneof(u16, octets(0, 8)) });

const transform: fc.Arbitrary<WireTransform> = record({
  type: fc.oneof(fc.integer({ min: 1, max: 14 }), u8),
  id: u16,
  attributes: fc.array(attribute, { maxLength: 3 }),
});

/** SPI sizes as RFC 7296 §3.3.1 has them, any for protocols that it does not name. */
const protocolAndSpi = fc.oneof(
  fc.tuple(fc.constant(1), fc.oneof(octets(0), octets(8))),
  fc.tuple(fc.constantFrom(2, 3), octets(4)),
  fc.tuple(fc.integer({ min: 4, max: 255 }), octets(0, 20)),
);

const proposal: fc.Arbitrary<WireProposal> = record({
  number: u8,
  head: protocolAndSpi,
  transforms: fc.array(transform, { minLength: 1, maxLength: 5 }),
}).map(({ number, head: [protocol, spi], transforms }) => ({ number, protocol, spi, transforms }));

function ordered(a: Uint8Array, b: Uint8Array): { start: Uint8Array; end: Uint8Array } {
  for (let i = 0; i < a.length; i++) {
    if (a[i]! !== b[i]!) return a[i]! < b[i]! ? { start: a, end: b } : { start: b, end: a };
  }
  return { start: a, end: b };
}

const ports = fc.oneof(
  fc.constant([0, 0xffff] as const),
  fc.constant([0xffff, 0] as const),
  fc.tuple(u16, u16).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const),
);

const range = (tsType: 7 | 8, length: number): fc.Arbitrary<WireSelector> =>
  fc.tuple(u8, ports, octets(length), octets(length)).map(([protocol, [startPort, endPort], a, b]) => ({
    tsType,
    protocol,
    startPort,
    endPort,
    ...ordered(a, b),
  }));

const selector: fc.Arbitrary<WireSelector> = fc.oneof(
  range(7, 4),
  range(8, 16),
  record({ tsType: u8.filter((type) => type !== 7 && type !== 8), protocol: u8, data }),
);

const cfgAttribute: fc.Arbitrary<ConfigurationAttribute> = record({ type: u15, data });

const deletion = fc.oneof(
  fc.constant({ protocol: 1, spis: [] }),
  record({ protocol: fc.constantFrom(2, 3), spis: fc.array(octets(4), { maxLength: 5 }) }),
  fc.integer({ min: 1, max: 16 }).chain((size) =>
    record({ protocol: fc.integer({ min: 4, max: 255 }), spis: fc.array(octets(size), { maxLength: 5 }) })
  ),
);

const eapMessage = fc.tuple(u8, u8, data).map(([code, identifier, rest]) => {
  const length = 4 + rest.length;
  return Uint8Array.of(code, identifier, length >> 8, length & 0xff, ...rest);
});

const kind = <T extends Payload["type"]>(type: T) => fc.constant(type);

const identification = record({
  type: fc.constantFrom("IDi", "IDr"),
  critical,
  idType: u8,
  data,
  reserved: fc.nat(0xff_ffff),
}).map(({ reserved, ...payload }) => (reserved === 0 ? payload : { ...payload, reserved }));

/** Any payload that may stand anywhere in a chain. */
export const payload: fc.Arbitrary<Payload> = fc.oneof(
  record({ type: kind("SA"), critical, proposals: fc.array(proposal, { minLength: 1, maxLength: 4 }) }),
  record({ type: kind("KE"), critical, group: u16, data }),
  identification,
  record({ type: kind("CERT"), critical, encoding: u8, data }),
  record({ type: kind("CERTREQ"), critical, encoding: u8, data }),
  record({ type: kind("AUTH"), critical, method: u8, data }),
  record({ type: kind("Nonce"), critical, data: octets(16, 256) }),
  record({ type: kind("N"), critical, protocol: u8, spi: octets(0, 16), notifyType: u16, data }),
  record({ type: kind("D"), critical, deletion }).map(({ deletion, ...rest }) => ({
    ...rest,
    ...deletion,
  })),
  record({ type: kind("V"), critical, data }),
  record({
    type: fc.constantFrom("TSi", "TSr"),
    critical,
    selectors: fc.array(selector, { minLength: 1, maxLength: 6 }),
  }),
  record({
    type: kind("CP"),
    critical,
    cfgType: u8,
    attributes: fc.array(cfgAttribute, { maxLength: 8 }),
  }),
  record({ type: kind("EAP"), critical, data: eapMessage }),
  record({
    type: kind("unknown"),
    critical,
    typeNumber: fc.oneof(
      fc.constantFrom(PAYLOAD.GSPM, PAYLOAD.IDg, PAYLOAD.GSA, PAYLOAD.KD, PAYLOAD.PS),
      u8.filter((type) => !isKnown(PAYLOAD, type)),
    ),
    data,
  }),
);

/** A payload that can only be the last one: SK or SKF. */
export const encrypted: fc.Arbitrary<Payload> = fc.oneof(
  record({ type: kind("SK"), critical, firstPayload: u8, data }),
  record({ type: kind("SKF"), critical, firstPayload: u8, fragment: u16, total: u16, data })
    .filter(({ fragment, total }) => fragment > 0 && fragment <= total),
);

/** Payloads in a chain, an SK or SKF at its end or not. */
export const chain: fc.Arbitrary<Payload[]> = fc.tuple(
  fc.array(payload, { maxLength: 8 }),
  fc.option(encrypted, { nil: undefined }),
).map(([payloads, last]) => last === undefined ? payloads : [...payloads, last]);

const spi = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }).map(ikeSpi);

/** A header of version 2. */
export const headerFields: fc.Arbitrary<HeaderFields> = record({
  spiI: spi,
  spiR: spi,
  majorVersion: fc.constant(2),
  minorVersion: fc.nat(15),
  exchange: u8,
  flags: record({ initiator: fc.boolean(), response: fc.boolean(), higherVersion: fc.boolean() }),
  messageId: fc.nat(0xffff_ffff),
});
