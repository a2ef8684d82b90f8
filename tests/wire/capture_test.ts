/** The IKEv2 messages of published captures (ORIGIN.md beside each says where they are from). */
import assert from "node:assert/strict";
import {
  checkMessage,
  type DecodedMessage,
  decodeMessage,
  describeInDetail,
  describeMessage,
  emitMessage,
  nameOf,
  NOTIFY,
  payloadNumber,
  TRANSFORM_TYPE,
  transformName,
} from "../../src/wire/mod.ts";
import { type CapturedIke, readIkeMessages } from "../support/pcap_read.ts";
import { readVectorOctets, vectorTest } from "../support/vectors.ts";

/** Captures with IKEv2 in them, and how many messages an independent reader counts. */
const IKEV2: readonly (readonly [string, number])[] = [
  ["tcpdump/ikev2pI2.pcap", 2],
  ["zeek-plugin-ikev2/ikev2.pcap", 7],
  ["scapy/ikev2_nat_t.pcapng", 30],
  ["wireshark/ikev2-decrypt-3des-sha1_160.pcap", 6],
  ["wireshark/ikev2-decrypt-aes128ccm12.pcap", 6],
  ["wireshark/ikev2-decrypt-aes256cbc.pcapng", 4],
  ["wireshark/ikev2-decrypt-aes256gcm16.pcap", 6],
];

/** IKEv1, ISAKMP and AuthIP: recognised by the major version, not read further. */
const OLDER: readonly (readonly [string, number])[] = [
  ["tcpdump/ISAKMP_sa_setup.pcap", 9],
  ["tcpdump/isakmp4500.pcap", 15],
  ["wireshark/ikev1-certs.pcap", 10],
  ["zeek-spicy-ipsec/ipsec.cap", 11],
  ["zeek-spicy-ipsec/ipsec-ikev1-isakmp-aggressive-mode.pcap", 6],
  ["zeek-spicy-ipsec/ipsec-ikev1-payload-bad-length.pcap", 1],
  ["libreswan/01-isakmp-broadcast.pcap", 1],
  ["libreswan/01-isakmp-vid-first.pcap", 1],
  ["libreswan/02-isakmp-vid-first.pcap", 2],
];

function messagesOf(path: string): CapturedIke[] {
  return readIkeMessages(readVectorOctets(`pcap/${path}`));
}

function decodedOf(path: string): DecodedMessage[] {
  return messagesOf(path).map(({ message }) => decodeMessage(message));
}

for (const [path, count] of IKEV2) {
  vectorTest(`capture ${path}: every message is decoded, and encoded to the same octets`, () => {
    const messages = messagesOf(path);
    assert.equal(messages.length, count);
    for (const { frame, message } of messages) {
      const decoded = decodeMessage(message);
      assert.equal(decoded.error, undefined, `frame ${frame}`);
      assert.equal(decoded.header?.majorVersion, 2);
      assert.deepEqual(emitMessage(decoded.header, decoded.payloads), message, `frame ${frame}`);
      assert.ok(describeMessage(decoded).length > 0 && describeInDetail(decoded).length > 0);
    }
  });

  vectorTest(`capture ${path}: every message in the clear keeps the rules of its exchange`, () => {
    let checked = 0;
    for (const { header, payloads } of decodedOf(path)) {
      if (header === undefined || payloads.some(({ type }) => type === "SK" || type === "SKF")) continue;
      const direction = header.flags.response ? "response" : "request";
      assert.deepEqual(checkMessage(header.exchange, direction, payloads, false), {
        ok: true,
        value: undefined,
      });
      checked++;
    }
    assert.ok(checked > 0);
  });
}

for (const [path, count] of OLDER) {
  vectorTest(`capture ${path}: no message is of version 2, and none is read behind its header`, () => {
    const messages = decodedOf(path);
    assert.equal(messages.length, count);
    for (const { header, payloads, error } of messages) {
      assert.equal(payloads.length, 0);
      assert.ok(error?.code === "version" || header === undefined, error?.message);
      assert.notEqual(header?.majorVersion, 2);
    }
  });
}

