/** Arguments as tokens in the order in which they were typed; who asks says what is wrong with them. */
import { parseArgs, type ParseArgsConfig, type ParseArgsOptionsConfig } from "node:util";

/** What there may be among the arguments: options as typed with their values, words, and `--`. */
type Tokens = ReturnType<
  typeof parseArgs<ParseArgsConfig & { strict: false; allowPositionals: true; tokens: true }>
>["tokens"];

/** Knows which options take a value; refuses nothing. */
export function argumentTokens(args: readonly string[], options: ParseArgsOptionsConfig): Tokens {
  return parseArgs({ args: [...args], options, strict: false, allowPositionals: true, tokens: true }).tokens;
}
