/**
 * Messages as text, in the words of the RFCs: one line for logs, several for people who look closer.
 *
 * The octets of KE, nonces, AUTH, EAP, tickets and tokens are printed only when asked for. What a peer wrote is
 * escaped, so that it cannot forge log lines.
 */
import { assertNever, hexOf, toHex } from "../bytes/mod.ts";
import { addressFromOctets, formatAddress, formatEndpoint, formatRange } from "../ip/mod.ts";
import type { DecodedMessage } from "./message.ts";
import { type CfgValue, parseCfgValue } from "./payload/cfg_value.ts";
import { eapHeader } from "./payload/eap.ts";
import { isAddressSelector } from "./payload/ts.ts";
import type {
  ConfigurationAttribute,
  EapPayload,
  Header,
  IdPayload,
  NotifyPayload,
  Payload,
  WireAttribute,
  WireProposal,
  WireSelector,
  WireTransform,
} from "./payload/types.ts";
import { parseAdditionalAddress } from "./notify/additional_address.ts";
import { parseAuthLifetime } from "./notify/auth_lifetime.ts";
import { parseInvalidKe } from "./notify/invalid_ke.ts";
import { parseInvalidMessageId } from "./notify/invalid_message_id.ts";
import { parseIpcompSupported } from "./notify/ipcomp.ts";
import { parseNoNatsAllowed } from "./notify/no_nats_allowed.ts";
import { parseRedirect } from "./notify/redirect.ts";
import { parseSignatureHashAlgorithms } from "./notify/signature_hash.ts";
import { parseSupportedAuthMethods } from "./notify/supported_auth_methods.ts";
import { parseUnsupportedCritical } from "./notify/unsupported_critical.ts";
import { parseWindowSize } from "./notify/window_size.ts";
import * as registry from "./registry.ts";

const { nameOf, NOTIFY } = registry;

/** How much of it. */
export interface DescribeOptions {
  /** Prints all octets, those of KE, nonces and AUTH too. For tests and `decode`, never for logs. */
  readonly octets?: boolean;
}

/** One line: `IKE_SA_INIT request 0 spiI=… spiR=… SA KE(Curve25519) Nonce N(COOKIE)`. */
export function describeMessage(message: DecodedMessage): string {
  const { header, payloads, error } = message;
  const parts = header === undefined ? [] : [
    exchangeOf(header),
    String(header.messageId),
    `spiI=${hexOf(header.spiI, 8)}`,
    `spiR=${hexOf(header.spiR, 8)}`,
  ];
  parts.push(...payloads.map(describePayload));
  if (error !== undefined) parts.push(`malformed at octet ${error.octet}: ${error.message}`);
  return parts.join(" ");
}

/** One payload in a word: its short name and what tells it from others of its kind. */
export function describePayload(payload: Payload): string {
  const mark = payload.critical ? "!" : "";
  const detail = distinction(payload);
  const name = payload.type === "unknown" ? nameOf(registry.PAYLOAD, payload.typeNumber) : payload.type;
  return detail === undefined ? `${name}${mark}` : `${name}${mark}(${detail})`;
}

/** Several lines, without a newline at the end. */
export function describeInDetail(message: DecodedMessage, options: DescribeOptions = {}): string {
  const { header, payloads, error } = message;
  const lines: string[] = [];
  if (header !== undefined) lines.push(...headerLines(header));
  for (const payload of payloads) lines.push(...payloadLines(payload, options));
  if (error !== undefined) lines.push(`  malformed at octet ${error.octet}: ${error.message}`);
  return lines.join("\n");
}

/** The identity of an ID payload as text: an address, a name with odd characters escaped, else hex. */
export function idText(payload: IdPayload): string {
  const { idType, data } = payload;
  switch (idType) {
    case registry.ID_TYPE.ID_IPV4_ADDR:
    case registry.ID_TYPE.ID_IPV6_ADDR: {
      const address = addressFromOctets(data);
      return address === undefined ? toHex(data) : formatAddress(address);
    }
    case registry.ID_TYPE.ID_FQDN:
    case registry.ID_TYPE.ID_RFC822_ADDR:
      return printable(data);
    default:
      return toHex(data);
  }
}

/** A transform by IANA's name, with its attributes: `ENCR_AES_GCM_16 (256 bits)`. */
export function describeTransform({ type, id, attributes }: WireTransform): string {
  const name = registry.transformName(type, id);
  return attributes.length === 0 ? name : `${name} (${attributes.map(attributeText).join(", ")})`;
}

/** Octets as ASCII; what is not printable, quotes and backslashes as `\xNN`. */
function printable(octets: Uint8Array): string {
  let text = "";
  for (const octet of octets) {
    const plain = octet >= 0x20 && octet < 0x7f && octet !== 0x22 && octet !== 0x5c;
    text += plain ? String.fromCharCode(octet) : `\\x${hexOf(octet, 1)}`;
  }
  return text;
}

