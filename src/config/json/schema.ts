/** The form of `iked -n --json` as a JSON Schema (2020-12). `deno task schema` writes it to `docs/schema`. */
import { encrAlgorithms, integAlgorithms, keAlgorithms, prfAlgorithms } from "../../crypto/algorithms.ts";
import { DATAPATHS } from "../compile/types.ts";
import { WARNINGS } from "../diagnostics.ts";
import { JSON_VERSION } from "./json.ts";

/** The part of JSON Schema that is used here. */
export interface Schema {
  readonly $schema?: string;
  readonly $id?: string;
  readonly title?: string;
  readonly description?: string;
  readonly type?: "object" | "array" | "string" | "integer" | "number" | "boolean" | "null";
  readonly const?: string | number | boolean | null;
  readonly enum?: readonly (string | number | boolean | null)[];
  readonly anyOf?: readonly Schema[];
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean;
  readonly items?: Schema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
}

/** An object with exactly these properties. */
function object(properties: Readonly<Record<string, Schema>>, description?: string): Schema {
  const form = { properties, required: Object.keys(properties), additionalProperties: false };
  return { ...(description === undefined ? {} : { description }), type: "object", ...form };
}

const list = (items: Schema, description?: string): Schema => ({
  ...(description === undefined ? {} : { description }),
  type: "array",
  items,
});
const orNull = (schema: Schema): Schema => ({ anyOf: [schema, { type: "null" }] });
const words = (...values: readonly string[]): Schema => ({ enum: values });
const ref = (name: string): Schema => ({ $ref: `#/$defs/${name}` });
const text = (description?: string): Schema => ({
  type: "string",
  ...(description === undefined ? {} : { description }),
});
const amount = (description: string): Schema => ({ description, type: "number", minimum: 0 });
const flag: Schema = { type: "boolean" };
const family: Schema = { enum: [4, 6] };
const masked: Schema = { description: "Secrets are never in it.", const: "***" };
const address = text("IPv4 or IPv6, without a length where it is one address."), name = text();
const anyone = { description: "Addresses of an endpoint." };

function namesOf(algorithms: readonly { readonly ianaName: string }[]): Schema {
  return { description: "IANA's name.", enum: [...new Set(algorithms.map(({ ianaName }) => ianaName))] };
}

const attribute = words(
  "address",
  "netmask",
  "name-server",
  "netbios-server",
  "dhcp-server",
  "protected-subnet",
  "access-server",
);

