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

/** What was shown of an algorithm in one kind of SA. */
function shownOf(entry: AlgorithmEntry, sa: Shown["sa"], shown: readonly Shown[]): readonly Shown[] {
  return shown.filter((one) => one.kind === entry.kind && one.name === shownName(entry) && one.sa === sa);
}

/** Our roles, each with the data paths: `both roles, userland, xfrm`, or `both roles, userland; initiator, xfrm`. */
function roles(shown: readonly Shown[]): string {
  const byRoles = new Map<string, string[]>();
  for (const path of [...new Set(shown.map((one) => one.datapath))].sort()) {
    const own = new Set(shown.filter((one) => one.datapath === path).map((one) => one.role));
    const words = own.size > 1 ? "both roles" : [...own].join("");
    byRoles.set(words, [...byRoles.get(words) ?? [], path]);
  }
  return [...byRoles].map(([words, paths]) => `${words}, ${paths.join(", ")}`).join("; ");
}

/** Peers, each with our roles and data paths; empty where there is none. */
function peers(entry: AlgorithmEntry, sa: Shown["sa"], shown: readonly Shown[]): string {
  const fitting = shownOf(entry, sa, shown);
  const names = [...new Set(fitting.map((one) => one.peer))].sort();
  return names.map((peer) => `${peer} (${roles(fitting.filter((one) => one.peer === peer))})`).join("; ");
}

/** Why a peer has met our kernel's ESP with less than all that the kernel has. */
const LACKS: Readonly<Record<string, string>> = {
  "strongSwan 5.9.8": "its Blowfish has 128, 192 or 256 bits, the manual's 160",
  "libreswan 4.10": "it has none of these in ESP",
  "OpenIKED 7.2":
    "its PF_KEY on Linux loads AES-CBC, AES-CTR and 3DES with HMAC-MD5, -SHA1, -SHA2-384 and -SHA2-512 alone",
};

/** For each peer of the kernel's ESP what was not shown with it. */
function kernelSection(shown: readonly Shown[]): string {
  const ours = shown.filter((one) => one.datapath === "xfrm" && one.sa === "esp");
  const rows = [...new Set(ours.map((one) => one.peer))].sort().map((peer) => {
    const own = ours.filter((one) => one.peer === peer);
    const without = everyAlgorithm.filter((entry) =>
      (entry.kind === "encr" || entry.kind === "integ") && entry.child &&
      shownOf(entry, "esp", own).length === 0
    );
    const names = without.map((entry) => `\`${algorithmName(entry)}\``).join(", ");
    return `| ${peer} | ${names || "nothing"} | ${LACKS[peer] ?? ""} |`;
  });
  return `## On the kernel's ESP
Linux 6.1 has all that may stand in \`childsa\`, Blowfish's 160 bits against our \`userland\` (\`tests/kernel\`). What has not carried traffic on \`xfrm\`, by peer:

| peer | without | why |
|---|---|---|
${rows.join("\n")}
`;
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
    ...entry.kind === "integ" ? [peers(entry, "ah", shown)] : [],
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
  if (kind === "encr" || kind === "integ") heads.push("in ESP with");
  if (kind === "integ") heads.push("in AH with");
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
against other implementations recorded (\`docs/shown.jsonl\`, by \`IKED_SHOWN=docs/shown.jsonl deno task interop\` and by \`deno task prove kernel\`).

\`portable\` needs no library; \`libcrypto\` is OpenSSL 3, and what it lacks comes from \`portable\`. OpenSSL's legacy module is
a file of its own, which distributions may leave out; it is loaded when one of its ciphers is first asked for. Both pass one
suite of published vectors (\`tests/crypto\`); \`iked selftest\` says what the host at hand has, and whether it computes rightly.
The last columns name the peers with whom an SA of that algorithm carried traffic; the role is ours, then our data path.

${kinds.map((kind) => section(kind, shown)).join("\n")}
${kernelSection(shown)}
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
