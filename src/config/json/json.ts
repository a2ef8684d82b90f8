/** A configuration and what is said about it as JSON (`iked -n --json`). `docs/schema/configuration.json` describes it. */
import { formatAddress, formatEndpoint, formatPrefix } from "../../ip/mod.ts";
import { formatIdentity } from "../../policy/identity.ts";
import type { RadiusService, RadiusSettings } from "../../policy/radius.ts";
import type { AuthSpec, Flow, HostSpec, Identity, Policy } from "../../policy/types.ts";
import type { Proposal } from "../../proposal/mod.ts";
import { formatSelector } from "../../selector/mod.ts";
import { type CodePoints, ENCR, ID_TYPE, INTEG, KE, nameOf, PRF } from "../../wire/registry.ts";
import type { Compiled, ConfigurationOptions } from "../compile/types.ts";
import type { Diagnostic } from "../diagnostics.ts";

/** Version of the form; it goes up when something in it changes its meaning or goes. */
export const JSON_VERSION = 1;
/** What stands for a secret. */
const MASK = "***";

function ciphers({ encr }: Proposal) {
  return encr.map(({ id, keyBits }) => ({ name: nameOf(ENCR, id), keyLength: keyBits ?? null }));
}

function names(registry: CodePoints, ids: readonly number[]): string[] {
  return ids.map((id) => nameOf(registry, id));
}

function ikeProposal(proposal: Proposal) {
  const { prf, integ, ke } = proposal;
  return { encr: ciphers(proposal), prf: names(PRF, prf), integ: names(INTEG, integ), ke: names(KE, ke) };
}

function childProposal(proposal: Proposal) {
  const { protocol, integ, ke, esn } = proposal;
  return {
    protocol: protocol === 2 ? "AH" : "ESP",
    encr: ciphers(proposal),
    integ: names(INTEG, integ),
    ke: names(KE, ke),
    esn: esn.map((one) => one === 1),
  };
}

function identity(value: Identity) {
  return { type: nameOf(ID_TYPE, value.type), value: formatIdentity(value) };
}

function host(spec: HostSpec) {
  switch (spec.kind) {
    case "any":
      return { kind: "any" };
    case "network":
      return { kind: "network", network: formatPrefix(spec.prefix) };
    case "name":
      return {
        kind: "name",
        name: spec.name,
        addresses: spec.addresses.map(formatAddress),
      };
  }
}

function flow({ local, remote, dynamic, sourceNat, where }: Flow) {
  return {
    local: formatSelector(local),
    remote: formatSelector(remote),
    dynamic: dynamic ?? null,
    sourceNat: sourceNat === undefined ? null : formatPrefix(sourceNat),
    where: where ?? null,
  };
}

function authentication(auth: AuthSpec) {
  switch (auth.method) {
    case "psk":
      return { method: "psk", secret: MASK };
    case "signature":
      return { method: "signature", signature: auth.signature };
    case "eap":
      return { method: "eap", eap: auth.eap };
  }
}

function policy(one: Policy) {
  return {
    name: one.name,
    where: one.where ?? null,
    evaluation: one.evaluation,
    mode: one.mode,
    encapsulation: one.encapsulation,
    tunnelMode: one.tunnelMode,
    ipcomp: one.ipcomp ?? false,
    forceNatt: one.forceNatt,
    family: one.family ?? null,
    rdomain: one.rdomain ?? null,
    flows: one.flows.map(flow),
    local: host(one.local),
    peer: host(one.peer),
    ikeProposals: one.ikeProposals.map(ikeProposal),
    childProposals: one.childProposals.map(childProposal),
    localId: identity(one.localId),
    peerId: one.peerId === undefined ? null : identity(one.peerId),
    ikeLifetimeSeconds: one.ikeLifetimeMs / 1000,
    childLifetimeSeconds: one.childLifetime.ms / 1000,
    childLifetimeOctets: one.childLifetime.octets,
    auth: authentication(one.auth),
    config: (one.config ?? []).map(({ attribute, prefix }) => ({ attribute, value: formatPrefix(prefix) })),
    request: (one.request ?? []).map(({ attribute, family, prefix }) => ({
      attribute,
      family,
      value: prefix === undefined ? null : formatPrefix(prefix),
    })),
    iface: one.iface ?? null,
    tag: one.tag ?? null,
    tap: one.tap ?? null,
  };
}

function radiusService({ servers, maxTries, maxFailovers }: RadiusService) {
  return {
    servers: servers.map((server) => ({ address: formatEndpoint(server), secret: MASK })),
    maxTries,
    maxFailovers,
  };
}

function radius({ authentication, accounting, attributes, listen, clients }: RadiusSettings) {
  return {
    authentication: radiusService(authentication),
    accounting: radiusService(accounting),
    attributes: attributes.map(({ attribute, family, vendor, type }) => ({
      attribute: attribute ?? null,
      family,
      vendor,
      type,
    })),
    listen: listen.map(formatEndpoint),
    clients: clients.map(({ address }) => ({ address: formatAddress(address), secret: MASK })),
  };
}

function options({ datapath, ocsp, certPartialChain, radius: settings }: ConfigurationOptions) {
  return {
    datapath: datapath ?? null,
    certPartialChain: certPartialChain ?? false,
    ocsp: ocsp === undefined ? null : {
      url: ocsp.url,
      toleranceSeconds: ocsp.toleranceMs / 1000,
      maxAgeSeconds: ocsp.maxAgeMs === undefined ? null : ocsp.maxAgeMs / 1000,
    },
    radius: settings === undefined ? null : radius(settings),
  };
}

function diagnostic({ severity, code, message, where, excerpt, suggestion }: Diagnostic) {
  return {
    severity,
    code: code ?? null,
    message,
    where: where ?? null,
    line: excerpt?.line ?? null,
    caret: excerpt?.caret ?? null,
    suggestion: suggestion ?? null,
  };
}

/** What was read and what is to be said about it; `compiled` is absent where there is an error. Secrets are masked. */
export function configurationJson(
  compiled: Pick<Compiled, "configuration" | "options" | "uses"> | undefined,
  diagnostics: readonly Diagnostic[],
) {
  const said = {
    version: JSON_VERSION,
    ok: compiled !== undefined,
    diagnostics: diagnostics.map(diagnostic),
  };
  if (compiled === undefined) return { ...said, configuration: null };
  const { globals: { dpdIntervalMs, ...globals }, policies, users } = compiled.configuration;
  return {
    ...said,
    configuration: {
      globals: { ...globals, dpdIntervalSeconds: dpdIntervalMs / 1000 },
      options: options(compiled.options),
      users: (users ?? []).map(({ name }) => ({ name, password: MASK })),
      policies: policies.map(policy),
      features: compiled.uses.map(({ feature, where }) => ({ feature, where })),
    },
  };
}
