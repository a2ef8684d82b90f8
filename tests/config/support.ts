import type { IpAddress } from "../../src/ip/mod.ts";
import { parseAddress } from "../../src/ip/mod.ts";
import {
  type CommandLine,
  compile,
  type Compiled,
  type Diagnostic,
  Diagnostics,
  type Environment,
  formatDiagnostic,
  parse,
  Source,
} from "../../src/config/mod.ts";

const HOSTS: Readonly<Record<string, readonly string[]>> = {
  "gw.example.com": ["192.0.2.10", "2001:db8::10"],
  "v4.example.com": ["192.0.2.11"],
  em0: ["203.0.113.1"],
  em2: ["203.0.113.2", "2001:db8::2"],
};
const PROTOCOLS: Readonly<Record<string, number>> = { icmp: 1, tcp: 6, udp: 17, gre: 47, esp: 50, ah: 51 };
const SERVICES: Readonly<Record<string, number>> = { "telnet/6": 23, "domain/17": 53 };

/** A host with a few names. */
export const environment: Environment = {
  hostname: "host.example.com",
  protocol: (name) => PROTOCOLS[name],
  service: (name, protocol) => SERVICES[`${name}/${protocol}`],
  addressesOf: (name) => HOSTS[name]?.map((one): IpAddress => parseAddress(one)!),
};

export interface Read {
  readonly compiled: Compiled | undefined;
  readonly diagnostics: readonly Diagnostic[];
  /** All diagnostics as they are printed. */
  readonly text: string;
}

export interface ReadOptions extends CommandLine {
  readonly macros?: Readonly<Record<string, string>>;
  /** Files that can be included. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  /** Files with keys; their octets are the reader's. */
  readonly keys?: Readonly<Record<string, Uint8Array>> | undefined;
  readonly environment?: Environment;
}

/** Octets of a text. */
export function octetsOf(text: string | Uint8Array): Uint8Array {
  return typeof text === "string" ? new TextEncoder().encode(text) : text.slice();
}

/** Reads a configuration as the daemon does, out of memory. */
export function read(text: string | Uint8Array, options: ReadOptions = {}): Read {
  const diagnostics = new Diagnostics();
  const context = {
    macros: new Map(Object.entries(options.macros ?? {})),
    include: (path: string, chain: readonly Source[]) => {
      const file = options.files?.[path];
      if (file === undefined) return "there is no such file";
      if (chain.some((one) => one.name === path)) return "files include each other";
      return new Source(path, octetsOf(file));
    },
    readKey: (path: string) => options.keys?.[path] ?? "there is no such file",
  };
  const { tree, wipe } = parse(new Source("iked.conf", octetsOf(text)), context, diagnostics);
  const compiled = compile(tree, options.environment ?? environment, diagnostics, options);
  const finished = diagnostics.finish();
  wipe();
  return { compiled, diagnostics: finished, text: finished.map(formatDiagnostic).join("\n") };
}

/** Reads what has no error, or throws what the errors say. */
export function readGood(text: string | Uint8Array, options: ReadOptions = {}): Compiled {
  const { compiled, text: said } = read(text, options);
  if (compiled === undefined) throw new Error(said);
  return compiled;
}

/** Where nothing of a file depends on places: policies without them, and secrets as hex. */
export function meaning({ configuration, secrets, options }: Compiled): unknown {
  const policies = configuration.policies.map(({ where: _, flows, ...rest }) => ({
    ...rest,
    flows: flows.map(({ where: _, ...flow }) => flow),
  }));
  return { globals: configuration.globals, policies, secrets, options };
}
