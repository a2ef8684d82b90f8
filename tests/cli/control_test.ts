import assert from "node:assert/strict";
import { type ControlRequest, LineSplitter, REQUEST_LIMIT, RPC_ERROR } from "../../src/control/mod.ts";
import {
  checkSocketPath,
  CONTROL_LIMITS,
  type ControlHandler,
  type ControlLimits,
  ControlServer,
  Refusal,
} from "../../cli/daemon/control.ts";
import { ask } from "../../cli/ctl/client.ts";

const encoder = new TextEncoder(), decoder = new TextDecoder();

const answerMethod: ControlHandler = (request) => Promise.resolve({ version: 1, method: request.method });

/** A server on a socket in a folder of its own. */
async function served(
  body: (path: string, server: ControlServer) => Promise<void>,
  handle: ControlHandler = answerMethod,
  limits: Partial<ControlLimits> = {},
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/iked.sock`;
  const server = ControlServer.open(path, handle, { ...CONTROL_LIMITS, ...limits });
  assert.ok(server.ok);
  try {
    await body(path, server.value);
  } finally {
    server.value.close();
    await assert.rejects(Deno.lstat(path), Deno.errors.NotFound);
    await Deno.remove(folder, { recursive: true });
  }
}

const dial = (path: string) => Deno.connect({ transport: "unix", path });

/** All lines that come until the other side closes, parsed. */
async function* replies(connection: Deno.Conn): AsyncGenerator<Record<string, unknown>> {
  const splitter = new LineSplitter(), buffer = new Uint8Array(65536);
  for (;;) {
    const length = await connection.read(buffer).catch(() => null);
    if (length === null) return;
    for (const line of splitter.push(buffer.subarray(0, length))!) yield JSON.parse(decoder.decode(line));
  }
}

async function write(connection: Deno.Conn, octets: Uint8Array): Promise<void> {
  for (let at = 0; at < octets.length;) at += await connection.write(octets.subarray(at));
}

async function firstReply(connection: Deno.Conn): Promise<Record<string, unknown> | undefined> {
  for await (const reply of replies(connection)) return reply;
  return undefined;
}

Deno.test("ControlServer: a request is answered, and the socket is its owner's alone", () =>
  served(async (path) => {
    assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
    const seen: unknown[] = [];
    const outcome = await ask(path, { method: "show.sa" }, (reply) => {
      seen.push(reply);
      return "done";
    });
    assert.ok(outcome.ok);
    assert.deepEqual(seen, [{ kind: "result", result: { version: 1, method: "show.sa" } }]);
  }));

Deno.test("ControlServer: nothing is left of the folder in which the socket was made", () =>
  served(async (path) => {
    const names = [];
    for await (const entry of Deno.readDir(path.slice(0, path.lastIndexOf("/")))) names.push(entry.name);
    assert.deepEqual(names, ["iked.sock"]);
  }));

Deno.test("ControlServer: lines that are no requests are answered with an error object, and the next one still works", () =>
  served(async (path) => {
    using connection = await dial(path);
    const binary = Uint8Array.from({ length: 64 }, (_, i) => i === 10 ? 255 : i);
    await write(connection, encoder.encode("hello\n"));
    await write(connection, new Uint8Array([...binary, 10]));
    await write(connection, encoder.encode('{"jsonrpc":"2.0","id":1,"method":"nothing"}\n'));
    await write(connection, encoder.encode('{"jsonrpc":"2.0","id":2,"method":"show.sa"}\n'));
    const codes: unknown[] = [];
    for await (const reply of replies(connection)) {
      codes.push((reply["error"] as { code: number } | undefined)?.code ?? reply["id"]);
      if (codes.length === 4) break;
    }
    assert.deepEqual(codes, [RPC_ERROR.PARSE, RPC_ERROR.PARSE, RPC_ERROR.UNKNOWN_METHOD, 2]);
  }));

Deno.test("ControlServer: a line beyond 1 MiB is refused and its client dropped", () =>
  served(async (path) => {
    using connection = await dial(path);
    const long = write(connection, new Uint8Array(REQUEST_LIMIT + 65536).fill(65)).catch(() => undefined);
    const all = [];
    for await (const reply of replies(connection)) all.push(reply);
    await long;
    assert.deepEqual(all, [{
      jsonrpc: "2.0",
      id: null,
      error: { code: RPC_ERROR.INVALID_REQUEST, message: "A request line is at most 1048576 octets" },
    }]);
  }));

Deno.test("ControlServer: a client that leaves half a line is dropped, octets now and then do not save it", () =>
  served(
    async (path) => {
      using connection = await dial(path);
      let sent = 0;
      const dribble = setInterval(
        () => connection.write(encoder.encode("x")).then(() => sent++, () => {}),
        5,
      );
      const all = [];
      for await (const reply of replies(connection)) all.push(reply);
      clearInterval(dribble);
      assert.deepEqual(all, []);
      assert.ok(sent > 1);
    },
    answerMethod,
    { idleMs: 60 },
  ));

/** Asks, without ever reading, for more than all buffers hold; says when it began, and how it ended. */
const HANGING = `
const connection = await Deno.connect({ transport: "unix", path: Deno.args[0] });
const flood = new TextEncoder().encode('{"jsonrpc":"2.0","id":1,"method":"show.sa"}\\n'.repeat(50_000));
console.log("begins");
try {
  for (let at = 0; at < flood.length;) at += await connection.write(flood.subarray(at));
} catch {
  console.log("dropped");
  setInterval(() => {}, 1000);
}`;

/** A hanging client, a process of its own, beside a server that drops the late. */
function withHanging(body: (path: string, said: AsyncIterator<string>) => Promise<void>): Promise<void> {
  return served(
    async (path) => {
      const args = [
        "run",
        "-A",
        "--quiet",
        "--no-lock",
        `data:application/javascript,${encodeURIComponent(HANGING)}`,
        path,
      ];
      const hanging = new Deno.Command(Deno.execPath(), { args, stdout: "piped" }).spawn();
      const said = hanging.stdout.pipeThrough(new TextDecoderStream())[Symbol.asyncIterator]();
      assert.match((await said.next()).value!, /^begins/);
      await body(path, said);
      hanging.kill("SIGKILL");
      await said.return!();
      await hanging.status;
    },
    () => Promise.resolve("x".repeat(100_000)),
    { idleMs: 60 },
  );
}

Deno.test("ControlServer: a client that never takes its answers holds nobody up", () =>
  withHanging(async (path) => {
    for (let turn = 0; turn < 3; turn++) {
      using other = await dial(path);
      await write(other, encoder.encode('{"jsonrpc":"2.0","id":5,"method":"monitor"}\n'));
      assert.equal((await firstReply(other))!["id"], 5);
    }
  }));

/** There a pending write survives the closing of its connection, until the client goes away. */
const writesHold = Deno.version.deno.startsWith("2.5.");
Deno.test({
  name: `ControlServer: a client that never takes its answers is dropped${
    writesHold ? " [skipped: Deno 2.5 cannot interrupt a write]" : ""
  }`,
  ignore: writesHold,
  fn: () =>
    withHanging(async (_path, said) => {
      assert.equal((await said.next()).value, "dropped\n");
    }),
});

Deno.test("ControlServer: a client more than the limit is told so, and there is room again when one leaves", () =>
  served(
    async (path) => {
      const ping = encoder.encode('{"jsonrpc":"2.0","id":1,"method":"show.sa"}\n');
      const clients = [await dial(path), await dial(path), await dial(path)];
      for (const client of clients) {
        await write(client, ping);
        assert.equal((await firstReply(client))!["id"], 1);
      }
      using fourth = await dial(path);
      const error = { code: RPC_ERROR.REFUSED, message: "Too many control clients" };
      assert.deepEqual((await firstReply(fourth))!["error"], error);
      clients.forEach((client) => client.close());
      for (let room = false; !room;) {
        using again = await dial(path);
        await write(again, ping).catch(() => {});
        room = (await firstReply(again))?.["id"] === 1;
      }
    },
    answerMethod,
    { clients: 3 },
  ));

Deno.test("ControlServer: many clients at once are all answered", () =>
  served(async (path) => {
    const results = await Promise.all(
      Array.from({ length: 60 }, () => ask(path, { method: "show.datapath" }, () => "done")),
    );
    assert.ok(results.every((result) => result.ok));
  }));

Deno.test("ControlServer: events go to monitors alone", () =>
  served(async (path, server) => {
    using monitor = await dial(path);
    await write(monitor, encoder.encode('{"jsonrpc":"2.0","id":1,"method":"monitor"}\n'));
    const lines = replies(monitor);
    assert.equal((await lines.next()).value!["id"], 1);
    using other = await dial(path);
    await write(other, encoder.encode('{"jsonrpc":"2.0","id":2,"method":"show.sa"}\n'));
    const others = replies(other);
    await others.next();
    const event = { time: "2026-11-21T12:00:00.000Z", event: "config", policy: null, peer: null } as const;
    server.broadcast(event);
    assert.deepEqual((await lines.next()).value, { jsonrpc: "2.0", method: "event", params: event });
    await write(other, encoder.encode('{"jsonrpc":"2.0","id":3,"method":"show.sa"}\n'));
    assert.equal((await others.next()).value!["id"], 3);
  }));

Deno.test("ControlServer: a monitor that does not read is dropped once its backlog is full", () =>
  served(
    async (path, server) => {
      using monitor = await dial(path);
      await write(monitor, encoder.encode('{"jsonrpc":"2.0","id":1,"method":"monitor"}\n'));
      const lines = replies(monitor);
      await lines.next();
      const text = "x".repeat(10_000);
      for (let i = 0; i < 200; i++) {
        server.broadcast({
          time: "",
          event: "log",
          policy: null,
          peer: null,
          text,
        });
      }
      let got = 0;
      for await (const _ of lines) got++;
      assert.ok(got < 200);
    },
    answerMethod,
    { backlog: 100_000 },
  ));

Deno.test("ControlServer: what the daemon declines and what fails inside are errors of their own", () => {
  const handle = (request: ControlRequest): Promise<unknown> => {
    if (request.method === "reset") return Promise.reject(new Refusal("Not now"));
    throw new Error("Bug");
  };
  return served(async (path) => {
    const errors: unknown[] = [];
    for (const request of [{ method: "reset", params: { what: "sa" } }, { method: "show.sa" }] as const) {
      await ask(path, request, (reply) => {
        errors.push(reply.kind === "error" && reply.error);
        return "done";
      });
    }
    assert.deepEqual(errors, [
      { code: RPC_ERROR.REFUSED, message: "Not now" },
      { code: RPC_ERROR.INTERNAL, message: "Bug" },
    ]);
  }, handle);
});

Deno.test("checkSocketPath: a live socket, something else of that name and a missing folder are one line each", () =>
  served(async (path) => {
    const folder = path.slice(0, path.lastIndexOf("/"));
    assert.deepEqual(await checkSocketPath(`${folder}/other`), { ok: true, value: undefined });
    assert.deepEqual(await checkSocketPath(path), {
      ok: false,
      error: `iked is running already: it answers at ${path}`,
    });
    await Deno.writeTextFile(`${folder}/file`, "");
    const file = await checkSocketPath(`${folder}/file`);
    assert.equal(
      !file.ok && file.error,
      `control socket ${folder}/file: there is something else of that name`,
    );
    const missing = await checkSocketPath(`${folder}/no/s`);
    assert.equal(!missing.ok && missing.error, `control socket ${folder}/no/s: no directory ${folder}/no`);
  }));

Deno.test("ControlServer: a socket that a dead daemon left behind is replaced", async () => {
  const folder = await Deno.makeTempDir(), path = `${folder}/iked.sock`;
  const dead = Deno.listen({ transport: "unix", path: `${folder}/dead` });
  await Deno.rename(`${folder}/dead`, path);
  dead.close();
  assert.ok((await Deno.lstat(path)).isSocket);
  assert.ok((await checkSocketPath(path)).ok);
  const server = ControlServer.open(path, answerMethod);
  assert.ok(server.ok);
  assert.ok((await ask(path, { method: "show.sa" }, () => "done")).ok);
  server.value.close();
  await Deno.remove(folder, { recursive: true });
});

Deno.test("ControlServer: closing leaves a socket alone that another daemon put in its place", async () => {
  const folder = await Deno.makeTempDir(), path = `${folder}/iked.sock`;
  const old = ControlServer.open(path, answerMethod), young = ControlServer.open(path, answerMethod);
  assert.ok(old.ok && young.ok);
  old.value.close();
  assert.ok((await ask(path, { method: "show.sa" }, () => "done")).ok);
  young.value.close();
  await Deno.remove(folder, { recursive: true });
});

Deno.test("ask: without a daemon the error says that nothing answers", async () => {
  const outcome = await ask("/nonexistent/iked.sock", { method: "show.sa" }, () => "done");
  assert.deepEqual(outcome, {
    ok: false,
    error: { code: "no-daemon", message: "iked is not running: nothing answers at /nonexistent/iked.sock" },
  });
});
