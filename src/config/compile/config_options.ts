/** `config` and `request` of a policy: attributes of configuration payloads (RFC 7296 §3.15). */
import type { ConfigAttribute, ConfigOption, ConfigRequest } from "../../policy/types.ts";
import type { ConfigNode, PolicyNode, Text } from "../ast.ts";
import { WARNINGS } from "../diagnostics.ts";
import { wordsOf } from "../keywords.ts";
import { closest } from "../suggest.ts";
import { cut, prefixesOf } from "./addresses.ts";
import type { CompileContext } from "./context.ts";

const ATTRIBUTES = wordsOf("config", "value") as readonly ConfigAttribute[];
/** What today's iked takes of a policy. */
const MAX_OPTIONS = 16;

/** The attribute of a name, or the only one that starts so (with a warning). */
export function configAttribute(
  { text, place }: Text,
  { diagnostics }: CompileContext,
): ConfigAttribute | undefined {
  const word = text.toLowerCase();
  const exact = ATTRIBUTES.find((one) => one === word);
  if (exact !== undefined) return exact;
  const [whole, ...more] = word.length < 2 ? [] : ATTRIBUTES.filter((one) => one.startsWith(word));
  if (whole === undefined || more.length > 0) {
    diagnostics.error(place, `unknown option "${cut(text)}" of config`, () => closest(word, ATTRIBUTES));
    return undefined;
  }
  diagnostics.warn(WARNINGS.abbreviated, place, `"${cut(text)}" is taken for "${whole}"`, whole);
  return whole;
}

/** What a policy tells initiators and asks responders for. */
export interface ConfigPayloads {
  readonly config: readonly ConfigOption[];
  readonly request: readonly ConfigRequest[];
}

function oneNode(
  node: ConfigNode,
  context: CompileContext,
  config: ConfigOption[],
  request: ConfigRequest[],
) {
  const attribute = configAttribute(node.option, context);
  context.use(node.action, node.place);
  if (node.host.kind === "any") {
    if (attribute !== undefined) request.push({ attribute, family: 4 });
    return;
  }
  for (const prefix of prefixesOf(node.host, context)) {
    const { family } = prefix.address;
    if (attribute === "netmask" && family === 6) {
      context.diagnostics.error(
        node.host.place,
        '"netmask" is of IPv4: IPv6 addresses carry a prefix length',
      );
    }
    if (attribute === undefined) continue;
    if (node.action === "config") config.push({ attribute, prefix });
    else request.push({ attribute, family, prefix });
  }
}

export function compileConfig(policy: PolicyNode, context: CompileContext): ConfigPayloads {
  const config: ConfigOption[] = [], request: ConfigRequest[] = [];
  for (const node of policy.config) oneNode(node, context, config, request);
  if (config.length + request.length > MAX_OPTIONS) {
    const message = `more than ${MAX_OPTIONS} options of config and request`;
    context.diagnostics.error(policy.config.at(-1)!.place, message);
  }
  return { config, request };
}
