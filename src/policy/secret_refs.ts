/** Names of secrets in a configuration. */
import type { SecretRef } from "../bytes/mod.ts";
import type { EngineConfiguration } from "./types.ts";

/** The same configuration with other names for its secrets; what stands under `name` is never one. */
export function withSecretRefs(
  configuration: EngineConfiguration,
  refs: ReadonlyMap<SecretRef, SecretRef>,
): EngineConfiguration {
  return renamed(configuration, refs as ReadonlyMap<string, string>) as EngineConfiguration;
}

/** What has no secret in it stays the same object: a configuration has many values and few secrets. */
function renamed(value: unknown, refs: ReadonlyMap<string, string>): unknown {
  if (typeof value === "string") return refs.get(value) ?? value;
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
  if (Array.isArray(value)) {
    const items = value.map((item) => renamed(item, refs));
    return items.some((item, at) => item !== value[at]) ? items : value;
  }
  let changed: Record<string, unknown> | undefined;
  for (const [key, before] of Object.entries(value)) {
    if (key === "name") continue;
    const after = renamed(before, refs);
    if (after !== before) (changed ??= { ...value })[key] = after;
  }
  return changed ?? value;
}
