/** Making an IKE SA and its first Child SA as initiator (RFC 7296 §1.2). */
import { initiateAuth } from "./auth/mod.ts";
import type { SaContext } from "./context.ts";
import { initiateInit } from "./init/mod.ts";

/** A task: the IKE SA, `init-sent` before, is established afterwards, or closed with the reason told. */
export async function initiate(context: SaContext): Promise<void> {
  const keyed = await initiateInit(context);
  if (keyed.ok) return await initiateAuth(context, keyed.value);
  if (keyed.error !== undefined) context.failed(keyed.error);
  await context.close(keyed.error?.code ?? "refused");
}
