/** Configurations for two hosts with one tunnel between them, as the configuration compiler would make them. */
import { ascii, type SecretRef } from "../../src/bytes/mod.ts";
import {
  ANY_PORT,
  type IpAddress,
  parseAddress,
  parsePrefix,
  type Prefix,
  rangeOfPrefix,
} from "../../src/ip/mod.ts";
import type { Proposal } from "../../src/proposal/types.ts";
import type { TrafficSelector } from "../../src/selector/types.ts";
import type { EngineConfiguration, Flow, Globals, Policy } from "../../src/policy/types.ts";

/** The PSK of both hosts where a test says nothing else. */
export const PSK_REF = "psk/example" as SecretRef;

export function address(text: string): IpAddress {
  const parsed = parseAddress(text);
  if (parsed === undefined) throw new Error(`Not an address: "${text}"`);
  return parsed;
}

function prefix(text: string): Prefix {
  const parsed = parsePrefix(text);
  if (parsed === undefined) throw new Error(`Not a prefix: "${text}"`);
  return parsed;
}

/** A selector for a network: `10.1.0.0/16`, any protocol, any port unless said. */
export function selector(text: string, protocol = 0, port?: number): TrafficSelector {
  const ports = port === undefined ? ANY_PORT : { start: port, end: port };
  return { addresses: rangeOfPrefix(prefix(text)), protocol, ports };
}

export function flow(local: string, remote: string): Flow {
  return { local: selector(local), remote: selector(remote) };
}

/** AES-256-GCM, PRF-HMAC-SHA2-256, X25519. */
export const IKE_AEAD: Proposal = {
  protocol: 1,
  encr: [{ id: 20, keyBits: 256 }],
  prf: [5],
  integ: [],
  ke: [31],
  esn: [],
};

/** AES-128-CBC with HMAC-SHA2-256-128, PRF-HMAC-SHA2-256, X25519. */
export const IKE_MAC: Proposal = {
  protocol: 1,
  encr: [{ id: 12, keyBits: 128 }],
  prf: [5],
  integ: [12],
  ke: [31],
  esn: [],
};

/** AES-256-GCM, no PFS, both kinds of sequence numbers. */
export const ESP_AEAD: Proposal = {
  protocol: 3,
  encr: [{ id: 20, keyBits: 256 }],
  prf: [],
  integ: [],
  ke: [],
  esn: [1, 0],
};

/** AES-128-CBC with HMAC-SHA2-256-128, no PFS, both kinds of sequence numbers. */
export const ESP_MAC: Proposal = {
  protocol: 3,
  encr: [{ id: 12, keyBits: 128 }],
  prf: [],
  integ: [12],
  ke: [],
  esn: [1, 0],
};

/** A proposal with these key exchange methods: PFS where it is one for a Child SA. */
export function withKe(proposal: Proposal, ...ke: readonly number[]): Proposal {
  return { ...proposal, ke };
}

/** What a test may set apart from the defaults of one side. */
export interface SideOptions {
  readonly policy?: Partial<Policy>;
  readonly globals?: Partial<Globals>;
}

const GLOBALS: Globals = {
  active: true,
  couple: true,
  dpdIntervalMs: 0,
  enforceSingleIkeSa: false,
  vendorId: false,
  fragmentation: false,
  mobike: false,
  stickyAddress: false,
  natt: "on",
};

/** Where host `a` and host `b` are, of each family. */
export const ADDRESSES = {
  4: { a: address("192.0.2.1"), b: address("198.51.100.2"), nat: address("203.0.113.3") },
  6: { a: address("2001:db8:1::1"), b: address("2001:db8:2::2"), nat: address("2001:db8:3::3") },
} as const;

/** `a`'s side: active towards `b`, 10.1.0.0/16 behind it, 10.2.0.0/16 behind the peer. */
export function sideA(options: SideOptions = {}, family: 4 | 6 = 4): EngineConfiguration {
  return side("a", options, family);
}

/** `b`'s side: passive, the mirror image. */
export function sideB(options: SideOptions = {}, family: 4 | 6 = 4): EngineConfiguration {
  return side("b", options, family);
}

function side(name: "a" | "b", options: SideOptions, family: 4 | 6): EngineConfiguration {
  const other = name === "a" ? "b" : "a";
  const networks = { a: "10.1.0.0/16", b: "10.2.0.0/16" };
  const host = (who: "a" | "b"): Prefix => ({
    address: ADDRESSES[family][who],
    length: family === 4 ? 32 : 128,
  });
  const policy: Policy = {
    name: `to-${other}`,
    evaluation: "normal",
    mode: name === "a" ? "active" : "passive",
    encapsulation: "esp",
    tunnelMode: "tunnel",
    forceNatt: false,
    flows: [flow(networks[name], networks[other])],
    local: { kind: "any" },
    peer: name === "a" ? { kind: "network", prefix: host(other) } : { kind: "any" },
    ikeProposals: [IKE_AEAD],
    childProposals: [ESP_AEAD],
    localId: { type: 2, data: ascii(`${name}.example.com`) },
    peerId: { type: 2, data: ascii(`${other}.example.com`) },
    ikeLifetimeMs: 0,
    childLifetime: { ms: 0, octets: 0 },
    auth: { method: "psk", secret: PSK_REF },
    ...options.policy,
  };
  return { globals: { ...GLOBALS, ...options.globals }, policies: [policy] };
}
