/** Whether an authentic message may be what it is: the rules of its exchange, critical payloads, the SA's state. */
import type { Result } from "../bytes/mod.ts";
import { checkMessage, EXCHANGE, firstUnsupportedCritical, nameOf, type Payload } from "../wire/mod.ts";
import { type IkeSa, isAuthenticated } from "../sa/mod.ts";
import { REQUEST_HANDLERS } from "../exchange/handlers.ts";
import type { Failure } from "../exchange/reasons.ts";

/** What is to be done with a request. */
export type Verdict =
  | { readonly kind: "handle"; readonly payloads: readonly Payload[] }
  /** It is answered with an error notification; `fatal`: the SA ends with it (RFC 7296 §2.21.3). */
  | { readonly kind: "refuse"; readonly failure: Failure; readonly fatal: boolean }
  /** It has no place in this state: as if it had been lost. */
  | { readonly kind: "ignore" };

/** Judges a request; `opened` is what stood inside SK, or why that cannot be parsed. */
export function judgeRequest(
  sa: IkeSa,
  exchange: number,
  opened: Result<readonly Payload[], string>,
): Verdict {
  if (!mayBegin(sa, exchange)) return { kind: "ignore" };
  if (!opened.ok) return malformed(opened.error);
  const payloads = opened.value;
  const critical = firstUnsupportedCritical(payloads);
  if (critical !== undefined) {
    const failure: Failure = {
      code: "unsupported-critical",
      got: `payload ${critical}`,
      data: new Uint8Array([critical]),
    };
    // An initiator whose IKE_AUTH request is rejected is not authenticated: nothing can follow.
    return { kind: "refuse", failure, fatal: !isAuthenticated(sa) };
  }
  if (REQUEST_HANDLERS[exchange] === undefined || (isAuthenticated(sa) && exchange === EXCHANGE.IKE_AUTH)) {
    return malformed(`Exchange "${nameOf(EXCHANGE, exchange)}" has no place here`);
  }
  const rules = checkMessage(exchange, "request", payloads, true);
  return rules.ok ? { kind: "handle", payloads } : malformed(rules.error.message);
}

/** What is wrong with a response; undefined: nothing. */
export function judgeResponse(exchange: number, payloads: readonly Payload[]): string | undefined {
  const critical = firstUnsupportedCritical(payloads);
  if (critical !== undefined) return `Unknown critical payload ${critical}`;
  const rules = checkMessage(exchange, "response", payloads, true);
  return rules.ok ? undefined : rules.error.message;
}

/** A responder waits for IKE_AUTH, an initiator for the response to it: what else comes is early or late. */
function mayBegin(sa: IkeSa, exchange: number): boolean {
  return sa.state === "half-open" ? exchange === EXCHANGE.IKE_AUTH : isAuthenticated(sa);
}

function malformed(got: string): Verdict {
  return { kind: "refuse", failure: { code: "malformed", got }, fatal: true };
}