const DEFINITIONS: Readonly<Record<string, Schema>> = {
  place: object(
    { file: name, line: { type: "integer", minimum: 1 }, column: { type: "integer", minimum: 1 } },
    "Line and column count from 1, the column in characters.",
  ),
  diagnostic: object({
    severity: words("error", "warning"),
    code: {
      description: "Of a warning; docs/warnings.md explains each.",
      ...orNull(words(...Object.values(WARNINGS))),
    },
    message: name,
    where: orNull(ref("place")),
    line: { description: "The source line, secrets masked.", ...orNull(name) },
    caret: { description: "Blanks and `^`, to be written below the line.", ...orNull(name) },
    suggestion: { description: "A word close to the one that is wrong.", ...orNull(name) },
  }),
  cipher: object({
    name: namesOf(encrAlgorithms),
    keyLength: {
      description: "Bits, where it has a Key Length attribute.",
      ...orNull({ type: "integer", minimum: 0 }),
    },
  }),
  ikeProposal: object({
    encr: list(ref("cipher")),
    prf: list(namesOf(prfAlgorithms)),
    integ: list(namesOf(integAlgorithms), "Empty with AEADs."),
    ke: list(namesOf(keAlgorithms)),
  }, "The alternatives of each type, in order of preference."),
  childProposal: object({
    protocol: words("ESP", "AH"),
    encr: list(ref("cipher"), "Empty for AH."),
    integ: list(namesOf(integAlgorithms), "Empty with AEADs."),
    ke: list(namesOf(keAlgorithms), "Empty without perfect forward secrecy."),
    esn: list(flag, "Extended sequence numbers or not."),
  }, "The alternatives of each type, in order of preference."),
  host: {
    ...anyone,
    anyOf: [
      object({ kind: { const: "any" } }),
      object({ kind: { const: "network" }, network: address }),
      object({ kind: { const: "name" }, name, addresses: list(address, "Those that it has now.") }),
    ],
  },
  identity: object({ type: { ...text("ID type, IANA's name."), pattern: "^ID_" }, value: name }),
  flow: object({
    local: text("ADDRESSES or ADDRESSES[PROTOCOL/PORTS]."),
    remote: text("ADDRESSES or ADDRESSES[PROTOCOL/PORTS]."),
    dynamic: { description: "The end whose address is leased.", ...orNull(words("local", "remote", "both")) },
    sourceNat: { description: "The true source behind `local`.", ...orNull(address) },
    where: orNull(ref("place")),
  }),
  auth: {
    anyOf: [
      object({ method: { const: "psk" }, secret: masked }),
      object({
        method: { const: "signature" },
        signature: words("any", "rsa", "ecdsa256", "ecdsa384", "ecdsa521", "rfc7427"),
      }),
      object({ method: { const: "eap" }, eap: words("mschap-v2", "radius") }),
    ],
  },
  policy: object({
    name,
    where: orNull(ref("place")),
    evaluation: words("normal", "quick", "skip", "default"),
    mode: words("active", "passive"),
    encapsulation: words("esp", "ah"),
    tunnelMode: words("tunnel", "transport"),
    ipcomp: flag,
    forceNatt: flag,
    family: { description: "Of the endpoints; null: both.", ...orNull(family) },
    rdomain: orNull({ type: "integer", minimum: 0, maximum: 255 }),
    flows: list(ref("flow")),
    local: ref("host"),
    peer: ref("host"),
    ikeProposals: list(ref("ikeProposal")),
    childProposals: list(ref("childProposal")),
    localId: ref("identity"),
    peerId: { description: "null: any.", ...orNull(ref("identity")) },
    ikeLifetimeSeconds: amount("0: for ever."),
    childLifetimeSeconds: amount("0: for ever."),
    childLifetimeOctets: amount("0: any number."),
    auth: ref("auth"),
    config: list(object({ attribute, value: address }), "What an initiator is told."),
    request: list(object({ attribute, family, value: orNull(address) }), "What a responder is asked for."),
    iface: orNull(name),
    tag: orNull(name),
    tap: orNull(name),
  }),
  radiusService: object({
    servers: list(object({ address: text("ADDRESS:PORT or [ADDRESS]:PORT."), secret: masked })),
    maxTries: { type: "integer", minimum: 0 },
    maxFailovers: { type: "integer", minimum: 0 },
  }),
  radius: object({
    authentication: ref("radiusService"),
    accounting: ref("radiusService"),
    attributes: list(object({
      attribute: { description: "null: a default is taken back.", ...orNull(attribute) },
      family,
      vendor: { description: "0: the standard's.", type: "integer", minimum: 0 },
      type: { type: "integer", minimum: 0, maximum: 255 },
    })),
    listen: list(text("ADDRESS:PORT or [ADDRESS]:PORT.")),
    clients: list(object({ address, secret: masked })),
  }),
  ocsp: object({
    url: name,
    toleranceSeconds: amount("0: times are not looked at."),
    maxAgeSeconds: { description: "null: as the answer says.", ...orNull({ type: "number", minimum: 0 }) },
  }),
  globals: object({
    active: flag,
    couple: flag,
    enforceSingleIkeSa: flag,
    vendorId: flag,
    fragmentation: flag,
    mobike: flag,
    stickyAddress: flag,
    natt: words("on", "off", "force"),
    dpdIntervalSeconds: amount("0: no liveness probes."),
  }),
  options: object({
    datapath: orNull(words(...DATAPATHS)),
    certPartialChain: flag,
    ocsp: orNull(ref("ocsp")),
    radius: orNull(ref("radius")),
  }),
  configuration: object({
    globals: ref("globals"),
    options: ref("options"),
    users: list(object({ name, password: masked })),
    policies: list(ref("policy"), "In the order of the file."),
    features: list(
      object({ feature: name, where: ref("place") }),
      "What the configuration asks for beyond plain ESP tunnels with pre-shared keys.",
    ),
  }),
};

/** The whole of it. */
export const CONFIGURATION_SCHEMA: Schema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "iked -n --json",
  ...object({
    version: { const: JSON_VERSION },
    ok: { description: "Without an error: what iked -n says with exit code 0.", ...flag },
    diagnostics: list(ref("diagnostic"), "File by file, in the order of the lines."),
    configuration: { description: "null where there is an error.", ...orNull(ref("configuration")) },
  }, "A configuration as iked reads it, and all that is to be said about it."),
  $defs: DEFINITIONS,
};
