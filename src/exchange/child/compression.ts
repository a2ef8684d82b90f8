/**
 * IPComp of a Child SA's packets (RFC 7296 §2.22, RFC 3173): each side names the CPI that compressed packets to it carry.
 *
 * ```
 *   N(IPCOMP_SUPPORTED: CPI, transform)+, SA, ...  -->
 *                                             <--  N(IPCOMP_SUPPORTED: CPI, transform), SA, ...
 * ```
 */
import { type EspSpi, fail, ok, type Result } from "../../bytes/mod.ts";
import type { Policy } from "../../policy/types.ts";
import type { Ipcomp, Path } from "../../sa/mod.ts";
import type { SelectorLists } from "../../selector/mod.ts";
import { emitIpcompSupported, IPCOMP, nameOf, NOTIFY, parseIpcompSupported } from "../../wire/mod.ts";
import type { NotifyPayload, Payload } from "../../wire/mod.ts";
import type { SaContext } from "../context.ts";
import type { Failure } from "../reasons.ts";
import type { AgreedChild } from "./agreed.ts";

/** What no data path of ours lacks that compresses at all (RFC 2394). */
const TRANSFORM = IPCOMP.IPCOMP_DEFLATE;

/** CPIs below name algorithms for manual use, or are reserved (RFC 3173 §3.3). */
const FIRST_CPI = 256;

/**
 * Whether packets of these selectors can be compressed between addresses of this family: Linux compresses none in a
 * tunnel whose outer addresses are of the other one.
 */
function ofOneFamily({ tsi, tsr }: SelectorLists, { local }: Path): boolean {
  return [...tsi, ...tsr].every(({ addresses }) => addresses.family === local.address.family);
}

/** Our CPI where we offer to compress. */
export function offerIpcomp(
  { policy, world, sa }: SaContext,
  spiIn: EspSpi,
  lists: SelectorLists,
): number | undefined {
  if (policy.ipcomp !== true || !ofOneFamily(lists, sa.path)) return undefined;
  return world.inboundSpis.chooseCpi(world.random, spiIn);
}

/** What the peer contributes. */
export type PeerIpcomp = Omit<Ipcomp, "cpiIn">;

function offersOf(payloads: readonly Payload[]): readonly NotifyPayload[] {
  return payloads.filter((one): one is NotifyPayload =>
    one.type === "N" && one.notifyType === NOTIFY.IPCOMP_SUPPORTED
  );
}

function usable(payload: NotifyPayload): PeerIpcomp | undefined {
  const parsed = parseIpcompSupported(payload);
  if (!parsed.ok) return undefined;
  const { cpi, transform } = parsed.value;
  return transform === TRANSFORM && cpi >= FIRST_CPI ? { transform, cpiOut: cpi } : undefined;
}

/** The responder's choice of what is offered: the first that it can do. Undefined: there is no compression. */
export function chooseIpcomp(
  policy: Policy,
  payloads: readonly Payload[],
  lists: SelectorLists,
  path: Path,
): PeerIpcomp | undefined {
  if (policy.ipcomp !== true || !ofOneFamily(lists, path)) return undefined;
  for (const offer of offersOf(payloads)) {
    const chosen = usable(offer);
    if (chosen !== undefined) return chosen;
  }
  return undefined;
}

/**
 * What the response makes of our offer; undefined: no compression. Who accepts what was not offered would send packets
 * that nobody can read.
 */
export function acceptIpcomp(
  cpiIn: number | undefined,
  payloads: readonly Payload[],
): Result<Ipcomp | undefined, Failure> {
  const answers = offersOf(payloads);
  const [answer] = answers;
  if (answer === undefined) return ok(undefined);
  const accepted = answers.length === 1 ? usable(answer) : undefined;
  if (cpiIn !== undefined && accepted !== undefined) return ok({ ...accepted, cpiIn });
  const wanted = cpiIn === undefined
    ? "no IPCOMP_SUPPORTED"
    : `one IPCOMP_SUPPORTED with ${nameOf(IPCOMP, TRANSFORM)} and a CPI above ${FIRST_CPI - 1}`;
  return fail({ code: "bad-response", wanted, got: answers.map(describe).join(", ") });
}

function describe(payload: NotifyPayload): string {
  const parsed = parseIpcompSupported(payload);
  return parsed.ok
    ? `${nameOf(IPCOMP, parsed.value.transform)}, CPI ${parsed.value.cpi}`
    : "an IPCOMP_SUPPORTED cut short";
}

/** IPCOMP_SUPPORTED of either side; nothing where there is no CPI of ours. */
export function ipcompNotify(cpiIn: number | undefined): readonly NotifyPayload[] {
  return cpiIn === undefined ? [] : [emitIpcompSupported(cpiIn, TRANSFORM)];
}

/** Says what became of a policy's wish to compress. */
export function logIpcomp(context: SaContext, { ipcomp, lists }: AgreedChild): void {
  if (context.policy.ipcomp !== true) return;
  if (ipcomp === undefined) {
    const why = ofOneFamily(lists, context.sa.path)
      ? "Peer does not compress (IPComp)"
      : "Flows and endpoints are not of one family, which IPComp needs";
    return context.log("notice", `${why}: packets go uncompressed`);
  }
  const { transform, cpiIn, cpiOut } = ipcomp;
  const name = nameOf(IPCOMP, transform);
  context.log("info", `Packets are compressed: ${name}, CPI in ${cpiIn}, out ${cpiOut}`);
}
