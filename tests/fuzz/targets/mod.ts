/** All targets, by name. */
import type { LoadTarget, Target } from "../target.ts";

/** Each module is loaded when it is wanted: some take a while to load, others have a corpus to make. */
const MODULES: Readonly<Record<string, () => Promise<{ readonly default: LoadTarget }>>> = {
  decode: () => import("./decode.ts"),
  "decode-keys": () => import("./decode_keys.ts"),
  capture: () => import("./capture.ts"),
  "half-open": () => import("./half_open.ts"),
  established: () => import("./established.ts"),
  config: () => import("./config.ts"),
  format: () => import("./format.ts"),
  control: () => import("./control.ts"),
  esp: () => import("./esp.ts"),
  tun: () => import("./tun.ts"),
  netlink: () => import("./netlink.ts"),
};

export const TARGETS: readonly string[] = Object.keys(MODULES);

/** Loads the target of this name; there has to be one. */
export async function loadTarget(name: string): Promise<Target> {
  const module = await MODULES[name]?.();
  if (module === undefined) throw new RangeError(`There is no target "${name}"`);
  return await module.default();
}
