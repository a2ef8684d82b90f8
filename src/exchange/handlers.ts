/**
 * Who handles what: one handler for each exchange that a peer may begin on an IKE SA, one for each timer of an SA.
 * IKE_SA_INIT is not here: it begins before there is an SA.
 */
import type { Timer } from "../sa/mod.ts";
import type { RequestHandler, TimerHandler } from "./context.ts";

/** By number of the exchange type. */
export const REQUEST_HANDLERS: { readonly [exchange: number]: RequestHandler } = {};

/** By timer; `retransmit` and `forgetResponse` are the mailbox's own. */
export const TIMER_HANDLERS: { readonly [T in Timer]?: TimerHandler } = {};
