/** Messages as JSON: the shape is that of contracts.md, "JSON of `iked decode`". Octets are hex, numbers numbers. */
import { assertNever, hexOf, toHex } from "../../src/bytes/mod.ts";
import { formatEndpoint } from "../../src/ip/mod.ts";
import {
  eapHeader,
  idText,
  isAddressSelector,
  nameOf,
  NOTIFY,
  type Payload,
  TRANSFORM_ATTRIBUTE,
  transformName,
  type WireAttribute,
  type WireProposal,
  type WireSelector,
} from "../../src/wire/mod.ts";
import { CFG_ATTRIBUTE } from "../../src/wire/registry.ts";
import { type Dissected, timeText } from "./message.ts";
import { type Fields, notifyFields } from "./notify_json.ts";
import type { Opened } from "./opener.ts";

/** An error of a file or message in the shape that all errors have. */
export function errorJson(octet: number, message: string): Fields {
  return { error: { octet, message } };
}

/** One message. */
export function messageJson({ found, decoded, opened }: Dissected): Fields {
  const { header, payloads, error } = decoded;
  const { frame, timeNs, source, destination } = found;
  const last = payloads.length - 1;
  return {
    frame,
    time: timeNs === undefined ? null : timeText(timeNs) ?? null,
    src: source === undefined ? null : formatEndpoint(source),
    dst: destination === undefined ? null : formatEndpoint(destination),
    ...(header === undefined ? {} : {
      ispi: hexOf(header.spiI, 8),
      rspi: hexOf(header.spiR, 8),
      next_payload: header.nextPayload,
      major: header.majorVersion,
      minor: header.minorVersion,
      exchange: header.exchange,
      message_id: header.messageId,
      length: header.length,
      flags: {
        initiator: header.flags.initiator,
        response: header.flags.response,
        higher_version: header.flags.higherVersion,
      },
    }),
    payloads: payloads.map((payload, index) => payloadJson(payload, index === last ? opened : undefined)),
    ...(error === undefined ? {} : errorJson(error.octet, error.message)),
  };
}

function payloadJson(payload: Payload, opened: Opened | undefined): Fields {
  const { critical } = payload;
  if (payload.type === "unknown") return { type_number: payload.typeNumber, critical, ...fieldsOf(payload) };
  return { type: payload.type, critical, ...fieldsOf(payload), ...openedJson(opened) };
}

function openedJson(opened: Opened | undefined): Fields {
  const { payloads, error } = opened ?? {};
  return {
    ...(payloads === undefined ? {} : { payloads: payloads.map((inner) => payloadJson(inner, undefined)) }),
    ...(error === undefined ? {} : errorJson(error.octet, error.message)),
  };
}

function fieldsOf(payload: Payload): Fields {
  switch (payload.type) {
    case "SA":
      return { proposals: payload.proposals.map(proposalJson) };
    case "KE":
      return { group: payload.group, data: toHex(payload.data) };
    case "IDi":
    case "IDr":
      return { id_type: payload.idType, data: toHex(payload.data), text: idText(payload) };
    case "CERT":
    case "CERTREQ":
      return { encoding: payload.encoding, data: toHex(payload.data) };
    case "AUTH":
      return { method: payload.method, data: toHex(payload.data) };
    case "N":
      return {
        protocol: payload.protocol,
        spi: toHex(payload.spi),
        notify_type: payload.notifyType,
        name: nameOf(NOTIFY, payload.notifyType),
        data: toHex(payload.data),
        ...notifyFields(payload),
      };
    case "D":
      return { protocol: payload.protocol, spis: payload.spis.map(toHex) };
    case "TSi":
    case "TSr":
      return { selectors: payload.selectors.map(selectorJson) };
    case "CP":
      return {
        cfg_type: payload.cfgType,
        attributes: payload.attributes.map(({ type, data }) => ({
          type,
          name: nameOf(CFG_ATTRIBUTE, type),
          data: toHex(data),
        })),
      };
    case "EAP": {
      const { code, identifier, method } = eapHeader(payload);
      return { code, identifier, ...(method === undefined ? {} : { method }), data: toHex(payload.data) };
    }
    case "SKF":
      return { fragment: payload.fragment, total: payload.total, data: toHex(payload.data) };
    case "Nonce":
    case "V":
    case "SK":
    case "unknown":
      return { data: toHex(payload.data) };
    default:
      return assertNever(payload);
  }
}

function proposalJson({ number, protocol, spi, transforms }: WireProposal): Fields {
  return {
    number,
    protocol,
    spi: toHex(spi),
    transforms: transforms.map(({ type, id, attributes }) => ({
      type,
      id,
      name: transformName(type, id),
      ...attributesJson(attributes),
    })),
  };
}

/** The key length by its name, other attributes as they are. */
function attributesJson(attributes: readonly WireAttribute[]): Fields {
  const keyLength = attributes.find(({ type, value }) =>
    type === TRANSFORM_ATTRIBUTE.KEY_LENGTH && typeof value === "number"
  );
  const others = attributes.filter((attribute) => attribute !== keyLength);
  return {
    ...(keyLength === undefined ? {} : { key_length: keyLength.value }),
    ...(others.length === 0 ? {} : {
      attributes: others.map(({ type, value }) => ({
        type,
        value: typeof value === "number" ? value : toHex(value),
      })),
    }),
  };
}

function selectorJson(selector: WireSelector): Fields {
  const { tsType, protocol } = selector;
  if (!isAddressSelector(selector)) return { ts_type: tsType, protocol, data: toHex(selector.data) };
  return {
    ts_type: tsType,
    protocol,
    start_port: selector.startPort,
    end_port: selector.endPort,
    start: toHex(selector.start),
    end: toHex(selector.end),
  };
}
