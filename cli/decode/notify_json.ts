/** The bodies of notifies as fields of JSON (RFC 7296 §3.10.1 and extensions); octets are hex. */
import { type Result, toHex } from "../../src/bytes/mod.ts";
import { formatAddress, formatEndpoint } from "../../src/ip/mod.ts";
import {
  type GatewayIdentity,
  NOTIFY,
  type NotifyPayload,
  parseAdditionalAddress,
  parseAdditionalKeyExchange,
  parseAuthLifetime,
  parseCookie,
  parseCookie2,
  parseInvalidKe,
  parseInvalidMessageId,
  parseInvalidSpi,
  parseIpcompSupported,
  parseMessageIdSync,
  parseNatDetection,
  parseNoNatsAllowed,
  parsePpkIdentity,
  parsePpkIdentityKey,
  parsePuzzle,
  parseQcdToken,
  parseRedirect,
  parseRedirectedFrom,
  parseReplayCounterSync,
  parseSignatureHashAlgorithms,
  parseSupportedAuthMethods,
  parseTicketLifetimeOpaque,
  parseTicketOpaque,
  parseUnsupportedCritical,
  parseWindowSize,
  type PpkIdentity,
  type WireError,
} from "../../src/wire/mod.ts";

/** Fields of a JSON object. */
export type Fields = Readonly<Record<string, unknown>>;

type Body = (payload: NotifyPayload) => Fields | undefined;

/** A body that is read by `parse` and told by `tell`; without fields where it is malformed. */
function body<T>(parse: (payload: NotifyPayload) => Result<T, WireError>, tell: (value: T) => Fields): Body {
  return (payload) => {
    const parsed = parse(payload);
    return parsed.ok ? tell(parsed.value) : undefined;
  };
}

function gateway(identity: GatewayIdentity): string {
  return "fqdn" in identity ? identity.fqdn : formatAddress(identity.address);
}

function ppk({ idType, id }: PpkIdentity): Fields {
  return { ppk_id_type: idType, ppk_id: toHex(id) };
}

const BODIES: ReadonlyMap<number, Body> = new Map<number, Body>([
  [NOTIFY.UNSUPPORTED_CRITICAL_PAYLOAD, body(parseUnsupportedCritical, (type) => ({ payload_type: type }))],
  [NOTIFY.INVALID_MESSAGE_ID, body(parseInvalidMessageId, (id) => ({ message_id: id }))],
  [NOTIFY.INVALID_SPI, body(parseInvalidSpi, (spi) => ({ invalid_spi: spi.toString(16).padStart(8, "0") }))],
  [NOTIFY.INVALID_KE_PAYLOAD, body(parseInvalidKe, (group) => ({ group }))],
  [NOTIFY.SET_WINDOW_SIZE, body(parseWindowSize, (size) => ({ window_size: size }))],
  [
    NOTIFY.IPCOMP_SUPPORTED,
    body(
      parseIpcompSupported,
      ({ cpi, transform, attributes }) => ({ cpi, transform, attributes: toHex(attributes) }),
    ),
  ],
  [NOTIFY.NAT_DETECTION_SOURCE_IP, body(parseNatDetection, (digest) => ({ digest: toHex(digest) }))],
  [NOTIFY.NAT_DETECTION_DESTINATION_IP, body(parseNatDetection, (digest) => ({ digest: toHex(digest) }))],
  [NOTIFY.COOKIE, body(parseCookie, (cookie) => ({ cookie: toHex(cookie) }))],
  [NOTIFY.ADDITIONAL_IP4_ADDRESS, body(parseAdditionalAddress, (ip) => ({ address: formatAddress(ip) }))],
  [NOTIFY.ADDITIONAL_IP6_ADDRESS, body(parseAdditionalAddress, (ip) => ({ address: formatAddress(ip) }))],
  [NOTIFY.COOKIE2, body(parseCookie2, (cookie) => ({ cookie: toHex(cookie) }))],
  [
    NOTIFY.NO_NATS_ALLOWED,
    body(
      parseNoNatsAllowed,
      ({ source, destination }) => ({ src: formatEndpoint(source), dst: formatEndpoint(destination) }),
    ),
  ],
  [NOTIFY.AUTH_LIFETIME, body(parseAuthLifetime, (seconds) => ({ lifetime: seconds }))],
  [
    NOTIFY.REDIRECT,
    body(parseRedirect, (value) => ({ gateway: gateway(value.gateway), nonce: toHex(value.nonce) })),
  ],
  [NOTIFY.REDIRECTED_FROM, body(parseRedirectedFrom, (identity) => ({ gateway: gateway(identity) }))],
  [
    NOTIFY.TICKET_LT_OPAQUE,
    body(
      parseTicketLifetimeOpaque,
      ({ lifetimeSeconds, ticket }) => ({ lifetime: lifetimeSeconds, ticket: toHex(ticket) }),
    ),
  ],
  [NOTIFY.TICKET_OPAQUE, body(parseTicketOpaque, (ticket) => ({ ticket: toHex(ticket) }))],
  [NOTIFY.QUICK_CRASH_DETECTION, body(parseQcdToken, (token) => ({ token: toHex(token) }))],
  [
    NOTIFY.IKEV2_MESSAGE_ID_SYNC,
    body(
      parseMessageIdSync,
      ({ nonce, expectedSend, expectedReceive }) => ({
        nonce,
        expected_send: expectedSend,
        expected_receive: expectedReceive,
      }),
    ),
  ],
  // 64 bits do not fit a number of JSON: hex, as the data has it.
  [
    NOTIFY.IPSEC_REPLAY_COUNTER_SYNC,
    body(
      parseReplayCounterSync,
      ({ delta, esn }) => ({ delta: delta.toString(16).padStart(esn ? 16 : 8, "0"), esn }),
    ),
  ],
  [NOTIFY.SIGNATURE_HASH_ALGORITHMS, body(parseSignatureHashAlgorithms, (hashes) => ({ hashes }))],
  [NOTIFY.PUZZLE, body(parsePuzzle, ({ prf, difficulty }) => ({ prf, difficulty }))],
  [NOTIFY.PPK_IDENTITY, body(parsePpkIdentity, ppk)],
  [
    NOTIFY.PPK_IDENTITY_KEY,
    body(parsePpkIdentityKey, (value) => ({ ...ppk(value), confirmation: toHex(value.confirmation) })),
  ],
  [NOTIFY.ADDITIONAL_KEY_EXCHANGE, body(parseAdditionalKeyExchange, (link) => ({ link: toHex(link) }))],
  [
    NOTIFY.SUPPORTED_AUTH_METHODS,
    body(parseSupportedAuthMethods, (list) => ({
      methods: list.map(({ method, certLink, algorithm }) => ({
        method,
        ...(certLink === undefined ? {} : { cert_link: certLink }),
        ...(algorithm === undefined ? {} : { algorithm: toHex(algorithm) }),
      })),
    })),
  ],
]);

/** The fields of a notify's body; none where it has no body, or one that is malformed. */
export function notifyFields(payload: NotifyPayload): Fields {
  return BODIES.get(payload.notifyType)?.(payload) ?? {};
}
