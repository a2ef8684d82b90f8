import type { Policy, SourcePlace } from "../../policy/types.ts";
import type { FlowNode, PolicyNode } from "../ast.ts";
import { placeValue } from "../diagnostics.ts";
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
  return `"${subject.policy.name}" (${textOfPlace(placeValue(placeOf(subject)))})`;
}

/** The `from … to …` that flows come from, by their places. */
export class FlowNodes {
  readonly #byPlace = new Map<Subject, ReadonlyMap<string, FlowNode>>();

  /** Undefined where a flow comes from none. */
  of(subject: Subject, where: SourcePlace | undefined): FlowNode | undefined {
    let nodes = this.#byPlace.get(subject);
    if (nodes === undefined) {
      nodes = new Map(subject.node.flows.map((node) => [textOfPlace(placeValue(node.place)), node]));
      this.#byPlace.set(subject, nodes);
    }
    return where && nodes.get(textOfPlace(where));
  }
}
