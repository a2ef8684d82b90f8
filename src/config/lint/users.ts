/**
 * W021: a user who stands in the file twice: the last password counts, as in OpenBSD's iked. W023: EAP of which nobody
 * can pass: there is no user, or no RADIUS server to ask. W008: users whom no policy asks.
 */
import type { ConfigurationNode } from "../ast.ts";
import type { Compiled } from "../compile/types.ts";
import { type Diagnostics, placeValue, WARNINGS } from "../diagnostics.ts";
import { type Subject, textOfPlace } from "./subject.ts";

function lintTwice({ users }: ConfigurationNode, diagnostics: Diagnostics): void {
  const last = new Map(users.map((node) => [node.name.text, node]));
  for (const node of users) {
    const other = last.get(node.name.text)!;
    if (other === node) continue;
    const where = textOfPlace(placeValue(other.name.place));
    const message = `user "${node.name.text}" stands here in vain: the one at ${where} counts`;
    diagnostics.warn(WARNINGS.duplicateUser, node.name.place, message);
  }
}

/** Warns of users and of policies that have to do with them. */
export function lintUsers(
  tree: ConfigurationNode,
  subjects: readonly Subject[],
  { radius }: Compiled["options"],
  diagnostics: Diagnostics,
): void {
  lintTwice(tree, diagnostics);
  const servers = radius?.authentication.servers.length ?? 0;
  let asks = false;
  for (const { policy: { auth }, node } of subjects) {
    if (auth.method !== "eap") continue;
    if (auth.eap === "mschap-v2") asks = true;
    if (auth.eap === "mschap-v2" ? tree.users.length > 0 : servers > 0) continue;
    const lacks = auth.eap === "mschap-v2" ? 'there is no "user"' : 'there is no "radius server" to ask';
    diagnostics.warn(
      WARNINGS.noCredentials,
      node.auth?.place ?? node.place,
      `nobody can authenticate: ${lacks}`,
    );
  }
  const [first] = tree.users;
  if (first === undefined || asks) return;
  const message = 'this user has no effect: no policy authenticates by eap "mschap-v2"';
  diagnostics.warn(WARNINGS.noEffect, first.name.place, message);
}