function exchangeOf(header: Header): string {
  return `${nameOf(registry.EXCHANGE, header.exchange)} ${header.flags.response ? "response" : "request"}`;
}

function headerLines(header: Header): string[] {
  const { flags } = header;
  const names = [
    flags.initiator ? "initiator" : "",
    flags.response ? "response" : "",
    flags.higherVersion ? "version" : "",
  ];
  const set = names.filter((name) => name !== "").join(" ");
  return [
    `${exchangeOf(header)}, message ID ${header.messageId}, ${header.length} octets`,
    `  SPIi ${hexOf(header.spiI, 8)}, SPIr ${hexOf(header.spiR, 8)}, ` +
    `version ${header.majorVersion}.${header.minorVersion}, flags ${set === "" ? "none" : set}`,
  ];
}

function distinction(payload: Payload): string | undefined {
  switch (payload.type) {
    case "KE":
      return nameOf(registry.KE, payload.group);
    case "N":
      return nameOf(NOTIFY, payload.notifyType);
    case "D":
      return nameOf(registry.PROTOCOL, payload.protocol);
    case "CP":
      return nameOf(registry.CFG_TYPE, payload.cfgType);
    case "EAP":
      return nameOf(registry.EAP_CODE, eapHeader(payload).code);
    case "SKF":
      return `${payload.fragment}/${payload.total}`;
    default:
      return undefined;
  }
}

function payloadLines(payload: Payload, options: DescribeOptions): string[] {
  const [first, ...more] = detailOf(payload, options);
  const name = payload.type === "unknown" ? nameOf(registry.PAYLOAD, payload.typeNumber) : payload.type;
  const head = `  ${name}${payload.critical ? " (critical)" : ""}${
    first === undefined || first === "" ? "" : ` ${first}`
  }`;
  return [head, ...more.map((line) => `    ${line}`)];
}

/** What stands behind the payload's name, then further lines. */
function detailOf(payload: Payload, options: DescribeOptions): string[] {
  switch (payload.type) {
    case "SA":
      return ["", ...payload.proposals.map(proposalText)];
    case "KE":
      return [`${nameOf(registry.KE, payload.group)}, ${octetsText(payload.data, options)}`];
    case "IDi":
    case "IDr":
      return [`${nameOf(registry.ID_TYPE, payload.idType)} "${idText(payload)}"`];
    case "CERT":
    case "CERTREQ":
      return [`${nameOf(registry.CERT_ENCODING, payload.encoding)}, ${octetsText(payload.data, options)}`];
    case "AUTH":
      return [`${nameOf(registry.AUTH_METHOD, payload.method)}, ${octetsText(payload.data, options)}`];
    case "N":
      return [notifyText(payload, options)];
    case "D":
      return [[nameOf(registry.PROTOCOL, payload.protocol), ...payload.spis.map(toHex)].join(" ")];
    case "V":
      return [`${toHex(payload.data)} "${printable(payload.data)}"`];
    case "TSi":
    case "TSr":
      return ["", ...payload.selectors.map(selectorText)];
    case "CP":
      return [
        nameOf(registry.CFG_TYPE, payload.cfgType),
        ...payload.attributes.map(cfgText),
      ];
    case "EAP":
      return [eapText(payload, options)];
    case "SKF":
      return [`fragment ${payload.fragment} of ${payload.total}, ${octetsText(payload.data, options)}`];
    case "Nonce":
    case "SK":
    case "unknown":
      return [octetsText(payload.data, options)];
    default:
      return assertNever(payload);
  }
}

function octetsText(octets: Uint8Array, options: DescribeOptions): string {
  const length = `${octets.length} octets`;
  return options.octets === true && octets.length > 0 ? `${length}: ${toHex(octets)}` : length;
}

function proposalText(proposal: WireProposal): string {
  const spi = proposal.spi.length === 0 ? "" : `, SPI ${toHex(proposal.spi)}`;
  const transforms = proposal.transforms.map(describeTransform).join(", ");
  return `proposal ${proposal.number}, ${nameOf(registry.PROTOCOL, proposal.protocol)}${spi}: ${transforms}`;
}

function cfgText(attribute: ConfigurationAttribute): string {
  const name = nameOf(registry.CFG_ATTRIBUTE, attribute.type);
  const parsed = parseCfgValue(attribute);
  const value: CfgValue = parsed.ok ? parsed.value : { kind: "octets", octets: attribute.data };
  switch (value.kind) {
    case "empty":
      return name;
    case "address":
      return `${name} ${formatAddress(value.address)}`;
    case "prefix":
      return `${name} ${formatAddress(value.prefix.address)}/${value.prefix.length}`;
    case "subnet":
      return `${name} ${formatAddress(value.address)} netmask ${formatAddress(value.netmask)}`;
    case "types":
      return `${name} ${value.types.map((type) => nameOf(registry.CFG_ATTRIBUTE, type)).join(", ")}`;
    case "text":
      return `${name} "${printable(attribute.data)}"`;
    case "octets":
      return `${name} ${toHex(value.octets)}`;
  }
}

