/** What initiator and responder do alike once a Child SA is agreed on: derive its keys, take it up. */
import { fail, ok, type Result } from "../../bytes/mod.ts";
import type { DeriveChild, DeriveChildResult } from "../../auth/requests.ts";
import { type ChildSa, isAuthenticated, withChild } from "../../sa/mod.ts";
import type { AgreedChild } from "../child/mod.ts";
import type { SaContext } from "../context.ts";
import { childOf } from "../delete/mod.ts";
import { keysFailure } from "../keys_failure.ts";
import { armChild } from "../lifetimes.ts";
import type { Failure } from "../reasons.ts";
import { formatChild } from "../text.ts";

/** Keys of the Child SA (RFC 7296 §2.17). On a failure its SPI is free again. */
export async function deriveKeys(
  context: SaContext,
  agreed: AgreedChild,
  exchange: Omit<DeriveChild, "suite">,
): Promise<Result<DeriveChildResult, Failure>> {
  const { sa, world } = context;
  const request = { suite: agreed.chosen.suite, ...exchange };
  const derived = isAuthenticated(sa)
    ? await world.keys.deriveChild(sa.handle, request)
    : fail({ code: "unknown-handle" } as const);
  if (derived.ok) return ok(derived.value);
  world.inboundSpis.release(agreed.spiIn);
  return fail(keysFailure(derived.error));
}

/** Takes an installed Child SA into the IKE SA; the one that it replaces is `rekeyed` from now on. */
export async function addChild(
  context: SaContext,
  child: ChildSa,
  replaces: ChildSa | undefined,
): Promise<void> {
  const { sa, world } = context;
  if (!isAuthenticated(sa)) {
    // Closed while keys or data path worked: nobody else takes it away.
    await world.datapath.remove([child.id]);
    world.inboundSpis.release(child.spiIn);
    return;
  }
  const present = replaces && childOf(context, replaces.id);
  // Its end may have come meanwhile.
  const old = present?.state === "deleting" ? undefined : present;
  const next = withChild(sa, child);
  context.become(
    old === undefined ? next : withChild(next, { ...old, state: "rekeyed", replacedBy: child.id }),
  );
  armChild(context, child);
  const text = formatChild(child);
  if (old === undefined) return context.emit({ kind: "child-up", text });
  context.stopTimer("rekeyChild", old.id);
  context.stopTimer("expireChild", old.id);
  context.setTimer("linger", world.clock.now() + world.timing.lingerMs, old.id);
  context.emit({ kind: "child-rekeyed", text });
}
