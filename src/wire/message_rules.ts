/**
 * What may be in which message: RFC 7296 §1.2 to §1.4, Appendix C, and the exchanges of RFC 5723, 9242 and 9370.
 *
 * A message has one of the forms of its exchange and direction. A form names what has to be there; everything else is
 * tolerated, because status notifies, vendor IDs and payloads of extensions may come anywhere and are ignored by who
 * does not know them (RFC 7296 §2.5). Payloads that would be ambiguous twice may come once.
 */
import { fail, ok, type Result } from "../bytes/mod.ts";
import type { Payload } from "./payload/types.ts";
import { EXCHANGE, PROTOCOL } from "./registry/message.ts";
import { nameOf } from "./registry/names.ts";
import { isErrorNotify, NOTIFY } from "./registry/notify.ts";

export type Direction = "request" | "response";

/**
 * Why a message breaks the rules:
 * - `exchange`: no rules are known for this exchange type,
 * - `protection`: in the clear what has to be in SK, or the reverse,
 * - `missing`: a payload that every form needs is not there,
 * - `repeated`: a payload came twice that may come once.
 */
export interface RuleError {
  readonly code: "exchange" | "protection" | "missing" | "repeated";
  /** The payload in question, by its short name. */
  readonly payload?: Payload["type"];
  readonly message: string;
}

interface Form {
  readonly required: readonly Payload["type"][];
  /** A notify of a type for which this is true has to be there as well. */
  readonly notify?: (type: number) => boolean;
  /** All of these or none. */
  readonly together?: readonly Payload["type"][];
  /** The form is only for messages of which this is true. */
  readonly when?: (payloads: readonly Payload[]) => boolean;
}

interface Rules {
  readonly encrypted: boolean;
  readonly request: readonly Form[];
  readonly response: readonly Form[];
}

/** Payloads of which a second one would have no meaning. CERT, CERTREQ, N, D and V may come often. */
const ONCE: ReadonlySet<Payload["type"]> = new Set(
  ["SA", "KE", "IDi", "IDr", "AUTH", "Nonce", "TSi", "TSr", "CP", "EAP"] satisfies Payload["type"][],
);

const CHILD = ["SA", "TSi", "TSr"] as const;

const offersIke = (payloads: readonly Payload[]) =>
  payloads.some((p) => p.type === "SA" && p.proposals[0]?.protocol === PROTOCOL.IKE);
const offersChild = (payloads: readonly Payload[]) => !offersIke(payloads);

/** An error answer has nothing but its notify that counts (RFC 7296 §2.21). */
const ERROR: Form = { required: [], notify: isErrorNotify };
const ANYTHING: Form = { required: [] };

/** The first offer is refused, or put off, with a single notify (RFC 7296 §1.2, §2.6; RFC 5685 §3). */
const PUT_OFF: Form = { required: [], notify: errorOr(NOTIFY.COOKIE, NOTIFY.REDIRECT) };

/** A new or rekeyed Child SA, or a rekeyed IKE SA (RFC 7296 §1.3.1 to §1.3.3). */
const CREATE: readonly Form[] = [
  { required: ["SA", "Nonce", "TSi", "TSr"], when: offersChild },
  { required: ["SA", "Nonce", "KE"], when: offersIke },
];

