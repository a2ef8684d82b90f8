/**
 * IKE_AUTH as responder, with pre-shared keys (RFC 7296 §1.2, §2.9, §2.15, §2.21.2):
 *
 * ```
 *   HDR, SK {IDi, [IDr,] AUTH, SAi2, TSi, TSr}  -->
 *                                              <--  HDR, SK {IDr, AUTH, SAr2, TSi, TSr}
 *                                                or HDR, SK {IDr, AUTH, N(error)}  without the Child SA
 *                                                or HDR, SK {N(AUTHENTICATION_FAILED)}
 * ```
 */
import { fail, ok, type Result } from "../../bytes/mod.ts";
import type { AuthenticateResult } from "../../auth/requests.ts";
import type { IkeSuite } from "../../crypto/suite.ts";
import type { Proposal } from "../../proposal/mod.ts";
import { formatIdentity, type Identity, type PeerQuery, type Policy } from "../../policy/mod.ts";
import type { ChildSa, HalfOpenSa } from "../../sa/mod.ts";
import { idBody, type IdPayload, NOTIFY, type Payload } from "../../wire/mod.ts";
import {
  type AgreedChild,
  answerSa,
  asksForTransport,
  type ChildMatch,
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
import { keysFailure } from "../keys_failure.ts";
import { failureNotify, findNotify, notify } from "../notifies.ts";
import { payloadOf } from "../payloads.ts";
import type { Failure } from "../reasons.ts";
import { cut } from "../text.ts";
import { establish } from "./established.ts";
import { settleRivals } from "./rivals.ts";
import { presharedKey } from "./secret.ts";

/** Handler of IKE_AUTH requests. */
export async function respondAuth(context: SaContext, request: Opened): Promise<Reply> {
  const { sa } = context;
  if (sa.state !== "half-open") throw new Error(`IKE_AUTH in state "${sa.state}"`);
  const idi = payloadOf(request.payloads, "IDi");
  const auth = payloadOf(request.payloads, "AUTH");
  if (idi === undefined || auth === undefined) {
    return refuse(context, { code: "auth-method", wanted: "a pre-shared key", got: "no AUTH payload (EAP)" });
  }
  const peerId: Identity = { type: idi.idType, data: idi.data.slice() };
  const matchOf = once((policy: Policy) => matchChild(policy, request.payloads, sa, false));
  const policy = choosePolicy(context, sa, request, peerId, matchOf);
  if (policy === undefined) return refuse(context, wrongId(context.policy, request.payloads, peerId));
  context.usePolicy(policy);

  const wantsChild = payloadOf(request.payloads, "SA") !== undefined;
  const match = unlessShared(context, peerId, matchOf(policy));
  const idr: IdPayload = {
    type: "IDr",
    critical: false,
    idType: policy.localId.type,
    data: policy.localId.data,
  };
  const proven = await authenticate(context, sa, request.payloads, idr, match);
  if (!proven.ok) return refuse(context, proven.error);

  const made = await makeChild(context, match, proven.value, peerId);
  const shared = made.ok && isShared(context, peerId, made.value.agreed);
  const child = shared ? await giveUpShared(context, made.value.child) : made;
  establish(context, peerId, child.ok ? child.value.child : undefined);
  settleRivals(context, findNotify(request.payloads, NOTIFY.INITIAL_CONTACT) !== undefined);
  if (child.ok) logDeclined(context, request.payloads, child.value.agreed.mode);
  else if (wantsChild) context.failed(child.error);
  const { method, data } = proven.value.auth!;
  return {
    payloads: [
      idr,
      { type: "AUTH", critical: false, method, data },
      ...(child.ok ? childPayloads(child.value.agreed) : wantsChild ? childError(child.error) : []),
    ],
  };
}

/** The policy by identities, too: one whose flows and proposals suit the Child SA if there is one. */
function choosePolicy(
  context: SaContext,
  sa: HalfOpenSa,
  request: Opened,
  peerId: Identity,
  matchOf: (policy: Policy) => Result<ChildMatch, Failure>,
): Policy | undefined {
  const { lookup } = context.world;
  const { payloads, path } = request;
  const idr = payloadOf(payloads, "IDr");
  const localId = idr && { type: idr.idType, data: idr.data };
  const peer: PeerQuery = { local: path.local.address, peer: path.remote.address, peerId };
  const suits = (policy: Policy) => allowsSuite(policy.ikeProposals, sa.suite);
  const suitsChild = (policy: Policy) => suits(policy) && matchOf(policy).ok;
  const suitsMode = (policy: Policy) => {
    const match = suits(policy) ? matchOf(policy) : undefined;
    return match?.ok === true && match.value.mode === "transport";
  };
  const transport = asksForTransport(payloads);
  // The identity that the initiator names is a wish: we may answer with another (RFC 7296 §2.15).
  const named: PeerQuery = localId === undefined ? peer : { ...peer, localId };
  // Asked for transport mode a policy for it goes before one for tunnel mode, which could only decline.
  return (transport ? lookup.incoming({ ...named, accepts: suitsMode }) : undefined) ??
    lookup.incoming({ ...named, accepts: suitsChild }) ??
    lookup.incoming({ ...named, accepts: suits }) ??
    (transport ? lookup.incoming({ ...peer, accepts: suitsMode }) : undefined) ??
    lookup.incoming({ ...peer, accepts: suitsChild }) ?? lookup.incoming({ ...peer, accepts: suits });
}

/** Works out a policy's answer when it is first asked for. */
function once<Answer>(work: (policy: Policy) => Answer): (policy: Policy) => Answer {
  const known = new Map<Policy, Answer>();
  return (policy) => {
    const answer = known.get(policy) ?? work(policy);
    known.set(policy, answer);
    return answer;
  };
}

/** Whether a policy could have chosen this suite. */
export function allowsSuite(proposals: readonly Proposal[], suite: IkeSuite): boolean {
  return proposals.some((one) =>
    one.encr.some(({ id, keyBits }) => id === suite.encr.id && keyBits === suite.encr.keyBits) &&
    one.prf.includes(suite.prf) && one.ke.includes(suite.ke) &&
    (suite.integ === undefined ? one.integ.every((id) => id === 0) : one.integ.includes(suite.integ))
  );
}

function wrongId(policy: Policy, payloads: readonly Payload[], peerId: Identity): Failure {
  const idr = payloadOf(payloads, "IDr");
  const asked = idr === undefined
    ? ""
    : `, asking for ${formatIdentity({ type: idr.idType, data: idr.data })}`;
  return {
    code: "wrong-id",
    wanted: policy.peerId === undefined ? "an identity of a policy" : formatIdentity(policy.peerId),
    got: cut(`${formatIdentity(peerId)}${asked}`),
  };
}

/** Verifies the peer's AUTH, makes ours, derives the Child SA's keys: one step at the holder of keys. */
async function authenticate(
  context: SaContext,
  sa: HalfOpenSa,
  payloads: readonly Payload[],
  idr: IdPayload,
  match: Result<ChildMatch, Failure>,
): Promise<Result<AuthenticateResult, Failure>> {
  const secret = presharedKey(context.policy.auth);
  const { initRequest, initResponse, nonceI, nonceR } = sa.transcript;
  const auth = payloadOf(payloads, "AUTH")!;
  const result = await context.world.keys.authenticate({
    sa: sa.handle,
    role: "responder",
    verify: {
      method: auth.method,
      data: auth.data.slice(),
      secret,
      octets: { message: initRequest, nonce: nonceR, id: idBody(payloadOf(payloads, "IDi")!) },
    },
    sign: { secret, octets: { message: initResponse, nonce: nonceI, id: idBody(idr) } },
    ...(match.ok && { child: { suite: match.value.chosen.suite, nonceI, nonceR } }),
  });
  return result.ok ? result : fail(keysFailure(result.error));
}

async function makeChild(
  context: SaContext,
  match: Result<ChildMatch, Failure>,
  proven: AuthenticateResult,
  peerId: Identity,
): Promise<Result<{ readonly child: ChildSa; readonly agreed: AgreedChild }, Failure>> {
  if (!match.ok) return match;
  if (proven.child === undefined) return fail({ code: "keys" });
  const agreed = reserveChild(context.world, match.value);
  const installed = await installChild(context, agreed, proven.child.keys, {
    initiated: false,
    outboundFrom: "now",
    peerId,
  });
  return installed.ok ? ok({ child: installed.value, agreed }) : installed;
}

function childPayloads(agreed: AgreedChild): readonly Payload[] {
  return [
    ...ipcompNotify(agreed.ipcomp?.cpiIn),
    ...modeNotify(agreed.mode),
    answerSa(agreed),
    ...trafficSelectors(agreed.lists),
  ];
}

function childError(failure: Failure): readonly Payload[] {
  const told = failureNotify(failure);
  return told.length > 0 ? told : [notify(NOTIFY.NO_PROPOSAL_CHOSEN)];
}

/** Whatever was wrong, the peer learns the one thing: who cannot prove who it is gets no oracle. */
function refuse(context: SaContext, failure: Failure): Reply {
  context.failed(failure);
  return {
    payloads: [notify(NOTIFY.AUTHENTICATION_FAILED)],
    after: () => context.close(failure.code),
  };
}
