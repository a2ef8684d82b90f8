/** The command line of `iked decode`. */
import { argumentTokens } from "../argument_tokens.ts";
import { fail, ok, type Result } from "../../src/bytes/mod.ts";

export interface DecodeOptions {
  readonly json: boolean;
  /** The files are bare IKE messages instead of one capture. */
  readonly raw: boolean;
  /** Key table. */
  readonly keys?: string;
  /** One with a capture; `-` is standard input. */
  readonly files: readonly string[];
}

export const DECODE_USAGE = "usage: iked decode [--json] [--keys FILE] FILE.pcap|FILE.pcapng\n" +
  "       iked decode [--json] [--keys FILE] --raw FILE ...";

const SPEC = {
  json: { type: "boolean" },
  keys: { type: "string" },
  raw: { type: "boolean" },
} as const;

/** Reads the arguments behind `decode`; the error is one line. */
export function parseDecodeOptions(args: readonly string[]): Result<DecodeOptions, string> {
  const files: string[] = [];
  let json = false, raw = false, keys: string | undefined;
  for (const token of argumentTokens(args, SPEC)) {
    if (token.kind === "option-terminator") continue;
    if (token.kind === "positional") files.push(token.value);
    else if (token.rawName === "--keys") {
      if (token.value === undefined) return fail("option --keys needs an argument");
      keys = token.value;
    } else if (token.rawName !== "--json" && token.rawName !== "--raw") {
      return fail(`unknown option: ${token.rawName}`);
    } else if (token.value !== undefined) return fail(`option ${token.rawName} takes no argument`);
    else if (token.rawName === "--json") json = true;
    else raw = true;
  }
  if (files.length === 0) return fail("no file is named");
  if (!raw && files.length > 1) return fail(`superfluous argument: ${files[1]}`);
  return ok({ json, raw, files, ...(keys === undefined ? {} : { keys }) });
}
