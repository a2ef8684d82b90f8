/** Our requests on an IKE SA whose peer is authenticated. */
import type { Payload } from "../wire/mod.ts";
import type { SaContext } from "./context.ts";

/**
 * Sends a request and returns what stood inside the response. A peer that does not answer (RFC 7296 §2.4), or answers
 * against the rules (§2.21.3), ends the IKE SA. Undefined: there is no IKE SA any more.
 */
export async function ask(
  context: SaContext,
  exchange: number,
  payloads: readonly Payload[],
): Promise<readonly Payload[] | undefined> {
  const outcome = await context.request(exchange, payloads);
  if (outcome.ok) return outcome.value;
  const { error } = outcome;
  if (error.code === "closed") return undefined;
  context.failed(error.code === "timeout" ? { code: "timeout" } : { code: "malformed", got: error.message });
  await context.close(error.code);
  return undefined;
}