vectorTest(
  "capture tcpdump/ikev2-id-normal.pcap: an ID payload of 5 octets and 39 octets that belong to nothing",
  () => {
    const [decoded] = decodedOf("tcpdump/ikev2-id-normal.pcap");
    assert.equal(decoded?.error?.code, "length");
    assert.equal(decoded.error.octet, 28 + 9);
    assert.deepEqual(decoded.payloads, [{
      type: "IDi",
      critical: false,
      idType: 1,
      data: Uint8Array.of(0xde),
    }]);
  },
);

for (const name of ["isakmp-delete-segfault.pcap", "isakmp-no-none-np.pcapng", "isakmp-pointer-loop.pcap"]) {
  vectorTest(`capture tcpdump/${name}: made to crash parsers, and an error here`, () => {
    const messages = decodedOf(`tcpdump/${name}`);
    assert.equal(messages.length, 1);
    assert.ok(messages[0]?.error !== undefined);
  });
}

vectorTest("capture zeek-plugin-ikev2: fields agree with the log of the other analyzer", () => {
  const [, refused, , accepted] = decodedOf("zeek-plugin-ikev2/ikev2.pcap");
  assert.deepEqual(refused?.payloads.map((p) => p.type === "N" ? nameOf(NOTIFY, p.notifyType) : p.type), [
    "INVALID_KE_PAYLOAD",
  ]);
  const sa = accepted?.payloads.find((p) => p.type === "SA");
  assert.ok(sa?.type === "SA");
  assert.equal(sa.proposals.length, 1);
  assert.equal(sa.proposals[0]!.number, 1);
  assert.deepEqual(
    sa.proposals[0]!.transforms.map(({ type, id }) =>
      `${nameOf(TRANSFORM_TYPE, type)}:${transformName(type, id)}`
    ),
    ["ENCR:ENCR_AES_CBC", "INTEG:AUTH_HMAC_SHA2_256_128", "PRF:PRF_AES128_XCBC", "KE:3072-bit MODP Group"],
  );
  const ke = accepted!.payloads.find((p) => p.type === "KE");
  assert.ok(ke?.type === "KE" && ke.group === 15);
  assert.deepEqual(accepted!.payloads.flatMap((p) => p.type === "N" ? [nameOf(NOTIFY, p.notifyType)] : []), [
    "NAT_DETECTION_SOURCE_IP",
    "NAT_DETECTION_DESTINATION_IP",
    "IKEV2_FRAGMENTATION_SUPPORTED",
    "SIGNATURE_HASH_ALGORITHMS",
    "CHILDLESS_IKEV2_SUPPORTED",
    "MULTIPLE_AUTH_SUPPORTED",
  ]);
});

vectorTest("capture tcpdump/ikev2pI2.pcap: proposals agree with what tcpdump prints", () => {
  const [init] = decodedOf("tcpdump/ikev2pI2.pcap");
  const sa = init!.payloads[0];
  assert.ok(sa?.type === "SA" && sa.critical);
  const aes = 12, tripleDes = 3, sha1 = 2, md5 = 1, modp1536 = 5, modp1024 = 2;
  assert.deepEqual(sa.proposals.map((p) => [p.number, ...p.transforms.map(({ id }) => id)]), [
    [1, aes, sha1, sha1, modp1536],
    [2, aes, sha1, md5, modp1536],
    [3, tripleDes, sha1, sha1, modp1536],
    [4, tripleDes, sha1, md5, modp1536],
    [5, tripleDes, sha1, sha1, modp1024],
    [6, tripleDes, sha1, md5, modp1024],
  ]);
  assert.deepEqual(init!.payloads.map(payloadNumber), [33, 34, 40, 43]);
});

for (const name of ["ike-sa-init-req.bin", "ike-sa-init-resp.bin"]) {
  vectorTest(`capture ipsec-parser/${name}: decoded, and encoded to the same octets`, () => {
    const message = readVectorOctets(`pcap/ipsec-parser/${name}`);
    const decoded = decodeMessage(message);
    assert.equal(decoded.error, undefined);
    assert.deepEqual(emitMessage(decoded.header!, decoded.payloads), message);
  });
}
