import assert from "node:assert/strict";
import { findLibraries } from "../../cli/daemon/permissions.ts";
import { openLibc } from "../../ffi/libc/mod.ts";
import { configure, daemonTest, failInBackground, IkedProcess, inFolder } from "./iked_process.ts";

const AF_UNIX = 1, SOCK_DGRAM = 2, SOCK_NONBLOCK = 0x800;

const THREADS = ["main", "role engine", "role keys", "role net"] as const;

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

/** Lets a daemon fail once it is ready. */
async function failReady(daemon: IkedProcess): Promise<void> {
  await daemon.line(/^iked: ready$/);
  daemon.kill("SIGUSR2");
}

/** Runs a daemon on the data path none until it has gone down by its fault; what it said, and how it ended. */
function downBy(
  fault: string,
  begin: (daemon: IkedProcess) => Promise<unknown>,
  prefix: readonly string[] = [],
): Promise<{ readonly said: readonly string[]; readonly code: number }> {
  const { promise, resolve } = Promise.withResolvers<{ said: readonly string[]; code: number }>();
  return inFolder(async (folder) => {
    const socket = `${folder}/iked.sock`;
    const args = ["-d", "-K", "none", "-f", await configure(folder), "--socket", socket];
    await using daemon = IkedProcess.startFaulty(args, fault, prefix);
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
        const { said, code } = await downBy(`${thread.replace("role ", "")}:${fault}`, failReady);
        assert.equal(said.length, 2, said.join("\n"));
        const [, who, what] = /^iked: error: (main|role \w+) (.*)$/.exec(said[1]!) ?? [];
        assert.equal(who, thread, said[1]);
        assert.match(what!, pattern);
        assert.equal(code, 1);
      },
    );
  }
}

daemonTest(
  "iked: octets beyond what the host allows are refused to the role that asks: one line, exit 1",
  async () => {
    const limited = ["prlimit", "--data=4000000000"];
    const { said, code } = await downBy("engine:octets", failReady, limited);
    assert.equal(said.length, 2, said.join("\n"));
    assert.match(
      said[1]!,
      /^iked: error: role engine failed: Array buffer allocation failed, at [^\n]+$/,
    );
    assert.equal(code, 1);
  },
);

/** All lines that came to a datagram socket at `path`, the way a syslog daemon gets them. */
async function syslogOf(path: string, body: () => Promise<void>): Promise<readonly string[]> {
  const libc = openLibc(findLibraries().libc!);
  const socket = libc.unwrap(libc.c.socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0), "open a socket");
  try {
    const name = new Uint8Array([AF_UNIX, 0, ...new TextEncoder().encode(path), 0]);
    libc.unwrap(libc.c.bind(socket, name, name.length), "bind the socket");
    await body();
    const lines: string[] = [], line = new Uint8Array(2048);
    for (let length; (length = libc.c.read_buffer(socket, line, line.length)) >= 0;) {
      lines.push(new TextDecoder().decode(line.subarray(0, length)));
    }
    return lines;
  } finally {
    libc.c.close(socket);
    libc.close();
  }
}

for (
  const [thread, fault] of [["main", "objects"], ["role net", "objects"], ["role engine", "throw"]] as const
) {
  daemonTest(
    `iked: in the background ${thread} fails (${fault}): one line for syslog, no socket left`,
    () =>
      inFolder(async (folder) => {
        const socket = `${folder}/iked.sock`, log = `${folder}/log`;
        const args = ["-K", "none", "-f", await configure(folder), "--socket", socket];
        const lines = await syslogOf(log, async () => {
          const failing = `${thread.replace("role ", "")}:${fault}`;
          const outcome = await failInBackground(args, failing, log);
          assert.deepEqual([outcome.stdout, outcome.stderr], ["", ""]);
        });
        assert.equal(lines.length, 1, lines.join("\n"));
        const [, who, what] = /^<27>iked: error: (main|role \w+) (.*)$/.exec(lines[0]!) ?? [];
        assert.equal(who, thread, lines[0]);
        assert.match(what!, FAULTS[fault]!);
        await assert.rejects(Deno.lstat(socket), Deno.errors.NotFound);
      }),
  );
}

for (const fault of ["throw-later", "reject", "close", "exit", "hang", "leak"]) {
  daemonTest(`iked: a role that fails as soon as it runs (${fault}) is one line, exit 1`, async () => {
    const { said, code } = await downBy(`start:${fault}`, () => Promise.resolve());
    const lines = said.filter((line) => line !== "iked: ready");
    assert.equal(lines.length, 1, said.join("\n"));
    assert.match(lines[0]!, /^iked: error: role keys (failed: |ended or hangs: |is out of memory: )/);
    assert.equal(code, 1);
  });
}

daemonTest("iked: a role that cannot start says why in one line, exit 1", async () => {
  const { said, code } = await downBy("start:cannot-start", () => Promise.resolve());
  assert.deepEqual([...said, code], ["iked: error: port 500 is in use by another daemon", 1]);
});
