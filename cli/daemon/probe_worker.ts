/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
/** Tries what it is told to try, under whatever permissions it was started with, and says what was refused. */
import { tryOpen } from "../../ffi/try_open.ts";
import type { Attempt } from "./permissions.ts";

const TRY: Readonly<Record<Attempt["kind"], (target: string) => unknown>> = {
  read: (target) => Deno.statSync(target),
  // The root exists, so with the permission this fails otherwise and changes nothing.
  write: (target) => Deno.mkdirSync(target),
  net: (target) => Deno.listen({ hostname: target, port: 0 }).close(),
  ffi: (target) => tryOpen(target),
  run: (target) => new Deno.Command(target).outputSync(),
  env: (target) => Deno.env.get(target),
  sys: () => Deno.hostname(),
  import: (target) => import(target),
};

/** Imports tell a refusal by their text alone; a compiled executable has no loader for what is not embedded in it. */
const REFUSED_IMPORT = /^Requires import access|^Module not found/;

async function refused({ kind, target }: Attempt): Promise<boolean> {
  try {
    await TRY[kind](target);
    return false;
  } catch (error) {
    if (kind === "import") return error instanceof Error && REFUSED_IMPORT.test(error.message);
    return error instanceof Deno.errors.NotCapable;
  }
}

self.onmessage = async ({ data }: MessageEvent<readonly Attempt[]>) => {
  const outcome: boolean[] = [];
  for (const attempt of data) outcome.push(await refused(attempt));
  self.postMessage(outcome);
};
