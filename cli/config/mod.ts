/**
 * Reads the configuration: the file and what it includes, with the checks of ownership; names, services, protocols and
 * interfaces of this host; then parses, checks and compiles it. Only files, DNS and `sys` are needed.
 * @module
 */
import {
  type CommandLine,
  compile,
  type Compiled,
  type ConfigurationNode,
  type DatapathName,
  type Diagnostic,
  Diagnostics,
  type Environment,
  firstUnsupported,
  formatDiagnostic,
  hostNamesIn,
  lint,
  type LintFacts,
  parse,
  Source,
} from "../../src/config/mod.ts";
import type { IpAddress } from "../../src/ip/mod.ts";
import type { NameAnswer } from "../../src/policy/name_watch.ts";
import type { EngineConfiguration } from "../../src/policy/types.ts";
import { installedCertificates } from "./certificates.ts";
import { protocols, services } from "./databases.ts";
import { resolveNames } from "./names.ts";
import { includePath, readConfigurationFile } from "./read_file.ts";

export { parseMacro } from "./macro_option.ts";

export interface LoadOptions extends CommandLine {
  /** Path of the file; `-` is the standard input. */
  readonly file: string;
  /** Macros of `-D`. */
  readonly macros?: ReadonlyMap<string, string>;
  /** `--dir`: certificates are in its `certs/`; nobody looks where it is absent. */
  readonly directory?: string;
  /** How long names may take to resolve. */
  readonly resolveTimeoutMs?: number;
}

/**
 * A configuration without errors, or only what is to be said about it. `secrets` belong to the caller, who passes them
 * on and wipes them.
 */
export type LoadedConfiguration =
  & { readonly diagnostics: readonly Diagnostic[] }
  & (({ readonly ok: true; readonly tree: ConfigurationNode } & Compiled & Named) | { readonly ok: false });

/** Host names in a configuration. */
export interface Named {
  /** What each was found to have. */
  readonly names: ReadonlyMap<string, NameAnswer>;
  /** The same configuration where names have these addresses; undefined: they do not fit it. Secrets are not looked at. */
  readonly withAddresses: (
    addresses: ReadonlyMap<string, readonly IpAddress[]>,
  ) => EngineConfiguration | undefined;
}

const DEFAULT_RESOLVE_TIMEOUT_MS = 5000;

function refused(file: string, reason: string): LoadedConfiguration {
  const where = { file, line: 1, column: 1 };
  return {
    ok: false,
    diagnostics: [{ severity: "error", message: `cannot use this file: ${reason}`, where }],
  };
}

/** The same, or refused for these reasons where there are any: then no secret is kept. */
export function refusedFor(loaded: LoadedConfiguration, reasons: readonly Diagnostic[]): LoadedConfiguration {
  if (!loaded.ok || reasons.length === 0) return loaded;
  for (const { octets } of loaded.secrets) octets.fill(0);
  return { ok: false, diagnostics: [...loaded.diagnostics, ...reasons] };
}

/** The same, or refused where it asks for what none of these data paths can do yet, with a reason for each of them. */
export function supported(
  loaded: LoadedConfiguration,
  datapaths: readonly DatapathName[],
): LoadedConfiguration {
  if (!loaded.ok) return loaded;
  const said = new Map<string, Diagnostic>();
  for (const name of datapaths) {
    const reason = firstUnsupported(loaded.uses, name);
    if (reason === undefined) return loaded;
    said.set(formatDiagnostic(reason), reason);
  }
  return refusedFor(loaded, [...said.values()]);
}

/** Certificates are looked at only where a policy authenticates by them. */
function factsFor({ configuration }: Compiled, { directory }: LoadOptions): LintFacts {
  const signs = configuration.policies.some(({ auth }) => auth.method !== "psk");
  return signs && directory !== undefined ? { certificates: installedCertificates(directory) } : {};
}

/** Reads a configuration. It throws for nothing that is in a file. */
export async function loadConfiguration(options: LoadOptions): Promise<LoadedConfiguration> {
  const first = readConfigurationFile(options.file);
  if (!first.ok) return refused(options.file, first.error);
  const identities = new Map<Source, string>();
  const source = new Source(options.file === "-" ? "stdin" : options.file, first.value.octets);
  identities.set(source, first.value.identity);
  const diagnostics = new Diagnostics();
  const context = {
    macros: options.macros ?? new Map<string, string>(),
    include: (path: string, chain: readonly Source[]): Source | string => {
      const full = includePath(path, chain.at(-1)!.name);
      const read = readConfigurationFile(full);
      if (!read.ok) return read.error;
      if (chain.some((one) => identities.get(one) === read.value.identity)) {
        read.value.octets.fill(0);
        return "it is being read already: files include each other";
      }
      const included = new Source(full, read.value.octets);
      identities.set(included, read.value.identity);
      return included;
    },
    readKey: (path: string, chain: readonly Source[]): Uint8Array | string => {
      const read = readConfigurationFile(includePath(path, chain.at(-1)!.name));
      return read.ok ? read.value.octets : read.error;
    },
  };
  const { tree, wipe } = parse(source, context, diagnostics);
  try {
    const timeoutMs = options.resolveTimeoutMs ?? DEFAULT_RESOLVE_TIMEOUT_MS;
    const names = await resolveNames(hostNamesIn(tree), timeoutMs);
    const environment: Environment = {
      hostname: Deno.hostname(),
      protocol: protocols(),
      service: services(),
      addressesOf: (name) => names.get(name)?.addresses,
    };
    const withAddresses: Named["withAddresses"] = (addresses) => {
      const moved: Environment = { ...environment, addressesOf: (name) => addresses.get(name) };
      return compile(tree, moved, new Diagnostics(), options)?.configuration;
    };
    const compiled = compile(tree, environment, diagnostics, options);
    if (compiled !== undefined) lint(tree, compiled, factsFor(compiled, options), diagnostics);
    const said = diagnostics.finish();
    return compiled === undefined
      ? { ok: false, diagnostics: said }
      : { ok: true, tree, ...compiled, diagnostics: said, names, withAddresses };
  } finally {
    wipe();
  }
}
