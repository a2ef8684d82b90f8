/** `radius` statements (today's iked.conf(5); RFC 2865, RFC 2866, RFC 5176). */
import type { SecretRef } from "../../bytes/mod.ts";
import { type Endpoint, formatAddress, formatEndpoint, type IpAddress, parseAddress } from "../../ip/mod.ts";
import type {
  RadiusAttribute,
  RadiusClient,
  RadiusServer,
  RadiusService,
  RadiusSettings,
} from "../../policy/radius.ts";
import type { RadiusNode, Text } from "../ast.ts";
import { cut, decimal } from "./addresses.ts";
import { configAttribute } from "./config_options.ts";
import type { CompileContext } from "./context.ts";

const AUTHENTICATION_PORT = 1812, ACCOUNTING_PORT = 1813, DYNAMIC_PORT = 3799;
const UDP = 17;
const MAX_TRIES = 100;
const MAX_VENDOR = 0xffffff;

interface Draft {
  readonly servers: RadiusServer[];
  maxTries: number;
  maxFailovers: number;
}

type NodeOf<K extends RadiusNode["kind"]> = Extract<RadiusNode, { kind: K }>;

/** A decimal number, or a hexadecimal one behind `0x`. */
function anyNumber(text: string, max: number): number | undefined {
  if (!/^0x[0-9a-f]{1,8}$/i.test(text)) return decimal(text, max);
  const value = Number(text);
  return value <= max ? value : undefined;
}

class RadiusCompiler {
  readonly authentication: Draft = { servers: [], maxTries: 3, maxFailovers: 0 };
  readonly accounting: Draft = { servers: [], maxTries: 3, maxFailovers: 0 };
  readonly attributes: RadiusAttribute[] = [];
  readonly listen: Endpoint[] = [];
  readonly clients: RadiusClient[] = [];
  readonly #known = new Set<SecretRef>();

  constructor(readonly context: CompileContext) {}

  add(node: RadiusNode): void {
    this.context.use("radius", node.place);
    switch (node.kind) {
      case "server":
        return this.#server(node);
      case "max-tries":
      case "max-failovers":
        return this.#count(node);
      case "config":
        return this.#attribute(node);
      case "listen": {
        const endpoint = this.#endpoint(node.address, node.port, DYNAMIC_PORT);
        if (endpoint !== undefined) this.listen.push(endpoint);
        return;
      }
      case "client":
        this.#client(node);
    }
  }

  #address({ text, place }: Text): IpAddress | undefined {
    const address = parseAddress(text);
    if (address === undefined) this.context.diagnostics.error(place, `"${cut(text)}" is no address`);
    return address;
  }

  #endpoint(address: Text, port: Text | undefined, standard: number): Endpoint | undefined {
    const { environment, diagnostics } = this.context;
    const parsed = this.#address(address);
    if (port === undefined) return parsed && { address: parsed, port: standard };
    const number = decimal(port.text, 65535) ?? environment.service(port.text, UDP);
    if (number !== undefined && number > 0) return parsed && { address: parsed, port: number };
    diagnostics.error(port.place, `unknown port "${cut(port.text)}": expected 1 to 65535 or a service`);
    return undefined;
  }

  #server({ accounting, address, port, secret }: NodeOf<"server">): void {
    const { secrets, diagnostics } = this.context;
    const service = accounting ? this.accounting : this.authentication;
    const endpoint = this.#endpoint(address, port, accounting ? ACCOUNTING_PORT : AUTHENTICATION_PORT);
    if (endpoint === undefined) return;
    const name = formatEndpoint(endpoint);
    const ref = `radius:${accounting ? "accounting" : "authentication"}:${name}` as SecretRef;
    if (this.#isKnown(ref)) {
      diagnostics.error(address.place, `the server ${name} is there already`);
      return;
    }
    service.servers.push({ ...endpoint, secret: ref });
    secrets.push({ ref, octets: secret.octets });
  }

  /** Whether a server or client came before; it has come now. */
  #isKnown(ref: SecretRef): boolean {
    const known = this.#known.has(ref);
    this.#known.add(ref);
    return known;
  }

  #count({ kind, accounting, count }: NodeOf<"max-tries" | "max-failovers">): void {
    const service = accounting ? this.accounting : this.authentication;
    const least = kind === "max-tries" ? 1 : 0;
    const value = decimal(count.text, MAX_TRIES);
    if (value === undefined || value < least) {
      const message = `expected a number from ${least} to ${MAX_TRIES}, found "${cut(count.text)}"`;
      this.context.diagnostics.error(count.place, message);
    } else if (kind === "max-tries") service.maxTries = value;
    else service.maxFailovers = value;
  }

  #attribute({ family, option, vendor, type }: NodeOf<"config">): void {
    const { diagnostics } = this.context;
    const attribute = option.text === "none" ? undefined : configAttribute(option, this.context);
    if (attribute === "protected-subnet") {
      diagnostics.error(option.place, '"protected-subnet" cannot come from a RADIUS server');
    }
    const number = anyNumber(type.text, 255);
    if (number === undefined) {
      diagnostics.error(type.place, `expected an attribute type from 0 to 255, found "${cut(type.text)}"`);
    }
    const enterprise = vendor === undefined ? 0 : anyNumber(vendor.text, MAX_VENDOR);
    if (enterprise === undefined) {
      diagnostics.error(vendor!.place, `expected a vendor from 0 to 0xffffff, found "${cut(vendor!.text)}"`);
    }
    if (number === undefined || enterprise === undefined) return;
    this.attributes.push({
      ...(attribute && { attribute }),
      family: family?.text === "inet6" ? 6 : 4,
      vendor: enterprise,
      type: number,
    });
  }

  #client({ address, secret }: NodeOf<"client">): void {
    const parsed = this.#address(address);
    if (parsed === undefined) return;
    const ref = `radius:client:${formatAddress(parsed)}` as SecretRef;
    if (this.#isKnown(ref)) {
      this.context.diagnostics.error(address.place, `the client ${formatAddress(parsed)} is there already`);
      return;
    }
    this.clients.push({ address: parsed, secret: ref });
    this.context.secrets.push({ ref, octets: secret.octets });
  }

  done(): RadiusSettings {
    const service = ({ servers, maxTries, maxFailovers }: Draft): RadiusService => ({
      servers,
      maxTries,
      maxFailovers,
    });
    const { attributes, listen, clients } = this;
    return {
      authentication: service(this.authentication),
      accounting: service(this.accounting),
      attributes,
      listen,
      clients,
    };
  }
}

/** All `radius` statements; undefined where there is none. */
export function compileRadius(
  nodes: readonly RadiusNode[],
  context: CompileContext,
): RadiusSettings | undefined {
  if (nodes.length === 0) return undefined;
  const compiler = new RadiusCompiler(context);
  for (const node of nodes) compiler.add(node);
  return compiler.done();
}
