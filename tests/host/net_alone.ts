/** `net_alone_process.ts` as tests run it. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { runOn } from "./gateway.ts";
import type { Host } from "./namespaces.ts";

/** Runs `net_alone_process.ts` on a host; what it says. */
export async function netAlone(host: Host, datapath: "userland" | "xfrm"): Promise<unknown> {
  const script = fileURLToPath(new URL("./net_alone_process.ts", import.meta.url));
  const args = ["run", "--no-lock", "--no-check", "-A", script, datapath];
  const { code, stdout, stderr } = await runOn(host, Deno.execPath(), ...args);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

/** What it has to say: one thread has CAP_NET_ADMIN (bit 12), no other has anything, and that is enough. */
export const ALONE = {
  started: { ready: true },
  flows: { ok: true },
  installed: { ok: true },
  emptied: { ok: true },
  threads: ["worker-1 1000"],
  uid: 65534,
};
