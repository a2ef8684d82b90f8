/**
 * Room `config`: the language of iked.conf(5).
 *
 * Duty: octets to tokens, tree, checks, `EngineConfiguration`, and back to text; every error with its place.
 * May import: policy (and selector, proposal, crypto's registry). Never: reads files, resolves names, or keeps secrets:
 * files, names and numbers come in as values.
 * @module
 */
export { type Place, Source } from "./source.ts";
export {
  type Diagnostic,
  Diagnostics,
  formatDiagnostic,
  hasErrors,
  type WarningCode,
  WARNINGS,
} from "./diagnostics.ts";
export type * from "./ast.ts";
export { parse, type ParseContext, type Parsed } from "./parser.ts";
export { type Environment, hostNamesIn } from "./environment.ts";
export {
  type CommandLine,
  compile,
  type Compiled,
  type ConfigurationOptions,
  type ConfiguredSecret,
  type DatapathName,
  DATAPATHS,
} from "./compile.ts";
export { printConfiguration } from "./print.ts";
export { formatConfiguration, isSameText } from "./format/mod.ts";
