/** Our requests on an IKE SA whose peer is authenticated. */
import { NOTIFY, type Payload } from "../wire/mod.ts";
import type { SaContext } from "./context.ts";
import { findNotify } from "./notifies.ts";

/**
 * Sends a request and returns what stood inside the response. A peer that does not answer (RFC 7296 §2.4), answers
 * against the rules, or takes our request for malformed and so has ended the IKE SA (§2.21.3), ends it here.
 * Undefined: there is no IKE SA any more.
 */
export async function ask(
  context: SaContext,
  exchange: number,
  payloads: readonly Payload[],
): Promise<readonly Payload[] | undefined> {
  const outcome = await context.request(exchange, payloads);
  if (outcome.ok) {
    if (findNotify(outcome.value, NOTIFY.INVALID_SYNTAX) === undefined) return outcome.value;
    context.failed({ code: "refused-syntax", got: "INVALID_SYNTAX" });
    await context.close("refused-syntax");
    return undefined;
  }
  const { error } = outcome;
  if (error.code === "closed") return undefined;
  context.failed(error.code === "timeout" ? { code: "timeout" } : { code: "malformed", got: error.message });
  await context.close(error.code);
  return undefined;
}
