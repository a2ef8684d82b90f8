import assert from "node:assert/strict";
import { checkMessage, type Direction, EXCHANGE, NOTIFY, type Payload } from "../../src/wire/mod.ts";
import { notifyPayload } from "../../src/wire/notify/mod.ts";

const critical = false;
const octets = new Uint8Array(16);
const transforms = [{ type: 1, id: 20, attributes: [] }];
const sa = (protocol: number): Payload => ({
  type: "SA",
  critical,
  proposals: [{ number: 1, protocol, spi: new Uint8Array(protocol === 1 ? 8 : 4), transforms }],
});
const SAi: Payload = {
  type: "SA",
  critical,
  proposals: [{ number: 1, protocol: 1, spi: new Uint8Array(0), transforms }],
};
const SA = sa(3);
const KE: Payload = { type: "KE", critical, group: 31, data: octets };
const Nonce: Payload = { type: "Nonce", critical, data: octets };
const IDi: Payload = { type: "IDi", critical, idType: 2, data: octets };
const IDr: Payload = { type: "IDr", critical, idType: 2, data: octets };
const AUTH: Payload = { type: "AUTH", critical, method: 2, data: octets };
const EAP: Payload = { type: "EAP", critical, data: octets };
const CP: Payload = { type: "CP", critical, cfgType: 1, attributes: [] };
const V: Payload = { type: "V", critical, data: octets };
const CERT: Payload = { type: "CERT", critical, encoding: 4, data: octets };
const CERTREQ: Payload = { type: "CERTREQ", critical, encoding: 4, data: octets };
const TSi: Payload = { type: "TSi", critical, selectors: [] };
const TSr: Payload = { type: "TSr", critical, selectors: [] };
const D: Payload = { type: "D", critical, protocol: 1, spis: [] };
const UNKNOWN: Payload = { type: "unknown", critical, typeNumber: 200, data: octets };
const N = (type: number) => notifyPayload(type);

const { IKE_SA_INIT, IKE_AUTH, CREATE_CHILD_SA, INFORMATIONAL, IKE_INTERMEDIATE } = EXCHANGE;

function accepts(what: string, exchange: number, direction: Direction, payloads: Payload[]): void {
  Deno.test(`message rules: take ${what}`, () => {
    const encrypted = exchange !== IKE_SA_INIT && exchange !== EXCHANGE.IKE_SESSION_RESUME;
    assert.deepEqual(checkMessage(exchange, direction, payloads, encrypted), { ok: true, value: undefined });
    // Status notifies, vendor IDs and payloads that are unknown and not critical may be anywhere.
    const around = [V, N(40000), ...payloads, UNKNOWN, V, N(NOTIFY.INITIAL_CONTACT)];
    assert.ok(checkMessage(exchange, direction, around, encrypted).ok);
    const inverse = checkMessage(exchange, direction, payloads, !encrypted);
    assert.ok(!inverse.ok && inverse.error.code === "protection");
  });
}

function refuses(
  what: string,
  exchange: number,
  direction: Direction,
  payloads: Payload[],
  code: string,
  payload?: string,
): void {
  Deno.test(`message rules: refuse ${what}`, () => {
    const encrypted = exchange !== IKE_SA_INIT && exchange !== EXCHANGE.IKE_SESSION_RESUME;
    const result = checkMessage(exchange, direction, payloads, encrypted);
    assert.ok(!result.ok);
    assert.equal(result.error.code, code);
    assert.equal(result.error.payload, payload);
  });
}

