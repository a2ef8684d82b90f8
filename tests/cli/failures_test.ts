import assert from "node:assert/strict";
import { configure, daemonTest, IkedProcess, inFolder } from "./iked_process.ts";

const THREADS = ["main", "role engine", "role keys", "role net"] as const;

/** A heap that is full in no time, and large enough for a role. */
const HEAP_MIB = 64;

/** What a fault's line says after the name of who failed. */
const FAULTS: Readonly<Record<string, RegExp>> = {
  throw: /^failed: thrown, at [^\n]*faults\.ts:\d+:\d+\)?$/,
  reject: /^failed: rejected, at [^\n]*faults\.ts:\d+:\d+\)?$/,
  close: /^ended or hangs: no answer for \d+ s$/,
  exit: /^ended or hangs: no answer for \d+ s$/,
  hang: /^(ended or hangs: no answer|hangs: no ping) for \d+ s$/,
  objects: /^(does not answer and )?is out of memory: [^\n]+$/,
  "too-big": /^(does not answer and )?failed: [^\n]*invalid size error[^\n]+$/,
};

/** Runs a daemon on the data path none until it has gone down by its fault; what it said, and how it ended. */
function downBy(
  fault: string,
  heap: number,
  begin: (daemon: IkedProcess) => Promise<unknown>,
): Promise<{ readonly said: readonly string[]; readonly code: number }> {
  const { promise, resolve } = Promise.withResolvers<{ said: readonly string[]; code: number }>();
  return inFolder(async (folder) => {
    const socket = `${folder}/iked.sock`;
    const args = ["-d", "-K", "none", "-f", await configure(folder), "--socket", socket];
    await using daemon = IkedProcess.startFaulty(args, fault, heap);
    await begin(daemon);
    const code = await daemon.ended();
    await assert.rejects(Deno.lstat(socket), Deno.errors.NotFound);
    resolve({ said: daemon.said, code });
  }).then(() => promise);
}

for (const thread of THREADS) {
  for (const [fault, pattern] of Object.entries(FAULTS)) {
    // Main has no close, and its exit is its own.
    if (thread === "main" && ["close", "exit"].includes(fault)) continue;
    daemonTest(
      `iked: ${thread} fails (${fault}): one line that names it, exit 1, no socket left`,
      async () => {
        const { said, code } = await downBy(
          `${thread.replace("role ", "")}:${fault}`,
          HEAP_MIB,
          async (daemon) => {
            await daemon.line(/^iked: ready$/);
            daemon.kill("SIGUSR2");
          },
        );
        assert.equal(said.length, 2, said.join("\n"));
        const [, who, what] = /^iked: error: (main|role \w+) (.*)$/.exec(said[1]!) ?? [];
        assert.equal(who, thread, said[1]);
        assert.match(what!, pattern);
        assert.equal(code, 1);
      },
    );
  }
}

for (const fault of ["throw-later", "reject", "close", "exit", "hang", "leak"]) {
  daemonTest(`iked: a role that fails as soon as it runs (${fault}) is one line, exit 1`, async () => {
    const { said, code } = await downBy(`start:${fault}`, 0, () => Promise.resolve());
    const lines = said.filter((line) => line !== "iked: ready");
    assert.equal(lines.length, 1, said.join("\n"));
    assert.match(lines[0]!, /^iked: error: role keys (failed: |ended or hangs: |is out of memory: )/);
    assert.equal(code, 1);
  });
}

daemonTest("iked: a role that cannot start says why in one line, exit 1", async () => {
  const { said, code } = await downBy("start:cannot-start", 0, () => Promise.resolve());
  assert.deepEqual([...said, code], ["iked: error: port 500 is in use by another daemon", 1]);
});
