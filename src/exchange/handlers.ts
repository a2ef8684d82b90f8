/**
 * Who handles what: one handler for each exchange that a peer may begin on an IKE SA, one for each timer of an SA.
 * IKE_SA_INIT is not here: it begins before there is an SA.
 */
import type { Timer } from "../sa/mod.ts";
import { EXCHANGE } from "../wire/mod.ts";
import { endRedundant, respondAuth } from "./auth/mod.ts";
import type { RequestHandler, TimerHandler } from "./context.ts";
import {
  expireChild,
  expireIke,
  makeChildAgain,
  rekeyChild,
  rekeyIke,
  respondCreateChild,
} from "./create_child/mod.ts";
import { giveUpHalfOpen } from "./init/mod.ts";
import { linger } from "./delete/mod.ts";
import { respondInformational } from "./informational/mod.ts";
import { probe } from "./liveness/mod.ts";

/** By number of the exchange type. */
export const REQUEST_HANDLERS: { readonly [exchange: number]: RequestHandler } = {
  [EXCHANGE.IKE_AUTH]: respondAuth,
  [EXCHANGE.CREATE_CHILD_SA]: respondCreateChild,
  [EXCHANGE.INFORMATIONAL]: respondInformational,
};

/** By timer; `retransmit` and `forgetResponse` are the mailbox's own. */
export const TIMER_HANDLERS: { readonly [T in Timer]?: TimerHandler } = {
  negotiation: giveUpHalfOpen,
  rekeyIke,
  expireIke,
  rekeyChild,
  expireChild,
  createChild: makeChildAgain,
  linger,
  liveness: probe,
  redundant: endRedundant,
};
