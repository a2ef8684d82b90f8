/** Prints a configuration as iked.conf(5), defaults written out: parsing it again gives the same policies. */
import type { SecretRef } from "../../bytes/mod.ts";
import type { EngineConfiguration, Globals } from "../../policy/types.ts";
import type { Compiled, ConfigurationOptions, ConfiguredSecret } from "../compile/types.ts";
import { printPolicy } from "./policy.ts";
import { printRadius } from "./radius.ts";
import { quote, Secrets } from "./values.ts";

function printGlobals(globals: Globals): string[] {
  return [
    globals.active ? "active" : "passive",
    globals.couple ? "couple" : "decouple",
    `dpd_check_interval ${globals.dpdIntervalMs / 1000}`,
    globals.enforceSingleIkeSa ? "enforcesingleikesa" : "noenforcesingleikesa",
    globals.fragmentation ? "fragmentation" : "nofragmentation",
    // A daemon without MOBIKE refuses a file that asks for it; what it prints it has to take back.
    ...(globals.mobike ? [] : ["nomobike"]),
    globals.stickyAddress ? "stickyaddress" : "nostickyaddress",
    globals.vendorId ? "vendorid" : "novendorid",
  ];
}

function printOptions({ certPartialChain, ocsp, datapath }: ConfigurationOptions): string[] {
  const settings: string[] = [];
  if (certPartialChain === true) settings.push("cert_partial_chain");
  if (ocsp !== undefined) {
    const maxAge = ocsp.maxAgeMs === undefined ? "" : ` maxage ${ocsp.maxAgeMs / 1000}`;
    settings.push(`ocsp ${quote(ocsp.url)} tolerate ${ocsp.toleranceMs / 1000}${maxAge}`);
  }
  if (datapath !== undefined) settings.push(`datapath ${datapath}`);
  return settings;
}

function printUsers({ users = [] }: EngineConfiguration, secrets: Secrets): string[] {
  return users.map(({ name, secret }) => `user ${quote(name)} ${secrets.text(secret)}`);
}

/**
 * The configuration as text. With `secrets` the keys are in it; without, `(secret)` stands for each, which is no valid
 * iked.conf(5) on purpose.
 */
export function printConfiguration(
  { configuration, options }: Pick<Compiled, "configuration" | "options">,
  secrets?: readonly ConfiguredSecret[],
): string {
  const octets = new Secrets(new Map<SecretRef, Uint8Array>(secrets?.map((one) => [one.ref, one.octets])));
  const settings = [...printGlobals(configuration.globals), ...printOptions(options)];
  const statements = [
    ...settings.map((one) => `set ${one}`),
    ...printUsers(configuration, octets),
    ...(options.radius === undefined ? [] : printRadius(options.radius, octets)),
    ...configuration.policies.map((policy) => printPolicy(policy, octets)),
  ];
  return `${statements.join("\n")}\n`;
}