function attributeText({ type, value }: WireAttribute): string {
  if (type === registry.TRANSFORM_ATTRIBUTE.KEY_LENGTH && typeof value === "number") return `${value} bits`;
  return `attribute ${type}: ${typeof value === "number" ? value : toHex(value)}`;
}

function selectorText(selector: WireSelector): string {
  if (!isAddressSelector(selector)) {
    return `${nameOf(registry.TS_TYPE, selector.tsType)} ${toHex(selector.data)}`;
  }
  const start = addressFromOctets(selector.start)!;
  const end = addressFromOctets(selector.end)!;
  const range = formatRange({ family: start.family, start: start.value, end: end.value });
  const protocol = selector.protocol === 0 ? "any protocol" : `protocol ${selector.protocol}`;
  return `${range}, ${protocol}, ${portsText(selector.startPort, selector.endPort)}`;
}

function portsText(start: number, end: number): string {
  if (start === 0 && end === 0xffff) return "any port";
  if (start === 0xffff && end === 0) return "opaque ports";
  return start === end ? `port ${start}` : `ports ${start}-${end}`;
}

function eapText(payload: EapPayload, options: DescribeOptions): string {
  const { code, identifier, method } = eapHeader(payload);
  const kind = method === undefined ? "" : `, ${nameOf(registry.EAP_TYPE, method)}`;
  return `${nameOf(registry.EAP_CODE, code)} ${identifier}${kind}, ${octetsText(payload.data, options)}`;
}

function notifyText(payload: NotifyPayload, options: DescribeOptions): string {
  const sa = payload.spi.length === 0
    ? ""
    : ` for ${nameOf(registry.PROTOCOL, payload.protocol)} ${toHex(payload.spi)}`;
  const body = notifyBodyText(payload) ??
    (payload.data.length === 0 ? undefined : octetsText(payload.data, options));
  return `${nameOf(NOTIFY, payload.notifyType)}${sa}${body === undefined ? "" : `: ${body}`}`;
}

/** The body of a notify that says something to people; undefined for the others and for a body that is malformed. */
function notifyBodyText(payload: NotifyPayload): string | undefined {
  switch (payload.notifyType) {
    case NOTIFY.INVALID_KE_PAYLOAD:
      return textOf(parseInvalidKe(payload), (method) => nameOf(registry.KE, method));
    case NOTIFY.UNSUPPORTED_CRITICAL_PAYLOAD:
      return textOf(parseUnsupportedCritical(payload), (type) => nameOf(registry.PAYLOAD, type));
    case NOTIFY.INVALID_MESSAGE_ID:
      return textOf(parseInvalidMessageId(payload), String);
    case NOTIFY.SET_WINDOW_SIZE:
      return textOf(parseWindowSize(payload), String);
    case NOTIFY.AUTH_LIFETIME:
      return textOf(parseAuthLifetime(payload), (seconds) => `${seconds} s`);
    case NOTIFY.SIGNATURE_HASH_ALGORITHMS:
      return textOf(
        parseSignatureHashAlgorithms(payload),
        (hashes) => hashes.map((hash) => nameOf(registry.HASH_ALGORITHM, hash)).join(", "),
      );
    case NOTIFY.SUPPORTED_AUTH_METHODS:
      return textOf(
        parseSupportedAuthMethods(payload),
        (list) => list.map(({ method }) => nameOf(registry.AUTH_METHOD, method)).join(", "),
      );
    case NOTIFY.IPCOMP_SUPPORTED:
      return textOf(
        parseIpcompSupported(payload),
        ({ cpi, transform }) => `${nameOf(registry.IPCOMP, transform)}, CPI ${cpi}`,
      );
    case NOTIFY.ADDITIONAL_IP4_ADDRESS:
    case NOTIFY.ADDITIONAL_IP6_ADDRESS:
      return textOf(parseAdditionalAddress(payload), formatAddress);
    case NOTIFY.NO_NATS_ALLOWED:
      return textOf(
        parseNoNatsAllowed(payload),
        ({ source, destination }) => `${formatEndpoint(source)} to ${formatEndpoint(destination)}`,
      );
    case NOTIFY.REDIRECT:
      return textOf(
        parseRedirect(payload),
        ({ gateway }) => "fqdn" in gateway ? gateway.fqdn : formatAddress(gateway.address),
      );
    default:
      return undefined;
  }
}

function textOf<T>(
  parsed: { readonly ok: true; readonly value: T } | { readonly ok: false },
  text: (value: T) => string,
): string | undefined {
  return parsed.ok ? text(parsed.value) : undefined;
}
