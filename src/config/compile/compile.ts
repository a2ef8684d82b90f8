/** The syntax tree to what the engine is configured with. */
import type { SecretRef } from "../../bytes/mod.ts";
import type { Policy, User } from "../../policy/types.ts";
import type { ConfigurationNode, PolicyNode, UserNode } from "../ast.ts";
import { type Diagnostics, placeValue, WARNINGS } from "../diagnostics.ts";
import type { Environment } from "../environment.ts";
import { CompileContext } from "./context.ts";
import { compilePolicy } from "./policy.ts";
import { compileRadius } from "./radius.ts";
import { compileSettings } from "./settings.ts";
import type { CommandLine, Compiled } from "./types.ts";

/** The names of all policies; a name that is there twice is an error. */
function namePolicies(nodes: readonly PolicyNode[], diagnostics: Diagnostics): string[] {
  const places = new Map<string, PolicyNode>();
  return nodes.map((node, at) => {
    const name = node.name?.text ?? `policy${at + 1}`;
    const other = places.get(name);
    if (other !== undefined) {
      const { file, line, column } = placeValue((other.name ?? other).place);
      diagnostics.error(
        (node.name ?? node).place,
        `policy name "${name}" is taken already (${file}:${line}:${column})`,
      );
    }
    places.set(name, node);
    return name;
  });
}

/** The users; of those with one name the last counts, as in the original. */
function compileUsers(nodes: readonly UserNode[], { secrets }: CompileContext): User[] {
  const last = new Map(nodes.map((node) => [node.name.text, node]));
  for (const node of nodes) {
    if (last.get(node.name.text) !== node) node.password.octets.fill(0);
  }
  return [...last.values()].map(({ name, password }) => {
    const ref = `user:${name.text}` as SecretRef;
    secrets.push({ ref, octets: password.octets });
    return { name: name.text, secret: ref };
  });
}

/** Overwrites every secret of a tree. */
function wipeTree({ policies, users, radius }: ConfigurationNode): void {
  for (const { auth } of policies) if (auth?.kind === "psk") auth.secret.octets.fill(0);
  for (const { password } of users) password.octets.fill(0);
  for (const node of radius) if ("secret" in node) node.secret.octets.fill(0);
}

/** Checks and compiles a tree. Undefined where it, or the parser before, found an error; then no secret is kept. */
export function compile(
  tree: ConfigurationNode,
  environment: Environment,
  diagnostics: Diagnostics,
  commandLine: CommandLine = {},
): Compiled | undefined {
  const context = new CompileContext(environment, diagnostics);
  const { globals, options } = compileSettings(tree.sets, commandLine, context);
  const users = compileUsers(tree.users, context);
  const radius = compileRadius(tree.radius, context);
  const names = namePolicies(tree.policies, diagnostics);
  const policies: Policy[] = [];
  for (const [at, node] of tree.policies.entries()) {
    const policy = compilePolicy(node, names[at]!, context);
    if (policy !== undefined) policies.push(policy);
  }
  if (tree.policies.length === 0 && !diagnostics.failed) {
    diagnostics.warn(WARNINGS.noPolicies, tree.place, "there are no policies");
  }
  if (diagnostics.failed) {
    wipeTree(tree);
    return undefined;
  }
  const { secrets, uses } = context;
  return {
    configuration: { globals, policies, ...(users.length > 0 && { users }) },
    secrets,
    options: { ...options, ...(radius && { radius }) },
    uses,
  };
}
