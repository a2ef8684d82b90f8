/** One `ikev2` statement to a policy. */
import type { SecretRef } from "../../bytes/mod.ts";
import { parseIdentity } from "../../policy/identity.ts";
import { isNoMark } from "../../policy/mark.ts";
import type { AuthSpec, Identity, Policy, SignatureMethod } from "../../policy/types.ts";
import type { PolicyNode, Text } from "../ast.ts";
import { placeValue } from "../diagnostics.ts";
import { closest } from "../suggest.ts";
import { cut } from "./addresses.ts";
import { compileConfig } from "./config_options.ts";
import type { CompileContext } from "./context.ts";
import { compileEndpoints } from "./endpoints.ts";
import { compileFlows } from "./flows.ts";
import { compileProposals } from "./proposals.ts";

/** iked.conf(5), "lifetime": three hours, four gigabytes. */
const DEFAULT_LIFETIME = { ms: 3 * 3600 * 1000, octets: 4 * 1024 ** 3 };
const EAP_METHODS = ["mschap-v2", "radius"] as const;
/** Characters of a tag: far more than a packet filter takes. */
const MAX_TAG = 255;

class PolicyCompiler {
  constructor(readonly node: PolicyNode, readonly name: string, readonly context: CompileContext) {}

  compile(): Policy | undefined {
    const { node, name, context } = this;
    if (node.flows.length === 0) {
      context.diagnostics.error(node.place, 'this policy has no flow: expected "from … to …"');
    }
    this.#uses();
    const encapsulation = node.encapsulation?.text === "ah" ? "ah" : "esp";
    const flows = compileFlows(node, context);
    const ikeProposals = compileProposals(node.sas, "ikesa", encapsulation, context.diagnostics);
    const childProposals = compileProposals(node.sas, "childsa", encapsulation, context.diagnostics);
    const { family, local, peer } = compileEndpoints(node, context);
    const localId = this.#localId();
    const peerId = node.dstid === undefined ? undefined : this.#identity(node.dstid);
    const auth = this.#auth();
    const { config, request } = compileConfig(node, context);
    const filters = this.#filters();
    if (localId === undefined || auth === undefined) return undefined;
    return {
      name,
      where: placeValue(node.place),
      evaluation: (node.evaluation?.text ?? "normal") as Policy["evaluation"],
      mode: node.mode?.text === "active" ? "active" : "passive",
      encapsulation,
      tunnelMode: node.tunnelMode?.text === "transport" ? "transport" : "tunnel",
      ...(node.ipcomp === undefined ? {} : { ipcomp: true }),
      forceNatt: node.natt !== undefined,
      ...(family === undefined ? {} : { family }),
      ...(node.rdomain === undefined ? {} : { rdomain: node.rdomain.value }),
      flows,
      local,
      peer,
      ikeProposals,
      childProposals,
      localId,
      ...(peerId === undefined ? {} : { peerId }),
      ikeLifetimeMs: (node.ikeLifetime?.value ?? 0) * 1000,
      childLifetime: {
        ms: node.lifetime === undefined ? DEFAULT_LIFETIME.ms : node.lifetime.value * 1000,
        octets: node.lifetimeBytes?.value ?? DEFAULT_LIFETIME.octets,
      },
      auth,
      ...(config.length === 0 ? {} : { config }),
      ...(request.length === 0 ? {} : { request }),
      ...filters,
    };
  }

  /** What no part of compiling looks at by itself. */
  #uses(): void {
    const { node, context } = this;
    if (node.encapsulation?.text === "ah") context.use("ah", node.encapsulation.place);
    if (node.ipcomp !== undefined) context.use("ipcomp", node.ipcomp.place);
    if (node.tunnelMode?.text === "transport") context.use("transport", node.tunnelMode.place);
    if (node.rdomain !== undefined) context.use("rdomain", node.rdomain.place);
  }

  #identity({ text, place }: Text): Identity | undefined {
    const identity = /\p{Cc}/u.test(text) ? undefined : parseIdentity(text);
    if (identity === undefined) this.context.diagnostics.error(place, `"${cut(text)}" is no identity`);
    return identity;
  }

  #localId(): Identity | undefined {
    const { srcid, place } = this.node;
    if (srcid !== undefined) return this.#identity(srcid);
    const { environment, diagnostics } = this.context;
    const identity = parseIdentity(environment.hostname);
    if (identity === undefined) diagnostics.error(place, 'this machine has no host name: write "srcid"');
    return identity;
  }

  #auth(): AuthSpec | undefined {
    const { node: { auth, place }, name, context } = this;
    if (auth?.kind === "psk") {
      const ref = `psk:${name}` as SecretRef;
      context.secrets.push({ ref, octets: auth.secret.octets });
      return { method: "psk", secret: ref };
    }
    if (auth?.kind !== "eap") {
      context.use("signature", auth?.place ?? place);
      return { method: "signature", signature: signatureOf(auth?.method.text ?? "signature") };
    }
    context.use("eap", auth.place);
    const { text } = auth.type;
    const wanted = text.toLowerCase().replaceAll("_", "-");
    const eap = EAP_METHODS.find((one) => one === wanted);
    if (eap !== undefined) return { method: "eap", eap };
    const message = `unknown EAP method "${cut(text)}": expected ${EAP_METHODS.join(" or ")}`;
    context.diagnostics.error(auth.type.place, message, () => closest(wanted, EAP_METHODS));
    return undefined;
  }

  #filters(): Pick<Policy, "iface" | "tag" | "tap"> {
    const { node: { iface, tag, tap }, context } = this;
    const { diagnostics } = context;
    if (iface !== undefined) context.use("iface", iface.place);
    if (tag !== undefined) context.use("tag", tag.place);
    if (tap !== undefined) context.use("tap", tap.place);
    if (iface !== undefined && !/^[^\s/\p{Cc}]{1,15}$/u.test(iface.text)) {
      diagnostics.error(iface.place, `"${cut(iface.text)}" is no name of an interface`);
    }
    if (tag !== undefined && (tag.text === "" || tag.text.length > MAX_TAG || /\p{Cc}/u.test(tag.text))) {
      diagnostics.error(tag.place, "this is no tag");
    } else if (tag !== undefined && isNoMark(tag.text)) {
      diagnostics.error(tag.place, `tag ${cut(tag.text)} is no mark: expected 1 to 0xffffffff, or a word`);
    }
    if (tap !== undefined && !/^enc(0|[1-9][0-9]{0,8})$/.test(tap.text)) {
      diagnostics.error(tap.place, `"${cut(tap.text)}" is no interface for tap: expected enc0, enc1 …`);
    }
    return {
      ...(iface && { iface: iface.text }),
      ...(tag && { tag: tag.text }),
      ...(tap && { tap: tap.text }),
    };
  }
}

function signatureOf(word: string): SignatureMethod {
  return word === "signature" ? "any" : word as SignatureMethod;
}

/** A policy; undefined where it has an error that leaves none. */
export function compilePolicy(node: PolicyNode, name: string, context: CompileContext): Policy | undefined {
  return new PolicyCompiler(node, name, context).compile();
}