accepts("an IKE_SA_INIT request", IKE_SA_INIT, "request", [SAi, KE, Nonce]);
accepts("an IKE_SA_INIT request with a cookie in front", IKE_SA_INIT, "request", [
  N(NOTIFY.COOKIE),
  SAi,
  KE,
  Nonce,
]);
accepts("an IKE_SA_INIT response with CERTREQ", IKE_SA_INIT, "response", [SAi, KE, Nonce, CERTREQ]);
accepts("COOKIE alone", IKE_SA_INIT, "response", [N(NOTIFY.COOKIE)]);
accepts("INVALID_KE_PAYLOAD alone", IKE_SA_INIT, "response", [N(NOTIFY.INVALID_KE_PAYLOAD)]);
accepts("NO_PROPOSAL_CHOSEN alone", IKE_SA_INIT, "response", [N(NOTIFY.NO_PROPOSAL_CHOSEN)]);
accepts("REDIRECT alone", IKE_SA_INIT, "response", [N(NOTIFY.REDIRECT)]);
accepts("an error that nobody knows yet, alone", IKE_SA_INIT, "response", [N(8191)]);
for (
  const [payloads, lack] of [[[SAi, KE], "Nonce"], [[SAi, Nonce], "KE"], [[KE, Nonce], "SA"]] as const
) {
  refuses(`an IKE_SA_INIT request without ${lack}`, IKE_SA_INIT, "request", [...payloads], "missing", lack);
  refuses(`an IKE_SA_INIT response without ${lack}`, IKE_SA_INIT, "response", [...payloads], "missing", lack);
}
refuses("an empty IKE_SA_INIT request", IKE_SA_INIT, "request", [], "missing", "SA");
refuses(
  "a response with a status notify only",
  IKE_SA_INIT,
  "response",
  [N(NOTIFY.NAT_DETECTION_SOURCE_IP)],
  "missing",
  "SA",
);
refuses("COOKIE alone as a request", IKE_SA_INIT, "request", [N(NOTIFY.COOKIE)], "missing", "SA");
refuses("two nonces", IKE_SA_INIT, "request", [SAi, KE, Nonce, Nonce], "repeated", "Nonce");
refuses("two KE payloads", IKE_SA_INIT, "response", [SAi, KE, Nonce, KE], "repeated", "KE");

accepts("an IKE_AUTH request", IKE_AUTH, "request", [IDi, CERT, CERT, CERTREQ, IDr, AUTH, CP, SA, TSi, TSr]);
accepts("a childless IKE_AUTH request", IKE_AUTH, "request", [IDi, AUTH]);
accepts("an IKE_AUTH request that asks for EAP", IKE_AUTH, "request", [IDi, IDr, SA, TSi, TSr]);
accepts("an EAP response of the initiator", IKE_AUTH, "request", [EAP]);
accepts("the last request of EAP", IKE_AUTH, "request", [AUTH]);
accepts("an IKE_AUTH response", IKE_AUTH, "response", [IDr, CERT, AUTH, CP, SA, TSi, TSr]);
accepts("an IKE_AUTH response whose Child SA failed", IKE_AUTH, "response", [
  IDr,
  AUTH,
  N(NOTIFY.TS_UNACCEPTABLE),
]);
accepts("the first response with EAP", IKE_AUTH, "response", [IDr, CERT, AUTH, EAP]);
accepts("the first response with EAP and no AUTH (RFC 5998)", IKE_AUTH, "response", [IDr, EAP]);
accepts("an EAP request of the responder", IKE_AUTH, "response", [EAP]);
accepts("EAP-Failure with AUTHENTICATION_FAILED", IKE_AUTH, "response", [
  EAP,
  N(NOTIFY.AUTHENTICATION_FAILED),
]);
accepts("the last response of EAP", IKE_AUTH, "response", [AUTH, SA, TSi, TSr]);
accepts("AUTHENTICATION_FAILED alone", IKE_AUTH, "response", [N(NOTIFY.AUTHENTICATION_FAILED)]);
refuses("an IKE_AUTH request of nothing", IKE_AUTH, "request", [], "missing", "IDi");
refuses("an IKE_AUTH request with an error alone", IKE_AUTH, "request", [N(24)], "missing", "IDi");
refuses("an offer without TSr", IKE_AUTH, "request", [IDi, AUTH, SA, TSi], "missing", "TSr");
refuses("selectors without an offer", IKE_AUTH, "request", [IDi, AUTH, TSi, TSr], "missing", "SA");
refuses("an answer without TSi", IKE_AUTH, "response", [IDr, AUTH, SA, TSr], "missing", "TSi");
refuses("an IKE_AUTH response without AUTH", IKE_AUTH, "response", [IDr], "missing", "AUTH");
refuses("two AUTH payloads", IKE_AUTH, "request", [IDi, AUTH, AUTH], "repeated", "AUTH");
refuses("two IDi payloads", IKE_AUTH, "request", [IDi, IDi, AUTH], "repeated", "IDi");

