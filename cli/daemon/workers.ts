/** Where the code of the workers is. */
import type { RoleName } from "./ports.ts";

/** A worker's module: beside this one, and of its kind, a source or what `deno task compile` made of it. */
export function workerUrl(name: RoleName | "probe"): URL {
  const here = import.meta.url, ending = here.slice(here.lastIndexOf("."));
  return new URL(`./${name}_worker${ending}`, here);
}
