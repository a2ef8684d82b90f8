/** One body of every payload, drawn after its picture in RFC 7296 §3 (SKF: RFC 7383 §2.5), with what it means. */
import type { Payload } from "../../src/wire/mod.ts";
import { hex } from "../support/vectors.ts";

export interface PayloadCase {
  readonly name: string;
  /** IANA's payload type. */
  readonly number: number;
  /** Behind the generic header. */
  readonly body: string;
  readonly value: Payload;
  /** Next Payload of the generic header: for SK and SKF the first payload inside. */
  readonly next?: number;
  /** Where length and count fields stand in the body; one off, either way, makes the message malformed. */
  readonly lengths?: readonly { readonly at: number; readonly octets: 1 | 2 }[];
  /** Reserved bits: octet in the body and mask. They are to be ignored. */
  readonly reserved?: readonly (readonly [at: number, mask: number])[];
  /** Bodies of fewer octets than this are malformed; longer ones only lose octets of the data at their end. */
  readonly fixed: number;
}

const critical = false;
const bits = (value: number) => [{ type: 14, value }];

export const PAYLOAD_CASES: readonly PayloadCase[] = [
  {
    name: "SA, one IKE proposal with an AEAD",
    number: 33,
    body: "00000024" + "01010003" + "0300000c" + "01000014" + "800e0100" + "03000008" + "02000005" +
      "00000008" +
      "0400001f",
    value: {
      type: "SA",
      critical,
      proposals: [{
        number: 1,
        protocol: 1,
        spi: hex(""),
        transforms: [
          { type: 1, id: 20, attributes: bits(256) },
          { type: 2, id: 5, attributes: [] },
          { type: 4, id: 31, attributes: [] },
        ],
      }],
    },
    lengths: [
      { at: 2, octets: 2 },
      { at: 6, octets: 1 },
      { at: 7, octets: 1 },
      { at: 10, octets: 2 },
      { at: 22, octets: 2 },
      { at: 30, octets: 2 },
    ],
    reserved: [[1, 0xff], [9, 0xff], [13, 0xff], [21, 0xff], [25, 0xff], [29, 0xff], [33, 0xff]],
    fixed: 36,
  },
  {
    name: "SA, two ESP proposals with SPIs, unknown transforms and attributes",
    number: 33,
    body: "02000028" + "01030402" + "c0ffee01" + "0300000c" + "0100000c" + "800e0080" +
      "00000010" + "c8001234" + "7fff0004" + "01020304" +
      "00000014" + "02030401" + "c0ffee02" + "00000008" + "05000001",
    value: {
      type: "SA",
      critical,
      proposals: [
        {
          number: 1,
          protocol: 3,
          spi: hex("c0ffee01"),
          transforms: [
            { type: 1, id: 12, attributes: bits(128) },
            { type: 200, id: 0x1234, attributes: [{ type: 0x7fff, value: hex("01020304") }] },
          ],
        },
        {
          number: 2,
          protocol: 3,
          spi: hex("c0ffee02"),
          transforms: [{ type: 5, id: 1, attributes: [] }],
        },
      ],
    },
    lengths: [
      { at: 2, octets: 2 },
      { at: 6, octets: 1 },
      { at: 7, octets: 1 },
      { at: 14, octets: 2 },
      { at: 26, octets: 2 },
      { at: 34, octets: 2 },
      { at: 42, octets: 2 },
      { at: 47, octets: 1 },
      { at: 54, octets: 2 },
    ],
    reserved: [[1, 0xff], [41, 0xff], [53, 0xff]],
    fixed: 60,
  },
  {
    name: "KE",
    number: 34,
    body: "00130000" + "0102030405060708",
    value: { type: "KE", critical, group: 19, data: hex("0102030405060708") },
    reserved: [[2, 0xff], [3, 0xff]],
    fixed: 4,
  },
  {
    name: "IDi",
    number: 35,
    body: "02000000" + "612e6578616d706c652e636f6d",
    value: { type: "IDi", critical, idType: 2, data: hex("612e6578616d706c652e636f6d") },
    fixed: 4,
  },
  {
    name: "IDr",
    number: 36,
    body: "01000000" + "c0000201",
    value: { type: "IDr", critical, idType: 1, data: hex("c0000201") },
    fixed: 4,
  },
  {
    name: "IDr with reserved bits that AUTH covers",
    number: 36,
    body: "01a0b0c0" + "c0000201",
    value: { type: "IDr", critical, idType: 1, data: hex("c0000201"), reserved: 0xa0b0c0 },
    fixed: 4,
  },
  {
    name: "CERT",
    number: 37,
    body: "04" + "3082010a",
    value: { type: "CERT", critical, encoding: 4, data: hex("3082010a") },
    fixed: 1,
  },
  {
    name: "CERTREQ",
    number: 38,
    body: "04" + "000102030405060708090a0b0c0d0e0f10111213",
    value: { type: "CERTREQ", critical, encoding: 4, data: hex("000102030405060708090a0b0c0d0e0f10111213") },
    fixed: 1,
  },
  {
    name: "AUTH",
    number: 39,
    body: "02000000" + "aabbccddeeff",
    value: { type: "AUTH", critical, method: 2, data: hex("aabbccddeeff") },
    reserved: [[1, 0xff], [2, 0xff], [3, 0xff]],
    fixed: 4,
  },
  {
    name: "Nonce",
    number: 40,
    body: "000102030405060708090a0b0c0d0e0f1011",
    value: { type: "Nonce", critical, data: hex("000102030405060708090a0b0c0d0e0f1011") },
    fixed: 16,
  },
  {
    name: "N without SPI",
    number: 41,
    body: "00004004" + "0011",
    value: { type: "N", critical, protocol: 0, spi: hex(""), notifyType: 16388, data: hex("0011") },
    fixed: 4,
  },
  {
    name: "N with SPI",
    number: 41,
    body: "03044009" + "01020304",
    value: { type: "N", critical, protocol: 3, spi: hex("01020304"), notifyType: 16393, data: hex("") },
    fixed: 8,
  },
  {
    name: "D of the IKE SA",
    number: 42,
    body: "01000000",
    value: { type: "D", critical, protocol: 1, spis: [] },
    lengths: [{ at: 1, octets: 1 }, { at: 2, octets: 2 }],
    fixed: 4,
  },
  {
    name: "D of two Child SAs",
    number: 42,
    body: "03040002" + "01020304" + "05060708",
    value: { type: "D", critical, protocol: 3, spis: [hex("01020304"), hex("05060708")] },
    lengths: [{ at: 1, octets: 1 }, { at: 2, octets: 2 }],
    fixed: 12,
  },
  {
    name: "V",
    number: 43,
    body: "4f70656e496b6564",
    value: { type: "V", critical, data: hex("4f70656e496b6564") },
    fixed: 0,
  },
  {
    name: "TSi, IPv4 and a type that is unknown",
    number: 44,
    body: "02000000" + "07060010" + "00170050" + "0a010000" + "0a01ffff" + "fa070008" + "deadbeef",
    value: {
      type: "TSi",
      critical,
      selectors: [
        {
          tsType: 7,
          protocol: 6,
          startPort: 23,
          endPort: 80,
          start: hex("0a010000"),
          end: hex("0a01ffff"),
        },
        { tsType: 250, protocol: 7, data: hex("deadbeef") },
      ],
    },
    lengths: [{ at: 0, octets: 1 }, { at: 6, octets: 2 }, { at: 22, octets: 2 }],
    reserved: [[1, 0xff], [2, 0xff], [3, 0xff]],
    fixed: 28,
  },
  {
    name: "TSr, IPv6 with opaque ports",
    number: 45,
    body: "01000000" + "08110028" + "ffff0000" + "20010db8000000000000000000000000" +
      "20010db80000000000000000ffffffff",
    value: {
      type: "TSr",
      critical,
      selectors: [{
        tsType: 8,
        protocol: 17,
        startPort: 65535,
        endPort: 0,
        start: hex("20010db8000000000000000000000000"),
        end: hex("20010db80000000000000000ffffffff"),
      }],
    },
    lengths: [{ at: 0, octets: 1 }, { at: 6, octets: 2 }],
    reserved: [[1, 0xff], [2, 0xff], [3, 0xff]],
    fixed: 44,
  },
  {
    name: "SK",
    number: 46,
    next: 35,
    body: "000102030405060708090a0b0c0d0e0f",
    value: { type: "SK", critical, firstPayload: 35, data: hex("000102030405060708090a0b0c0d0e0f") },
    fixed: 0,
  },
  {
    name: "CP",
    number: 47,
    body: "01000000" + "00010000" + "00030004c0000235" + "70000001ff",
    value: {
      type: "CP",
      critical,
      cfgType: 1,
      attributes: [
        { type: 1, data: hex("") },
        { type: 3, data: hex("c0000235") },
        { type: 28672, data: hex("ff") },
      ],
    },
    lengths: [{ at: 10, octets: 2 }, { at: 18, octets: 2 }],
    reserved: [[1, 0xff], [2, 0xff], [3, 0xff], [4, 0x80], [8, 0x80], [16, 0x80]],
    // Between two attributes it may end.
    fixed: 4,
  },
  {
    name: "EAP",
    number: 48,
    body: "01070005" + "1a",
    value: { type: "EAP", critical, data: hex("010700051a") },
    lengths: [{ at: 2, octets: 2 }],
    fixed: 5,
  },
  {
    name: "SKF, the second of three",
    number: 53,
    next: 0,
    body: "00020003" + "0102030405060708",
    value: { type: "SKF", critical, firstPayload: 0, fragment: 2, total: 3, data: hex("0102030405060708") },
    fixed: 4,
  },
  {
    name: "a payload of an unknown type",
    number: 200,
    body: "0badcafe",
    value: { type: "unknown", critical, typeNumber: 200, data: hex("0badcafe") },
    fixed: 0,
  },
];