const RULES: ReadonlyMap<number, Rules> = new Map<number, Rules>([
  [EXCHANGE.IKE_SA_INIT, {
    encrypted: false,
    request: [{ required: ["SA", "KE", "Nonce"] }],
    response: [{ required: ["SA", "KE", "Nonce"] }, PUT_OFF],
  }],
  // With EAP: the first request has no AUTH, the next ones have EAP alone, the last ones AUTH alone (RFC 7296 §2.16).
  // Without a Child SA the request has none of its payloads (RFC 6023), a response where it failed (RFC 7296 §1.2).
  [EXCHANGE.IKE_AUTH, {
    encrypted: true,
    request: [
      { required: ["IDi"], together: CHILD },
      { required: ["EAP"], together: CHILD },
      { required: ["AUTH"], together: CHILD },
    ],
    response: [
      { required: ["IDr", "AUTH"], together: CHILD },
      { required: ["EAP"], together: CHILD },
      { required: ["AUTH"], together: CHILD },
      ERROR,
    ],
  }],
  [EXCHANGE.CREATE_CHILD_SA, { encrypted: true, request: CREATE, response: [...CREATE, ERROR] }],
  [EXCHANGE.INFORMATIONAL, { encrypted: true, request: [ANYTHING], response: [ANYTHING] }],
  // A ticket instead of a key exchange (RFC 5723 §4.3.2).
  [EXCHANGE.IKE_SESSION_RESUME, {
    encrypted: false,
    request: [{ required: ["Nonce"], notify: (type) => type === NOTIFY.TICKET_OPAQUE }],
    response: [{ required: ["Nonce"] }, {
      required: [],
      notify: errorOr(NOTIFY.COOKIE, NOTIFY.REDIRECT, NOTIFY.TICKET_NACK),
    }],
  }],
  // What is in it depends on the extension that asked for it (RFC 9242 §3.2).
  [EXCHANGE.IKE_INTERMEDIATE, { encrypted: true, request: [ANYTHING], response: [ANYTHING] }],
  // The link names the key exchange that goes on (RFC 9370 §2.2.4).
  [EXCHANGE.IKE_FOLLOWUP_KE, {
    encrypted: true,
    request: [{ required: ["KE"], notify: (type) => type === NOTIFY.ADDITIONAL_KEY_EXCHANGE }],
    response: [{ required: ["KE"] }, ERROR],
  }],
]);

function errorOr(...types: readonly number[]): (type: number) => boolean {
  return (type) => isErrorNotify(type) || types.includes(type);
}

/**
 * Whether payloads make a message of this exchange. `encrypted` says that they were inside SK. The caller has looked
 * for unknown critical payloads before. Whether the form is the one that is due (EAP or not) is the handler's question.
 */
export function checkMessage(
  exchange: number,
  direction: Direction,
  payloads: readonly Payload[],
  encrypted: boolean,
): Result<void, RuleError> {
  const name = `${nameOf(EXCHANGE, exchange)} ${direction}`;
  const rules = RULES.get(exchange);
  if (rules === undefined) return fail({ code: "exchange", message: `No rules for ${name}` });
  if (rules.encrypted !== encrypted) {
    const message = encrypted ? `${name} is encrypted` : `${name} is not encrypted`;
    return fail({ code: "protection", message });
  }
  const repeated = firstRepeated(payloads);
  if (repeated !== undefined) {
    return fail({
      code: "repeated",
      payload: repeated,
      message: `${name} has more than one ${repeated} payload`,
    });
  }
  return checkForms(name, rules[direction], payloads);
}

/** Passes where one form fits; else reports what the first one that could apply lacks. */
function checkForms(
  name: string,
  forms: readonly Form[],
  payloads: readonly Payload[],
): Result<void, RuleError> {
  let first: RuleError | undefined;
  for (const form of forms) {
    if (form.when !== undefined && !form.when(payloads)) continue;
    const lack = lackOf(form, payloads);
    if (lack === undefined) return ok(undefined);
    first ??= { code: "missing", payload: lack, message: `${name} lacks the ${lack} payload` };
  }
  return first === undefined ? ok(undefined) : fail(first);
}

function lackOf(form: Form, payloads: readonly Payload[]): Payload["type"] | undefined {
  const has = (type: Payload["type"]) => payloads.some((payload) => payload.type === type);
  const missing = form.required.find((type) => !has(type));
  if (missing !== undefined) return missing;
  if (form.notify !== undefined && !payloads.some((p) => p.type === "N" && form.notify!(p.notifyType))) {
    return "N";
  }
  const together = form.together ?? [];
  return together.some(has) ? together.find((type) => !has(type)) : undefined;
}

function firstRepeated(payloads: readonly Payload[]): Payload["type"] | undefined {
  const seen = new Set<Payload["type"]>();
  for (const { type } of payloads) {
    if (ONCE.has(type) && seen.has(type)) return type;
    seen.add(type);
  }
  return undefined;
}
