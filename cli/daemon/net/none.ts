/** Data path `none` in this role, which the engine does not even ask: only sockets are served. */
import { noDatapath } from "../../../src/datapath/none.ts";
import type { NetDatapath } from "./net_datapath.ts";

export function nothingInside(): NetDatapath {
  return {
    ...noDatapath(),
    esp: () => {},
    turn: () => {},
    drops: () => ({}),
    tick: () => {},
    close: () => {},
  };
}