for (const direction of ["request", "response"] as const) {
  accepts(`a new Child SA, ${direction}`, CREATE_CHILD_SA, direction, [SA, Nonce, TSi, TSr]);
  accepts(`a new Child SA with PFS, ${direction}`, CREATE_CHILD_SA, direction, [SA, Nonce, KE, TSi, TSr]);
  accepts(`a rekeyed Child SA, ${direction}`, CREATE_CHILD_SA, direction, [
    N(NOTIFY.REKEY_SA),
    SA,
    Nonce,
    TSi,
    TSr,
  ]);
  accepts(`a rekeyed Child SA with CP beside it, ${direction}`, CREATE_CHILD_SA, direction, [
    SA,
    Nonce,
    TSi,
    TSr,
    CP,
  ]);
  accepts(`a rekeyed IKE SA, ${direction}`, CREATE_CHILD_SA, direction, [sa(1), Nonce, KE]);
  refuses(
    `a rekeyed IKE SA without KE, ${direction}`,
    CREATE_CHILD_SA,
    direction,
    [sa(1), Nonce],
    "missing",
    "KE",
  );
  refuses(
    `a Child SA without selectors, ${direction}`,
    CREATE_CHILD_SA,
    direction,
    [SA, Nonce, KE],
    "missing",
    "TSi",
  );
  refuses(
    `a Child SA without nonce, ${direction}`,
    CREATE_CHILD_SA,
    direction,
    [SA, TSi, TSr],
    "missing",
    "Nonce",
  );
  accepts(`an empty INFORMATIONAL, ${direction}`, INFORMATIONAL, direction, []);
  accepts(`deletes, ${direction}`, INFORMATIONAL, direction, [D, { ...D, protocol: 3, spis: [octets] }]);
  accepts(`an IKE_INTERMEDIATE with KE, ${direction}`, IKE_INTERMEDIATE, direction, [KE]);
  refuses(
    `two KE in IKE_INTERMEDIATE, ${direction}`,
    IKE_INTERMEDIATE,
    direction,
    [KE, KE],
    "repeated",
    "KE",
  );
}
accepts("TEMPORARY_FAILURE alone", CREATE_CHILD_SA, "response", [N(NOTIFY.TEMPORARY_FAILURE)]);
accepts("INVALID_KE_PAYLOAD alone, later", CREATE_CHILD_SA, "response", [N(NOTIFY.INVALID_KE_PAYLOAD)]);
refuses("an error instead of a request", CREATE_CHILD_SA, "request", [N(43)], "missing", "SA");

accepts("a follow-up KE", EXCHANGE.IKE_FOLLOWUP_KE, "request", [KE, N(NOTIFY.ADDITIONAL_KEY_EXCHANGE)]);
accepts("the last follow-up KE", EXCHANGE.IKE_FOLLOWUP_KE, "response", [KE]);
accepts("STATE_NOT_FOUND", EXCHANGE.IKE_FOLLOWUP_KE, "response", [N(NOTIFY.STATE_NOT_FOUND)]);
refuses("a follow-up KE without its link", EXCHANGE.IKE_FOLLOWUP_KE, "request", [KE], "missing", "N");

accepts("a resumption", EXCHANGE.IKE_SESSION_RESUME, "request", [Nonce, N(NOTIFY.TICKET_OPAQUE)]);
accepts("a refused ticket", EXCHANGE.IKE_SESSION_RESUME, "response", [N(NOTIFY.TICKET_NACK)]);
refuses("a resumption without ticket", EXCHANGE.IKE_SESSION_RESUME, "request", [Nonce], "missing", "N");

Deno.test("message rules: an exchange type without rules is named in the error", () => {
  for (const exchange of [0, 33, 41, 240]) {
    const result = checkMessage(exchange, "request", [], true);
    assert.ok(!result.ok && result.error.code === "exchange");
  }
  const unknown = checkMessage(240, "request", [], true);
  assert.ok(!unknown.ok);
  assert.equal(unknown.error.message, "No rules for exchange 240 request");
});
