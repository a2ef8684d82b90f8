/** Which data path the daemon takes, and why: what `iked ctl show datapath` says. */
import { fail, ok, type Result } from "../../src/bytes/mod.ts";
import type { DatapathName } from "./ports.ts";

export interface Choice {
  readonly datapath: DatapathName;
  readonly reason: string;
}

/** `-K` wins over `set datapath`; without either it is `userland`, the one that is there. */
export function chooseDatapath(
  option: string | undefined,
  setting: string | undefined,
): Result<Choice, string> {
  const word = option ?? setting;
  const asked = option === undefined ? `set datapath ${word}` : `-K ${word}`;
  switch (word) {
    case undefined:
      return ok({
        datapath: "userland",
        reason: "the default: neither -K nor set datapath says otherwise",
      });
    case "userland":
    case "xfrm":
    case "none":
      return ok({ datapath: word, reason: asked });
    default:
      return fail(`${asked}: not supported yet, use userland, xfrm or none`);
  }
}
