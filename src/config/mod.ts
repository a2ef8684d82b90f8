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
export { type Keyword, type KeywordKind, KEYWORDS } from "./keywords.ts";
export { parse, type Parsed } from "./parser/file.ts";
export type { ParseContext } from "./parser/context.ts";
export { type Environment, hostNamesIn } from "./environment.ts";
export { compile } from "./compile/compile.ts";
export {
  AUTOMATIC_DATAPATHS,
  type CommandLine,
  type Compiled,
  type ConfigurationOptions,
  type ConfiguredSecret,
  type DatapathName,
  DATAPATHS,
  type OcspSettings,
} from "./compile/types.ts";
export { type Feature, type FeatureUse, firstUnsupported, limitOf } from "./unsupported.ts";
export { type InstalledCertificate, lint, type LintFacts } from "./lint/mod.ts";
export { configurationJson } from "./json/json.ts";
export { printConfiguration } from "./print/print.ts";
export { formatConfiguration, isSameText } from "./format/mod.ts";
