/** W021: a user who stands in the file twice: the last password counts, as in OpenBSD's iked. */
import type { ConfigurationNode } from "../ast.ts";
import { type Diagnostics, placeValue, WARNINGS } from "../diagnostics.ts";
import { textOfPlace } from "./subject.ts";

/** Warns of those that do not count. */
export function lintUsers({ users }: ConfigurationNode, diagnostics: Diagnostics): void {
  const last = new Map(users.map((node) => [node.name.text, node]));
  for (const node of users) {
    const other = last.get(node.name.text)!;
    if (other === node) continue;
    const where = textOfPlace(placeValue(other.name.place));
    const message = `user "${node.name.text}" stands here in vain: the one at ${where} counts`;
    diagnostics.warn(WARNINGS.duplicateUser, node.name.place, message);
  }
}
