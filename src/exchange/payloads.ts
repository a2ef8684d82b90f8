import type { Payload } from "../wire/mod.ts";

/** The first payload of a type. */
export function payloadOf<Type extends Payload["type"]>(
  payloads: readonly Payload[],
  type: Type,
): (Payload & { readonly type: Type }) | undefined {
  return payloads.find((one): one is Payload & { readonly type: Type } => one.type === type);
}
