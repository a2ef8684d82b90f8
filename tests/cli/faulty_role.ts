/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
/** A role that fails the way its `start` says; tests put it in place of a real one. */
import { runRole, StartError } from "../../cli/daemon/role.ts";

const held: unknown[] = [];

const FAULTS: Readonly<Record<string, () => void>> = {
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
  leak: () => void setInterval(() => held.push(Array.from({ length: 200_000 }, (_, i) => ({ i }))), 1),
  "cannot-start": () => {
    throw new StartError("port 500 is in use by another daemon");
  },
};

runRole<{ readonly fault?: string }, string>((start) => {
  FAULTS[start.fault ?? "none"]!();
});
