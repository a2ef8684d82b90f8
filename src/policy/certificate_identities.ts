/** Whose a certificate is, in the terms of ID payloads: its subject and its subject alternative names (RFC 5280 §4.1, §4.2.1.6). */
import { ID_TYPE } from "../wire/registry.ts";
import { type DerElement, derElements } from "./der.ts";
import type { Identity } from "./types.ts";

const SEQUENCE = 0x30, OCTET_STRING = 0x04, VERSION = 0xa0, EXTENSIONS = 0xa3;
/** 2.5.29.17 */
const SUBJECT_ALT_NAME = Uint8Array.of(0x55, 0x1d, 0x11);
/** GeneralName: context tags of rfc822Name, dNSName, iPAddress. */
const MAILBOX = 0x81, DOMAIN = 0x82, ADDRESS = 0x87;
/** Octets of a certificate; more is none of ours. */
const MAX_LENGTH = 1 << 16;

function isSubjectAltName({ body }: DerElement): boolean {
  return body.length === SUBJECT_ALT_NAME.length && body.every((octet, at) => octet === SUBJECT_ALT_NAME[at]);
}

function identityOf({ tag, body }: DerElement): Identity[] {
  const data = body.slice();
  switch (tag) {
    case MAILBOX:
      return [{ type: ID_TYPE.ID_RFC822_ADDR, data }];
    case DOMAIN:
      return [{ type: ID_TYPE.ID_FQDN, data }];
    case ADDRESS:
      if (data.length === 4) return [{ type: ID_TYPE.ID_IPV4_ADDR, data }];
      return data.length === 16 ? [{ type: ID_TYPE.ID_IPV6_ADDR, data }] : [];
    default:
      return [];
  }
}

function alternativeNames(extensions: DerElement): Identity[] {
  for (
    const extension of derElements(extensions.body)?.flatMap(({ body }) => derElements(body) ?? []) ?? []
  ) {
    const parts = derElements(extension.body) ?? [];
    const value = parts.at(-1);
    if (parts[0] === undefined || !isSubjectAltName(parts[0]) || value?.tag !== OCTET_STRING) continue;
    return (derElements(value.body) ?? []).flatMap(({ body }) => derElements(body) ?? []).flatMap(identityOf);
  }
  return [];
}

/** All names of a certificate in DER, the subject first unless it is empty; undefined where it is no certificate. */
export function certificateIdentities(der: Uint8Array): Identity[] | undefined {
  if (der.length > MAX_LENGTH) return undefined;
  const [certificate, ...none] = derElements(der) ?? [];
  if (certificate?.tag !== SEQUENCE || none.length > 0) return undefined;
  const [toBeSigned] = derElements(certificate.body) ?? [];
  const fields = toBeSigned && derElements(toBeSigned.body);
  if (fields === undefined) return undefined;
  // Serial number, algorithm, issuer, validity stand between the version, which may be absent, and the subject
  const subject = fields[fields[0]?.tag === VERSION ? 5 : 4];
  if (subject?.tag !== SEQUENCE) return undefined;
  const extensions = fields.find(({ tag }) => tag === EXTENSIONS);
  return [
    ...(subject.body.length === 0 ? [] : [{ type: ID_TYPE.ID_DER_ASN1_DN, data: subject.whole.slice() }]),
    ...(extensions === undefined ? [] : alternativeNames(extensions)),
  ];
}
