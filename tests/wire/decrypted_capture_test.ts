/** What is inside SK in the captures whose keys are published: decrypted here, then decoded. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { toHex } from "../../src/bytes/mod.ts";
import { createPortable } from "../../src/crypto/portable/provider.ts";
import {
  checkMessage,
  emitPayloads,
  ENCR,
  type EncryptedPayload,
  type Header,
  idText,
  isAddressSelector,
  parseMessage,
  parsePayloads,
  type Payload,
  payloadNumber,
} from "../../src/wire/mod.ts";
import { readIkeMessages } from "../support/pcap_read.ts";
import { hex, readVectorOctets, readVectors, vectorTest } from "../support/vectors.ts";

interface Keys {
  readonly file: string;
  readonly sk_ei: string;
  readonly sk_er: string;
  readonly sk_ai: string;
  readonly sk_ar: string;
  readonly expect_auth_data: string;
}

interface Decrypted {
  readonly file: string;
  readonly messages: readonly { readonly msg: number; readonly inner_payload_types: readonly number[] }[];
}

interface Suite {
  readonly encr: { readonly id: number; readonly keyBits?: number };
  readonly integ?: { readonly hash: string; readonly icvLength: number };
}

const SUITES: Readonly<Record<string, Suite>> = {
  "ikev2-decrypt-3des-sha1_160.pcap": {
    encr: { id: ENCR.ENCR_3DES },
    integ: { hash: "sha1", icvLength: 20 },
  },
  "ikev2-decrypt-aes128ccm12.pcap": { encr: { id: ENCR.ENCR_AES_CCM_12, keyBits: 128 } },
  "ikev2-decrypt-aes256cbc.pcapng": {
    encr: { id: ENCR.ENCR_AES_CBC, keyBits: 256 },
    integ: { hash: "sha256", icvLength: 16 },
  },
  "ikev2-decrypt-aes256gcm16.pcap": { encr: { id: ENCR.ENCR_AES_GCM_16, keyBits: 256 } },
};

const provider = createPortable((length) => new Uint8Array(length));

/** The payloads inside, and their octets without the padding. */
function open(message: Uint8Array, header: Header, sk: EncryptedPayload, suite: Suite, keys: Keys) {
  const octets = message.slice();
  const initiator = header.flags.initiator;
  const cipher = provider.cipher(suite.encr, hex(initiator ? keys.sk_ei : keys.sk_er), "open");
  const dataOffset = octets.length - sk.data.length;
  const textOffset = dataOffset + cipher.ivLength;
  const textEnd = octets.length - (suite.integ?.icvLength ?? cipher.icvLength);
  if (suite.integ !== undefined) {
    const mac = createHmac(suite.integ.hash, hex(initiator ? keys.sk_ai : keys.sk_ar));
    const icv = mac.update(octets.subarray(0, textEnd)).digest().subarray(0, suite.integ.icvLength);
    assert.equal(toHex(octets.subarray(textEnd)), toHex(icv));
  }
  const aad = suite.integ === undefined ? octets.slice(0, dataOffset) : new Uint8Array(0);
  assert.ok(cipher.open(octets, dataOffset, textOffset, textEnd - textOffset, aad));
  const text = octets.subarray(textOffset, textEnd - 1 - octets[textEnd - 1]!);
  const payloads = parsePayloads(sk.firstPayload, text);
  assert.ok(payloads.ok);
  return { text, payloads: payloads.value };
}

for (const [file, suite] of Object.entries(SUITES)) {
  vectorTest(
    `capture wireshark/${file}: what is inside SK is decoded, and encoded to the same octets`,
    () => {
      const keys = readVectors<Keys[]>("pcap/wireshark/keys.json").find((one) => one.file === file)!;
      const expected = readVectors<Decrypted[]>("pcap/wireshark/decrypted.json").find((one) =>
        one.file === file
      )!;
      const messages = readIkeMessages(readVectorOctets(`pcap/wireshark/${file}`));
      const auths: Uint8Array[] = [];
      let opened = 0;
      for (const { msg, inner_payload_types } of expected.messages) {
        const { message } = messages[msg]!;
        const parsed = parseMessage(message);
        assert.ok(parsed.ok);
        const { header, payloads: [sk] } = parsed.value;
        assert.ok(sk?.type === "SK");
        const { text, payloads } = open(message, header, sk, suite, keys);
        assert.deepEqual(payloads.map(payloadNumber), inner_payload_types);
        assert.deepEqual(emitPayloads(payloads), { firstPayload: sk.firstPayload, octets: text });
        const direction = header.flags.response ? "response" : "request";
        assert.ok(checkMessage(header.exchange, direction, payloads, true).ok);
        checkValues(payloads);
        for (const payload of payloads) if (payload.type === "AUTH") auths.push(payload.data);
        opened++;
      }
      assert.ok(opened >= 2);
      assert.ok(auths.some((data) => toHex(data) === keys.expect_auth_data));
    },
  );
}

function checkValues(payloads: readonly Payload[]): void {
  for (const payload of payloads) {
    if (payload.type === "IDi" || payload.type === "IDr") assert.ok(idText(payload).length > 0);
    if (payload.type === "TSi" || payload.type === "TSr") {
      assert.ok(payload.selectors.every(isAddressSelector));
    }
  }
}
