import type { SourcePlace } from "../../policy/types.ts";
import type { Policy } from "../../policy/types.ts";
import type { FlowNode, PolicyNode } from "../ast.ts";
import type { Place } from "../source.ts";

/** A policy as it was written and as it was compiled. */
export interface Subject {
  readonly position: number;
  readonly node: PolicyNode;
  readonly policy: Policy;
}

/** Where a policy is named, or begins. */
export function placeOf({ node }: Subject): Place {
  return node.name?.place ?? node.place;
}

/** `FILE:LINE:COLUMN`. */
export function textOfPlace({ file, line, column }: SourcePlace): string {
  return `${file}:${line}:${column}`;
}

/** A policy in a message: its name, and where it is. */
export function nameOf(subject: Subject): string {
  const { source, line, column } = placeOf(subject);
  return `"${subject.policy.name}" (${textOfPlace({ file: source.name, line, column })})`;
}

/** The `from … to …` that a flow comes from; undefined where it comes from none. */
export function flowNode({ node }: Subject, where: SourcePlace | undefined): FlowNode | undefined {
  return node.flows.find(({ place }) =>
    place.line === where?.line && place.column === where.column && place.source.name === where.file
  );
}
