import assert from "node:assert/strict";
import * as registry from "../../src/wire/registry.ts";

const { ENCR, INTEG, KE, nameOf, NOTIFY, PAYLOAD, PRF, TRANSFORM_TYPE, transformName } = registry;

Deno.test("registry: no number stands twice in one table, and every number fits its field", () => {
  let tables = 0;
  for (const [name, table] of Object.entries(registry)) {
    if (typeof table !== "object") continue;
    tables++;
    const numbers = Object.values(table as registry.CodePoints);
    assert.equal(new Set(numbers).size, numbers.length, name);
    for (const number of numbers) {
      assert.ok(Number.isInteger(number) && number >= 0 && number <= 0xffff, name);
    }
    for (const number of numbers) assert.ok(registry.isKnown(table as registry.CodePoints, number));
  }
  assert.ok(tables >= 19);
});

Deno.test("registry: nameOf gives IANA's name", () => {
  assert.equal(nameOf(ENCR, 20), "ENCR_AES_GCM_16");
  assert.equal(nameOf(PRF, 5), "PRF_HMAC_SHA2_256");
  assert.equal(nameOf(INTEG, 12), "AUTH_HMAC_SHA2_256_128");
  assert.equal(nameOf(KE, 14), "2048-bit MODP Group");
  assert.equal(nameOf(KE, 31), "Curve25519");
  assert.equal(nameOf(PAYLOAD, 40), "Nonce");
  assert.equal(nameOf(NOTIFY, 16447), "IKE_SA_INIT_FULL_TRANSCRIPT_AUTH");
  assert.equal(nameOf(registry.EXCHANGE, 43), "IKE_INTERMEDIATE");
});

Deno.test("registry: a number without a name prints with the kind of its table", () => {
  assert.equal(nameOf(ENCR, 1234), "ENCR 1234");
  assert.equal(nameOf(NOTIFY, 8192), "notify 8192");
  assert.equal(registry.isKnown(ENCR, 1234), false);
});

Deno.test("registry: transforms are named by their type, ADDKE1 to ADDKE7 as key exchanges", () => {
  assert.equal(transformName(TRANSFORM_TYPE.INTEG, 12), "AUTH_HMAC_SHA2_256_128");
  assert.equal(transformName(TRANSFORM_TYPE.ADDKE1, 36), "ml-kem-768");
  assert.equal(transformName(TRANSFORM_TYPE.ADDKE7, 36), "ml-kem-768");
  assert.equal(transformName(TRANSFORM_TYPE.KWA, 1), "transform 13/1");
  assert.equal(transformName(200, 7), "transform 200/7");
});

Deno.test("registry: errors are the notify types below 16384", () => {
  assert.ok(registry.isErrorNotify(NOTIFY.TS_UNACCEPTABLE));
  assert.ok(registry.isErrorNotify(16383));
  assert.ok(!registry.isErrorNotify(NOTIFY.INITIAL_CONTACT));
});

// The numbers as the RFCs' own tables state them, written down a second time and from another order.
Deno.test("registry: numbers agree with the tables of the RFCs", () => {
  const expected: [number, number][] = [
    [ENCR.ENCR_AES_CCM_8, 14],
    [ENCR.ENCR_CAMELLIA_CCM_16, 27],
    [ENCR.ENCR_CHACHA20_POLY1305_IIV, 31],
    [ENCR.ENCR_NULL_AUTH_AES_GMAC, 21],
    [ENCR.ENCR_BLOWFISH, 7],
    [INTEG.AUTH_AES_XCBC_96, 5],
    [INTEG.AUTH_AES_256_GMAC, 11],
    [KE.BRAINPOOL_P224R1, 27],
    [KE.MODP_2048_224, 23],
    [KE.ML_KEM_1024, 37],
    [KE.SNTRUP761X25519, 1035],
    [NOTIFY.CHILD_SA_NOT_FOUND, 44],
    [NOTIFY.STATE_NOT_FOUND, 47],
    [NOTIFY.COOKIE, 16390],
    [NOTIFY.ESP_TFC_PADDING_NOT_SUPPORTED, 16394],
    [NOTIFY.COOKIE2, 16401],
    [NOTIFY.REDIRECT, 16407],
    [NOTIFY.TICKET_OPAQUE, 16413],
    [NOTIFY.QUICK_CRASH_DETECTION, 16419],
    [NOTIFY.IKEV2_MESSAGE_ID_SYNC, 16422],
    [NOTIFY.IKEV2_FRAGMENTATION_SUPPORTED, 16430],
    [NOTIFY.SIGNATURE_HASH_ALGORITHMS, 16431],
    [NOTIFY.PPK_IDENTITY, 16436],
    [NOTIFY.INTERMEDIATE_EXCHANGE_SUPPORTED, 16438],
    [NOTIFY.ADDITIONAL_KEY_EXCHANGE, 16441],
    [NOTIFY.SUPPORTED_AUTH_METHODS, 16443],
    [registry.CFG_ATTRIBUTE.INTERNAL_DNS_DOMAIN, 25],
    [registry.CERT_ENCODING.OCSP_CONTENT, 14],
    [registry.ID_TYPE.ID_NULL, 13],
    [registry.AUTH_METHOD.DIGITAL_SIGNATURE, 14],
    [registry.TS_TYPE.TS_SECLABEL, 10],
  ];
  for (const [ours, rfc] of expected) assert.equal(ours, rfc);
});
