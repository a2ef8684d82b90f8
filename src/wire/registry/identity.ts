/** Code points of identification, authentication, certificates and EAP (RFC 7296 §3.5 to §3.8, §3.16). */
import { codePoints } from "./names.ts";

/** Identification types (RFC 7296 §3.5). */
export const ID_TYPE = codePoints("ID type", {
  ID_IPV4_ADDR: 1, // RFC 7296
  ID_FQDN: 2, // RFC 7296
  ID_RFC822_ADDR: 3, // RFC 7296
  ID_IPV6_ADDR: 5, // RFC 7296
  ID_DER_ASN1_DN: 9, // RFC 7296
  ID_DER_ASN1_GN: 10, // RFC 7296
  ID_KEY_ID: 11, // RFC 7296
  ID_FC_NAME: 12, // RFC 4595
  ID_NULL: 13, // RFC 7619
});

/** Authentication methods (RFC 7296 §3.8). */
export const AUTH_METHOD = codePoints("AUTH method", {
  RSA_SIGNATURE: 1, // RFC 7296
  SHARED_KEY_MIC: 2, // RFC 7296
  DSS_SIGNATURE: 3, // RFC 7296
  ECDSA_SHA256_P256: 9, // RFC 4754
  ECDSA_SHA384_P384: 10, // RFC 4754
  ECDSA_SHA512_P521: 11, // RFC 4754
  GENERIC_SECURE_PASSWORD: 12, // RFC 6467
  NULL: 13, // RFC 7619
  DIGITAL_SIGNATURE: 14, // RFC 7427
}, {
  RSA_SIGNATURE: "RSA Digital Signature",
  SHARED_KEY_MIC: "Shared Key Message Integrity Code",
  DSS_SIGNATURE: "DSS Digital Signature",
  ECDSA_SHA256_P256: "ECDSA with SHA-256 on the P-256 curve",
  ECDSA_SHA384_P384: "ECDSA with SHA-384 on the P-384 curve",
  ECDSA_SHA512_P521: "ECDSA with SHA-512 on the P-521 curve",
  GENERIC_SECURE_PASSWORD: "Generic Secure Password Authentication Method",
  NULL: "NULL Authentication",
  DIGITAL_SIGNATURE: "Digital Signature",
});

/** Hash algorithms of SIGNATURE_HASH_ALGORITHMS (RFC 7427 §4). */
export const HASH_ALGORITHM = codePoints("hash", {
  SHA1: 1, // RFC 7427
  SHA2_256: 2, // RFC 7427
  SHA2_384: 3, // RFC 7427
  SHA2_512: 4, // RFC 7427
  /** The signature algorithm hashes by itself. */
  IDENTITY: 5, // RFC 8420
  STREEBOG_256: 6, // RFC 9385
  STREEBOG_512: 7, // RFC 9385
}, {
  SHA2_256: "SHA2-256",
  SHA2_384: "SHA2-384",
  SHA2_512: "SHA2-512",
  IDENTITY: "Identity",
});

/** Certificate encodings (RFC 7296 §3.6). */
export const CERT_ENCODING = codePoints("certificate encoding", {
  PKCS7_WRAPPED_X509: 1, // RFC 7296
  PGP: 2, // RFC 7296
  DNS_SIGNED_KEY: 3, // RFC 7296
  X509_SIGNATURE: 4, // RFC 7296
  KERBEROS_TOKEN: 6, // RFC 7296
  CRL: 7, // RFC 7296
  ARL: 8, // RFC 7296
  SPKI: 9, // RFC 7296
  X509_ATTRIBUTE: 10, // RFC 7296
  RAW_RSA_KEY: 11, // RFC 5996, deprecated by RFC 7296
  HASH_AND_URL_X509: 12, // RFC 7296
  HASH_AND_URL_BUNDLE: 13, // RFC 7296
  OCSP_CONTENT: 14, // RFC 4806
  RAW_PUBLIC_KEY: 15, // RFC 7670
}, {
  PKCS7_WRAPPED_X509: "PKCS #7 wrapped X.509 certificate",
  PGP: "PGP Certificate",
  DNS_SIGNED_KEY: "DNS Signed Key",
  X509_SIGNATURE: "X.509 Certificate - Signature",
  KERBEROS_TOKEN: "Kerberos Token",
  CRL: "Certificate Revocation List (CRL)",
  ARL: "Authority Revocation List (ARL)",
  SPKI: "SPKI Certificate",
  X509_ATTRIBUTE: "X.509 Certificate - Attribute",
  RAW_RSA_KEY: "Raw RSA Key",
  HASH_AND_URL_X509: "Hash and URL of X.509 certificate",
  HASH_AND_URL_BUNDLE: "Hash and URL of X.509 bundle",
  OCSP_CONTENT: "OCSP Content",
  RAW_PUBLIC_KEY: "Raw Public Key",
});

/** EAP codes (RFC 3748 §4). */
export const EAP_CODE = codePoints("EAP code", {
  REQUEST: 1, // RFC 3748
  RESPONSE: 2, // RFC 3748
  SUCCESS: 3, // RFC 3748
  FAILURE: 4, // RFC 3748
  INITIATE: 5, // RFC 6696
  FINISH: 6, // RFC 6696
}, {
  REQUEST: "Request",
  RESPONSE: "Response",
  SUCCESS: "Success",
  FAILURE: "Failure",
  INITIATE: "Initiate",
  FINISH: "Finish",
});

/** EAP method types (RFC 3748 §5). */
export const EAP_TYPE = codePoints("EAP type", {
  IDENTITY: 1, // RFC 3748
  NOTIFICATION: 2, // RFC 3748
  NAK: 3, // RFC 3748
  MD5_CHALLENGE: 4, // RFC 3748
  OTP: 5, // RFC 3748
  GTC: 6, // RFC 3748
  TLS: 13, // RFC 5216, RFC 9190
  SIM: 18, // RFC 4186
  TTLS: 21, // RFC 5281
  AKA: 23, // RFC 4187
  PEAP: 25, // draft-josefsson-pppext-eap-tls-eap
  MSCHAPV2: 26, // draft-kamath-pppext-eap-mschapv2
  AKA_PRIME: 50, // RFC 9048
  EXPANDED: 254, // RFC 3748
}, {
  IDENTITY: "EAP-Identity",
  NOTIFICATION: "EAP-Notification",
  NAK: "EAP-Nak",
  MD5_CHALLENGE: "EAP-MD5",
  OTP: "EAP-OTP",
  GTC: "EAP-GTC",
  TLS: "EAP-TLS",
  SIM: "EAP-SIM",
  TTLS: "EAP-TTLS",
  AKA: "EAP-AKA",
  PEAP: "EAP-PEAP",
  MSCHAPV2: "EAP-MSCHAPv2",
  AKA_PRIME: "EAP-AKA'",
  EXPANDED: "EAP-Expanded",
});
