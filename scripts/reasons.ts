/** `deno task docs`: writes docs/reasons.md from the closed list of reasons; `--check` only compares. */
import { REASONS } from "../src/exchange/reasons.ts";
import { NOTIFY } from "../src/wire/registry.ts";

const FAULTS = {
  peer: "the peer breaks the protocol",
  policy: "the two configurations differ",
  local: "we could not",
} as const;

/** The IANA name of an error notification. */
function notifyName(type: number | null): string {
  if (type === null) return "nothing";
  return Object.entries(NOTIFY).find(([, number]) => number === type)?.[0] ??
    `${type}`;
}

/** The page, from the list. */
export function reasonsPage(): string {
  const rows = Object.entries(REASONS).map(([code, entry]) =>
    `| \`${code}\` | ${entry.meaning} | ${FAULTS[entry.fault]} | ${notifyName(entry.notify)} |`
  );
  return `# Why a negotiation fails
Every failed negotiation is one line of the log:
\`iked: LEVEL: text reason=CODE policy="…" peer=ADDR wanted="…" got="…" fix="…"\`.
This page is made from \`src/exchange/reasons.ts\` by \`deno task docs\`.

| code | meaning | whose doing | the peer is told |
|---|---|---|---|
${rows.join("\n")}
`;
}

if (import.meta.main) {
  const there = await Deno.readTextFile("docs/reasons.md").catch(() => "");
  if (Deno.args.includes("--check")) {
    if (there !== reasonsPage()) {
      console.error(
        "docs/reasons.md is not what src/exchange/reasons.ts says: deno task docs",
      );
      Deno.exit(1);
    }
  } else await Deno.writeTextFile("docs/reasons.md", reasonsPage());
}
