/** Which data paths the daemon may take, and why: role net takes the first that works on this host. */
import { AUTOMATIC_DATAPATHS, type FeatureUse, firstUnsupported } from "../../src/config/mod.ts";
import type { DatapathName } from "./ports.ts";

/** A data path, and why it is the one: what `iked ctl show datapath` says. */
export interface Choice {
  readonly datapath: DatapathName;
  readonly reason: string;
}

/** `-K` wins over `set datapath`; without either there is more than one choice, the best one first. */
export function datapathChoices(
  option: DatapathName | undefined,
  setting: DatapathName | undefined,
): readonly Choice[] {
  const datapath = option ?? setting;
  if (datapath === undefined) {
    return AUTOMATIC_DATAPATHS.map((name) => ({ datapath: name, reason: REASONS[name] }));
  }
  return [{ datapath, reason: option === undefined ? `set datapath ${setting}` : `-K ${option}` }];
}

const REASONS: Readonly<Record<(typeof AUTOMATIC_DATAPATHS)[number], string>> = {
  xfrm: "the kernel can do what the configuration asks for",
  userland: "nothing better works here",
};

/** What role net may take. */
export interface Choices {
  readonly datapaths: readonly Choice[];
  /** What is said behind the reasons where none of them works on this host. */
  readonly otherwise: string;
}

/** Those of these choices that can do what a configuration asks for; the reason names what others cannot. */
export function capableChoices(choices: readonly Choice[], uses: readonly FeatureUse[]): Choices {
  if (choices.length === 1) {
    const instead = choices[0]!.datapath !== "userland" && firstUnsupported(uses, "userland") === undefined;
    return { datapaths: choices, otherwise: instead ? ", or use -K userland" : "" };
  }
  const capable: Choice[] = [], others: string[] = [];
  for (const choice of choices) {
    const unsupported = firstUnsupported(uses, choice.datapath);
    if (unsupported === undefined) capable.push(choice);
    else {
      const { where } = unsupported;
      const place = where === undefined ? "" : ` (${where.file}:${where.line}:${where.column})`;
      others.push(`${unsupported.message}${place}`);
    }
  }
  if (others.length === 0) return { datapaths: capable, otherwise: "" };
  const reason = others.join("; ");
  return { datapaths: capable.map(({ datapath }) => ({ datapath, reason })), otherwise: `; ${reason}` };
}
