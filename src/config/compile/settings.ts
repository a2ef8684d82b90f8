/** `set` statements to the engine's globals and the other settings. */
import type { Globals } from "../../policy/types.ts";
import type { SetNode } from "../ast.ts";
import { closest } from "../suggest.ts";
import { cut, decimal } from "./addresses.ts";
import type { CompileContext } from "./context.ts";
import { type CommandLine, type ConfigurationOptions, DATAPATHS, type OcspSettings } from "./types.ts";

const DEFAULT_GLOBALS: Globals = {
  active: true,
  couple: true,
  dpdIntervalMs: 60_000,
  enforceSingleIkeSa: false,
  vendorId: true,
  fragmentation: false,
  mobike: true,
  stickyAddress: false,
  natt: "on",
};
const MAX_DPD_SECONDS = 86_400;

/** Options of `set` that are one of two words. */
const SWITCHES: ReadonlyMap<string, readonly [keyof Globals, boolean]> = new Map([
  ["active", ["active", true]],
  ["passive", ["active", false]],
  ["couple", ["couple", true]],
  ["decouple", ["couple", false]],
  ["enforcesingleikesa", ["enforceSingleIkeSa", true]],
  ["noenforcesingleikesa", ["enforceSingleIkeSa", false]],
  ["vendorid", ["vendorId", true]],
  ["novendorid", ["vendorId", false]],
  ["fragmentation", ["fragmentation", true]],
  ["nofragmentation", ["fragmentation", false]],
  ["mobike", ["mobike", true]],
  ["nomobike", ["mobike", false]],
  ["stickyaddress", ["stickyAddress", true]],
  ["nostickyaddress", ["stickyAddress", false]],
]);

type Draft = { -readonly [K in keyof Globals]: Globals[K] };
type Options = { -readonly [K in keyof ConfigurationOptions]: ConfigurationOptions[K] };

class Settings {
  readonly globals: Draft = { ...DEFAULT_GLOBALS };
  readonly options: Options = {};
  readonly #last = new Map<string, SetNode>();

  constructor(readonly context: CompileContext) {}

  apply(node: SetNode): void {
    const { option } = node;
    const choice = SWITCHES.get(option.text);
    if (choice !== undefined) {
      const [key, value] = choice;
      Object.assign(this.globals, { [key]: value });
      this.#last.set(key, node);
      return;
    }
    this.#last.set(option.text, node);
    switch (option.text) {
      case "dpd_check_interval":
        return this.#dpd(node);
      case "datapath":
        return this.#datapath(node);
      case "cert_partial_chain":
        this.options.certPartialChain = true;
        return;
      case "ocsp":
        this.#ocsp(node);
    }
  }

  #dpd({ value }: SetNode): void {
    const { text, place } = value!;
    const seconds = decimal(text, MAX_DPD_SECONDS);
    if (seconds !== undefined) this.globals.dpdIntervalMs = seconds * 1000;
    else {
      const message = `expected 0 to ${MAX_DPD_SECONDS} seconds, found "${cut(text)}"`;
      this.context.diagnostics.error(place, message);
    }
  }

  #datapath({ value }: SetNode): void {
    const { text, place } = value!;
    const datapath = DATAPATHS.find((one) => one === text);
    if (datapath !== undefined) this.options.datapath = datapath;
    else {
      const message = `unknown data path "${cut(text)}": expected ${DATAPATHS.join(", ")}`;
      this.context.diagnostics.error(place, message, () => closest(text, DATAPATHS));
    }
  }

  #ocsp({ value, tolerate, maxage }: SetNode): void {
    const { text, place } = value!;
    const host = /^https?:\/\/([^/?#]+)/i.test(text) && URL.canParse(text);
    if (!host) {
      this.context.diagnostics.error(
        place,
        `"${cut(text)}" is no URL: expected http://HOST/ or https://HOST/`,
      );
      return;
    }
    const settings: OcspSettings = {
      url: text,
      toleranceMs: (tolerate?.value ?? 0) * 1000,
      ...(maxage === undefined ? {} : { maxAgeMs: maxage.value * 1000 }),
    };
    this.options.ocsp = settings;
  }

  /** What the last word on each option asks for. */
  uses(): void {
    for (const { option } of this.#last.values()) {
      switch (option.text) {
        case "fragmentation":
        case "mobike":
        case "stickyaddress":
        case "cert_partial_chain":
        case "ocsp":
          this.context.use(option.text, option.place);
      }
    }
  }
}

/** The settings, the last one of each kind winning, the command line over all. */
export function compileSettings(
  nodes: readonly SetNode[],
  commandLine: CommandLine,
  context: CompileContext,
): { readonly globals: Globals; readonly options: ConfigurationOptions } {
  const settings = new Settings(context);
  for (const node of nodes) settings.apply(node);
  settings.uses();
  const { globals, options } = settings;
  if (commandLine.passive === true) globals.active = false;
  if (commandLine.natt !== undefined) globals.natt = commandLine.natt;
  return { globals, options };
}
