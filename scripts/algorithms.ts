/**
 * `deno task docs`: sorts docs/shown.jsonl, and writes docs/algorithms.md: every algorithm, who implements it, whom it
 * was shown with. `--check` only compares.
 */
import { type AlgorithmEntry, algorithmName, everyAlgorithm, provides } from "../src/crypto/mod.ts";
import { createPortable } from "../src/crypto/portable/provider.ts";
import { opensslHas } from "../ffi/libcrypto/mod.ts";
import { formatShown, parseShown, type Shown, shownName } from "./shown.ts";

const PAGE = "docs/algorithms.md", SHOWN = "docs/shown.jsonl";

const KINDS = {
  encr: "Encryption (`enc`)",
  integ: "Integrity (`auth`)",
  prf: "Pseudo-random functions (`prf`)",
  ke: "Key exchange (`group`)",
} as const;

const portable = createPortable((length) => new Uint8Array(length));

function libcrypto(entry: AlgorithmEntry): string {
  const where = opensslHas(entry);
  if (where === "legacy module") return "yes, in OpenSSL's legacy module";
  return where === undefined ? "" : "yes";
}

/** Peers, each with our roles and data paths; empty where there is none. */
function peers(entry: AlgorithmEntry, sa: Shown["sa"], shown: readonly Shown[]): string {
  const fitting = shown.filter((one) =>
    one.kind === entry.kind && one.name === shownName(entry) && one.sa === sa
  );
  const names = [...new Set(fitting.map((one) => one.peer))].sort();
  return names.map((peer) => {
    const own = fitting.filter((one) => one.peer === peer);
    const roles = [...new Set(own.map((one) => one.role))];
    const paths = [...new Set(own.map((one) => one.datapath))].sort();
    return `${peer} (${roles.length > 1 ? "both roles" : roles.join("")}, ${paths.join(", ")})`;
  }).join("; ");
}

function row(entry: AlgorithmEntry, shown: readonly Shown[]): string {
  const uses = [entry.ike ? "`ikesa`" : "", entry.child && entry.kind !== "prf" ? "`childsa`" : ""];
  const cells = [
    entry.names.map((name) => `\`${name}\``).join(", ") + (entry.insecure ? " (insecure)" : ""),
    entry.ianaName,
    entry.rfc === 0 ? "" : `RFC ${entry.rfc}`,
    uses.filter(Boolean).join(", "),
    provides(portable, entry) ? "yes" : "",
    libcrypto(entry),
    peers(entry, "ike", shown),
    ...entry.kind === "encr" || entry.kind === "integ" ? [peers(entry, "esp", shown)] : [],
  ];
  return `| ${cells.join(" | ")} |`;
}

function section(kind: keyof typeof KINDS, shown: readonly Shown[]): string {
  const rows = everyAlgorithm.filter((entry) => entry.kind === kind).map((entry) => row(entry, shown));
  const heads = [
    "iked.conf",
    "IANA",
    "defined in",
    "may stand in",
    "portable",
    "libcrypto",
    "in an IKE SA with",
  ];
  if (kind === "encr" || kind === "integ") heads.push("in an ESP tunnel with");
  return `## ${KINDS[kind]}
| ${heads.join(" | ")} |
|${"---|".repeat(heads.length)}
${rows.join("\n")}
`;
}

/** The page, from the registry and the showings. */
export function algorithmsPage(shown: readonly Shown[]): string {
  const alone = everyAlgorithm.filter((entry) =>
    !shown.some((one) => one.kind === entry.kind && one.name === shownName(entry))
  );
  const kinds = ["encr", "integ", "prf", "ke"] as const;
  return `# Algorithms
Made by \`scripts/algorithms.ts\` from the registry (\`src/crypto/algorithms.ts\`), the implementations, and what runs
against other implementations recorded (\`docs/shown.jsonl\`, by \`IKED_SHOWN=docs/shown.jsonl deno task interop\`).

\`portable\` needs no library; \`libcrypto\` is OpenSSL 3, and what it lacks comes from \`portable\`. OpenSSL's legacy module is
a file of its own, which distributions may leave out; it is loaded when one of its ciphers is first asked for. Both pass one
suite of published vectors (\`tests/crypto\`); \`iked selftest\` says what the host at hand has, and whether it computes rightly.
The last columns name the peers with whom an SA of that algorithm carried traffic; the role is ours, then our data path.

${kinds.map((kind) => section(kind, shown)).join("\n")}
## Not yet shown with another implementation
${alone.map((entry) => `\`${algorithmName(entry)}\``).join(", ") || "None."}
`;
}

if (import.meta.main) {
  const there = await Deno.readTextFile(SHOWN);
  const shown = parseShown(there);
  const wanted = [[SHOWN, formatShown(shown)], [PAGE, algorithmsPage(shown)]] as const;
  for (const [file, text] of wanted) {
    if (!Deno.args.includes("--check")) await Deno.writeTextFile(file, text);
    else if (await Deno.readTextFile(file).catch(() => "") !== text) {
      console.error(`${file} is not what the registry and the runs say: deno task docs`);
      Deno.exit(1);
    }
  }
}
