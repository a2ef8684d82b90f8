/** An explanation as text for people. */
import type { SourcePlace } from "../../policy/types.ts";
import type { Explanation, Sentence } from "./types.ts";

function at({ file, line }: SourcePlace): string {
  return `${file}:${line}`;
}

function printSentence({ text, where }: Sentence): string {
  return `  ${text}${where === undefined ? "" : ` [${at(where)}]`}.`;
}

/** The text; what comes from a place in a file says so in brackets, all else is a default. */
export function printExplanation({ settings, policies, unsupported }: Explanation): string {
  const count = `${policies.length} ${policies.length === 1 ? "policy" : "policies"}`;
  const sections = [
    [`${count}, and for all of them:`, ...settings.map(printSentence)],
    ...policies.map(({ name, where, sentences }) => [
      `Policy "${name}"${where === undefined ? "" : ` [${at(where)}]`}:`,
      ...sentences.map(printSentence),
    ]),
  ];
  if (unsupported.length > 0) {
    sections.push([
      "The daemon does not start with this file. Not supported yet:",
      ...unsupported.map(printSentence),
    ]);
  }
  return `${sections.map((lines) => lines.join("\n")).join("\n\n")}\n`;
}
