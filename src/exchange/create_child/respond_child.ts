/**
 * A new Child SA as responder, additional or in place of another one (RFC 7296 §1.3.1, §1.3.3):
 *
 * ```
 *   SK {[N(REKEY_SA),] SA, Ni, [KEi,] TSi, TSr}  -->
 *                                                <--  SK {SA, Nr, [KEr,] TSi, TSr}
 * ```
 */
import { fail, ok, type Result } from "../../bytes/mod.ts";
import type { Payload } from "../../wire/mod.ts";
import { type ChildSa, isAuthenticated } from "../../sa/mod.ts";
import {
  answerSa,
  giveUpShared,
  installChild,
  ipcompNotify,
  isShared,
  logDeclined,
  matchChild,
  modeNotify,
  reserveChild,
  trafficSelectors,
  unlessShared,
} from "../child/mod.ts";
import type { Opened, Reply, SaContext } from "../context.ts";
import { payloadOf } from "../payloads.ts";
import type { Failure } from "../reasons.ts";
import { addChild, deriveKeys } from "./add_child.ts";
import { rivalry } from "./collision.ts";
import { freshNonce, kePayload, methodOctets } from "./key_exchange.ts";

/** Answers the request. In a rekey the peer deletes the old one, and our packets change over when it uses the new (§2.8). */
export async function respondChild(
  context: SaContext,
  request: Opened,
  replaces: ChildSa | undefined,
): Promise<Result<Reply, Failure>> {
  const { world, policy, sa } = context;
  const nonceI = payloadOf(request.payloads, "Nonce");
  if (nonceI === undefined) return fail({ code: "malformed", got: "no nonce" });
  const judged = matchChild(policy, request.payloads, sa, true);
  const match = isAuthenticated(sa) ? unlessShared(context, sa.peerId, judged) : judged;
  if (!match.ok) return match;
  const method = match.value.chosen.suite.ke;
  const keI = payloadOf(request.payloads, "KE");
  if (method !== undefined && keI?.group !== method) {
    return fail({ code: "wrong-ke-method", data: methodOctets(method) });
  }
  const nonceR = freshNonce(world.random);
  const agreed = reserveChild(world, match.value);
  const derived = await deriveKeys(context, agreed, {
    nonceI: nonceI.data,
    nonceR: nonceR.data,
    ...(method !== undefined && keI && { pfs: { half: { fresh: method }, peerPublicValue: keI.data } }),
  });
  if (!derived.ok) return derived;
  const { keys, publicValue } = derived.value;
  const outboundFrom = replaces === undefined ? "now" : "when-used";
  const installed = await installChild(context, agreed, keys, { initiated: false, outboundFrom });
  if (!installed.ok) return installed;
  if (isAuthenticated(context.sa) && isShared(context, context.sa.peerId, agreed)) {
    return await giveUpShared(context, installed.value);
  }
  logDeclined(context, request.payloads, agreed.mode);
  const rival = rivalry(replaces, nonceI.data, nonceR.data);
  await addChild(context, { ...installed.value, ...(rival && { rival }) }, replaces);
  const payloads: Payload[] = [
    ...ipcompNotify(agreed.ipcomp?.cpiIn),
    ...modeNotify(agreed.mode),
    answerSa(agreed),
    nonceR,
  ];
  if (method !== undefined && publicValue !== undefined) payloads.push(kePayload(method, publicValue));
  payloads.push(...trafficSelectors(agreed.lists));
  return ok({ payloads });
}
