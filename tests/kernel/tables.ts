/** The kernel's tables of IPsec in a namespace, as ip(8) shows them: without what counts and ages. */
import { must } from "../interop/lab.ts";

export interface Tables {
  readonly states: string;
  readonly policies: string;
}

export async function tables(namespace: string): Promise<Tables> {
  const [states, policies] = await Promise.all(
    ["state", "policy"].map((what) => must("ip", "-n", namespace, "xfrm", what)),
  );
  return { states: states!, policies: policies! };
}
