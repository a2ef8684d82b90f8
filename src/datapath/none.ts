/** Data path `none`: everything is agreed, nothing is installed. */
import { ok, wipe } from "../bytes/mod.ts";
import type { ChildInstall, ChildUsage } from "./types.ts";

/** Wipes the keys that it gets and counts nothing. */
export function noDatapath() {
  return {
    setFlows: () => Promise.resolve(ok(undefined)),
    install({ inbound, outbound }: ChildInstall) {
      wipe(inbound.encrKey, inbound.integKey, outbound.encrKey, outbound.integKey);
      return Promise.resolve(ok(undefined));
    },
    activate: () => {},
    move: () => {},
    remove: () => Promise.resolve(),
    usage: (): Promise<readonly ChildUsage[]> => Promise.resolve([]),
  };
}
