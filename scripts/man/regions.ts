/** Parts of the manual pages that are made from the code. */
import { opensslHas } from "../../ffi/libcrypto/mod.ts";
import {
  encrAlgorithms,
  integAlgorithms,
  keAlgorithms,
  type KeFamily,
  prfAlgorithms,
} from "../../src/crypto/algorithms.ts";
import { type AlgorithmEntry, provides } from "../../src/crypto/mod.ts";
import { createPortable } from "../../src/crypto/portable/provider.ts";
import { AUTOMATIC_DATAPATHS, DATAPATHS, type Feature, limitOf } from "../../src/config/mod.ts";
import { KEYWORDS } from "../../src/config/keywords.ts";
import { REASONS } from "../../src/exchange/reasons.ts";

/** A text of Markdown as mdoc: sentences on lines of their own, code in quotes, ASCII alone. */
function sentence(text: string): string {
  const plain = text.replace(/\\/g, "\\e").replace(/`([^`]*)`/g, "\\(lq$1\\(rq").replace(/§/g, "section ")
    .replace(/…/g, "...").replace(/\*\*/g, "").trim();
  const lines = `${plain}${plain.endsWith(".") ? "" : "."}`.replace(/([.?!]) (?=[A-Z])/g, "$1\n").split("\n");
  return lines.map((line) => /^[.']/.test(line) ? `\\&${line}` : line).join("\n");
}

function items(list: readonly (readonly [heading: string, text: string])[], width = "Ds"): string {
  const lines = list.map(([heading, text]) => `.It ${heading}\n${text}`);
  return [`.Bl -tag -width ${width}`, ...lines, ".El"].join("\n");
}

const DATAPATH_TEXTS: Readonly<Record<(typeof DATAPATHS)[number], string>> = {
  userland:
    "ESP in this process, with a TUN device inside and UDP or IP protocol 50 outside. It needs no kernel module.",
  xfrm: "The kernel's IPsec, by netlink.",
  pfkey:
    "The kernel's IPsec, by PF_KEY, which says less than netlink: no combined-mode ciphers, no hmac-sha2-256 " +
    "(Linux would cut it to 96 bits), no extended sequence numbers, no ranges of ports, no IPv4 in IPv6 or the reverse; " +
    "AH over IPv4 with hmac-sha1 or hmac-md5 alone, transport mode for all protocols alone, a window of 32 packets. " +
    "A configuration that asks for more is refused with the reason. It is used only where it is asked for.",
  none: "Negotiates and installs nothing: for tests, and for users of the keys alone.",
};

/** Data paths, and which is the default. */
export function datapathsRegion(): string {
  const list = items(DATAPATHS.map((name) => [`Cm ${name}`, sentence(DATAPATH_TEXTS[name])] as const));
  const kernels = AUTOMATIC_DATAPATHS.slice(0, -1).map((name) => `.Cm ${name}`),
    last = AUTOMATIC_DATAPATHS.at(-1);
  return [
    list,
    ".Pp\nWithout\n.Fl K\nand\n.Ic set datapath\nit is",
    kernels.join("\nor\n"),
    "where the kernel can do what the configuration asks for: its features, and every algorithm of its",
    `.Ic childsa .\nElse it is\n.Cm ${last} .`,
    "One that is asked for and does not work is an error that says what the kernel lacks, with the module or option.",
  ].join("\n");
}

/** Why negotiations fail. */
export function reasonsRegion(): string {
  return items(Object.entries(REASONS).map(([code, { meaning }]) => [`Li ${code}`, sentence(meaning)]));
}

/** What the engine cannot do yet, by the words that ask for it. */
export function limitsRegion(): string {
  const words = new Map<Feature, string[]>();
  for (const { word, feature, of } of KEYWORDS) {
    if (feature === undefined) continue;
    const list = words.get(feature) ?? [];
    const shown = of === "set" ? `set ${word}` : word;
    if (!list.includes(shown)) list.push(shown);
    words.set(feature, list);
  }
  const limits = [...words].flatMap(([feature, list]) => {
    const heading = list.map((word) => `Cm ${word}`).join(" , ");
    const reasons = Map.groupBy(DATAPATHS, (datapath) => limitOf(feature, datapath));
    return [...reasons].flatMap(([reason, datapaths]) => {
      if (reason === undefined) return [];
      const where = datapaths.length === DATAPATHS.length ? "" : `With ${datapaths.join(", ")}: `;
      return [[heading, sentence(where + reason)] as const];
    });
  });
  return limits.length === 0 ? "Nothing is on it." : items(limits);
}

/** Warnings, from the table of docs/warnings.md. */
export function warningsRegion(page: string): string {
  const rows = [...page.matchAll(/^\| (W\d{3}) \| (.*?) \| .* \|$/gm)];
  if (rows.length === 0) throw new Error("docs/warnings.md has no table of codes");
  return items(rows.map(([, code, meaning]) => [`Li ${code}`, sentence(meaning!)]), "W000X");
}

interface Row {
  readonly names: readonly string[];
  readonly cells: readonly string[];
}

function table(title: string, heads: readonly string[], rows: readonly Row[]): string {
  const line = ({ names, cells }: Row) =>
    `.It ${names.map((name) => `Li ${name}`).join(" , ")}${cells.map((cell) => ` Ta ${cell}`).join("")}`;
  const widths = ["XXXXXXXXXXXXXXXXXXXXXXXX", ...heads.map(() => "XXXXXXXXXXXX")].map((width) =>
    `"${width}"`
  );
  return [
    title,
    `.Bl -column ${widths.join(" ")} -offset indent`,
    `.It Em Name${heads.map((head) => ` Ta Em ${head}`).join("")}`,
    ...rows.filter(({ names }) => names.length > 0).map(line),
    ".El",
  ].join("\n");
}

const FAMILIES: Readonly<Record<KeFamily, string>> = {
  none: "",
  modp: "MODP",
  "modp-subgroup": "MODP, subgroup",
  ec2n: "EC2N",
  ecp: "ECP",
  montgomery: "Montgomery curve",
  "hybrid-kem": "lattice and curve",
};

const portable = createPortable(() => {
  throw new Error("Nothing is made here");
});

function notes(entry: AlgorithmEntry): string {
  const { ike, child, insecure } = entry;
  const scope = ike ? child ? [] : ["ikesa only"] : ["childsa only"];
  const there = entry.ianaName === "NONE" || provides(portable, entry) || opensslHas(entry) !== undefined;
  return [...scope, ...(insecure ? ["insecure"] : []), ...(there ? [] : ["not supported yet"])].join(", ");
}

/** Algorithms by the word that they stand behind. */
export function transformsRegion(): string {
  const bits = (octets: number) => `${8 * octets} bits`;
  return [
    table(
      "Behind\n.Cm enc :",
      ["Key", "Remarks"],
      encrAlgorithms.map((entry) => {
        const remarks = [entry.aead ? "authenticates" : "", notes(entry)].filter((one) => one !== "").join(
          ", ",
        );
        return {
          names: entry.names,
          cells: [entry.keyBits === undefined ? bits(entry.keyLength) : `${entry.keyBits} bits`, remarks],
        };
      }),
    ),
    ".Pp",
    table(
      "Behind\n.Cm auth :",
      ["Key", "Truncated to", "Remarks"],
      integAlgorithms.map((entry) => ({
        names: entry.names,
        cells: [bits(entry.keyLength), bits(entry.icvLength), notes(entry)],
      })),
    ),
    ".Pp",
    table(
      "Behind\n.Cm prf :",
      ["Output", "Remarks"],
      prfAlgorithms.map((entry) => ({ names: entry.names, cells: [bits(entry.outputLength), notes(entry)] })),
    ),
    ".Pp",
    table(
      "Behind\n.Cm group :",
      ["Size", "Type", "Remarks"],
      keAlgorithms.map((entry) => ({
        names: entry.names,
        cells: [entry.bits === 0 ? "" : `${entry.bits} bits`, FAMILIES[entry.family], notes(entry)],
      })),
    ),
  ].join("\n");
}
