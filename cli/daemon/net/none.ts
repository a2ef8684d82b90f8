/** Data path `none`: everything is agreed, nothing is installed. */
import { ok, wipe } from "../../../src/bytes/mod.ts";
import type { NetDatapath } from "./net_datapath.ts";

/** Wipes the keys that it gets and counts nothing. */
export function noDatapath(): NetDatapath {
  return {
    setFlows: () => ok(undefined),
    install({ inbound, outbound }) {
      wipe(inbound.encrKey, inbound.integKey, outbound.encrKey, outbound.integKey);
      return ok(undefined);
    },
    activate: () => {},
    move: () => {},
    remove: () => Promise.resolve(),
    usage: () => [],
    esp: () => {},
    turn: () => {},
    drops: () => ({}),
    tick: () => {},
    close: () => {},
  };
}
