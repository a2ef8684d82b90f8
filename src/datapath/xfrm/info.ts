/** How many SAs and policies the kernel holds: GETSADINFO, GETSPDINFO. */
import { type NetlinkMessage, type NetlinkRequest, numberOf, parseAttributes } from "../rtnetlink/message.ts";
import { StructReader } from "../kernel/layout.ts";
import { XFRM_MSG } from "./numbers.ts";

const XFRMA_SAD_CNT = 1;
const XFRMA_SPD_INFO = 1;
/** The messages begin with 32 bits of flags; which of them a request sets is nothing to the kernel. */
const FLAGS_LENGTH = 4;

/** Asks for the number of SAs. */
export function getSaCount(): NetlinkRequest {
  return { type: XFRM_MSG.GETSADINFO, flags: 0, body: new Uint8Array(FLAGS_LENGTH).fill(0xff) };
}

export function parseSaCount({ type, body }: NetlinkMessage): number | undefined {
  if (type !== XFRM_MSG.NEWSADINFO) return undefined;
  return numberOf(parseAttributes(body, FLAGS_LENGTH), XFRMA_SAD_CNT);
}

/** Asks for the number of policies by direction. */
export function getPolicyCount(): NetlinkRequest {
  return { type: XFRM_MSG.GETSPDINFO, flags: 0, body: new Uint8Array(FLAGS_LENGTH).fill(0xff) };
}

/** Policies of the host, those of sockets not counted. */
export interface PolicyCount {
  readonly in: number;
  readonly out: number;
  readonly forward: number;
}

export function parsePolicyCount({ type, body }: NetlinkMessage): PolicyCount | undefined {
  if (type !== XFRM_MSG.NEWSPDINFO) return undefined;
  const info = parseAttributes(body, FLAGS_LENGTH).get(XFRMA_SPD_INFO);
  if (info === undefined || info.length < 12) return undefined;
  const reader = new StructReader(info);
  return { in: reader.u32(), out: reader.u32(), forward: reader.u32() };
}
