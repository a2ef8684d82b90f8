/** Algorithm names as Wireshark's table `ikev2_decryption_table` spells them; keys are `transform id/key bits`. */
export const NAMES: {
  readonly encr: Readonly<Record<string, string>>;
  readonly integ: Readonly<Record<number, string>>;
} = {
  encr: {
    "3/": "3DES [RFC2451]",
    "11/": "NULL [RFC2410]",
    "12/128": "AES-CBC-128 [RFC3602]",
    "12/192": "AES-CBC-192 [RFC3602]",
    "12/256": "AES-CBC-256 [RFC3602]",
    "13/128": "AES-CTR-128 [RFC5930]",
    "13/192": "AES-CTR-192 [RFC5930]",
    "13/256": "AES-CTR-256 [RFC5930]",
    "20/128": "AES-GCM-128 with 16 octet ICV [RFC5282]",
    "20/192": "AES-GCM-192 with 16 octet ICV [RFC5282]",
    "20/256": "AES-GCM-256 with 16 octet ICV [RFC5282]",
  },
  integ: {
    1: "HMAC_MD5_96 [RFC2403]",
    2: "HMAC_SHA1_96 [RFC2404]",
    12: "HMAC_SHA2_256_128 [RFC4868]",
    13: "HMAC_SHA2_384_192 [RFC4868]",
    14: "HMAC_SHA2_512_256 [RFC4868]",
  },
};
