/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
/**
 * A role that fails the way it is told to, by its options or its URL. It stands in for role keys as far as main talks
 * to that.
 */
import { KEYS_FOR_MAIN, type KeysForMain } from "../../cli/daemon/ports.ts";
import { runRole, StartError } from "../../cli/daemon/role.ts";
import { Link } from "../../cli/daemon/rpc.ts";

const held: unknown[] = [];

const FAULTS: Readonly<Record<string, () => unknown>> = {
  none: () => {},
  throw: () => {
    throw new Error("thrown");
  },
  "throw-later": () =>
    void setTimeout(() => {
      throw new Error("thrown later");
    }, 0),
  reject: () => void Promise.reject(new Error("rejected")),
  close: () => void setTimeout(() => self.close(), 0),
  exit: () => void setTimeout(() => Deno.exit(3), 0),
  hang: () =>
    void setTimeout(() => {
      for (;;);
    }, 0),
  // Behind the microtask that says `ready`, before any message.
  "hang-when-ready": async () => {
    for (let turn = 0; turn < 8; turn++) await undefined;
    for (;;);
  },
  leak: () => void setInterval(() => held.push(Array.from({ length: 200_000 }, (_, i) => ({ i }))), 1),
  "leak-octets": () => void setInterval(() => held.push(new Uint8Array(16 << 20).fill(1)), 1),
  "cannot-start": () => {
    throw new StartError("port 500 is in use by another daemon");
  },
};

runRole<{ readonly fault?: string }, string>((start, ports) => {
  const fault = FAULTS[start.fault ?? new URL(import.meta.url).searchParams.get("fault") ?? "none"]!;
  if (ports["main"] === undefined) return void fault();
  new Link(ports["main"]).serve<KeysForMain>(KEYS_FOR_MAIN, {
    loadSecrets: (list) => list.map(({ ref }) => ref),
    forgetSecrets: () => {},
  });
  if (fault === FAULTS["cannot-start"]) fault();
  else setTimeout(fault, 300);
});
