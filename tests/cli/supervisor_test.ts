import assert from "node:assert/strict";
import { startRoles, WATCH, type Watch } from "../../cli/daemon/supervisor.ts";

const URL_OF_FAULTY = new URL("./faulty_role.ts", import.meta.url);

/** Starts a sound role and one with this fault; the line with which the daemon would go down. */
async function faultOf(fault: string, watch: Partial<Watch> = {}): Promise<string> {
  const plan = (name: "engine" | "keys", start: unknown) =>
    ({ name, url: URL_OF_FAULTY, permissions: "none", start, ports: {} }) as const;
  // Patience where silence is not what is tested: a busy machine keeps sound roles waiting, too.
  const quick = { ...WATCH, pingIntervalMs: 20, silenceMs: 120_000, startMs: 120_000, ...watch };
  const roles = await startRoles([plan("keys", {}), plan("engine", { fault })], quick);
  if (!roles.ok) return `start: ${roles.error}`;
  const line = await roles.value.fault;
  roles.value.terminate();
  return line;
}

Deno.test("startRoles: a role that throws while it starts is named, with what it threw and where", async () => {
  assert.match(
    await faultOf("throw"),
    /^start: role engine failed: thrown, at [^\n]*faulty_role\.ts[^\n]*:\d+:\d+\)?$/,
  );
});

Deno.test("startRoles: a role that throws later, in a timer, is a fault on one line", async () => {
  assert.match(await faultOf("throw-later"), /^(start: )?role engine failed: thrown later, at [^\n]*$/);
});

Deno.test("startRoles: a rejection that nobody handles is a fault", async () => {
  assert.match(await faultOf("reject"), /^(start: )?role engine failed: rejected, at [^\n]*$/);
});

Deno.test("startRoles: a role that ends without a word is found by its silence", async () => {
  for (const fault of ["close", "exit"]) {
    const line = await faultOf(fault, { silenceMs: 4000, startMs: 4000 });
    assert.match(line, /^role engine ended or hangs: no answer for \d+ s$/, fault);
  }
});

Deno.test("startRoles: a role that hangs is found by its silence", async () => {
  assert.match(
    await faultOf("hang", { silenceMs: 4000, startMs: 4000 }),
    /^role engine ended or hangs: no answer for \d+ s$/,
  );
  // What is ready answers sooner.
  assert.match(
    await faultOf("hang-when-ready", { silenceMs: 4000 }),
    /^role engine ended or hangs: no answer for 4 s$/,
  );
});

Deno.test("startRoles: a role whose heap runs full is stopped before V8 aborts the process", async () => {
  for (const fault of ["leak", "leak-octets"]) {
    assert.match(
      await faultOf(fault, { heapLimit: 0.05 }),
      /^(start: )?role engine is out of memory: \d+ % of what it may use$/,
    );
  }
});

Deno.test("startRoles: the runtime's last words are of the role that alone does not answer, else of the runtime", async () => {
  const plan = (name: "engine" | "keys", fault: string) =>
    ({ name, url: URL_OF_FAULTY, permissions: "none", start: { fault }, ports: {} }) as const;
  const cases = [["hang-when-ready", "role engine", 500], ["none", "the runtime", 120_000]] as const;
  for (const [fault, who, pingIntervalMs] of cases) {
    const plans = [plan("keys", "none"), plan("engine", fault)];
    const roles = await startRoles(plans, { ...WATCH, pingIntervalMs, silenceMs: 240_000 });
    assert.ok(roles.ok);
    roles.value.blame({ outOfMemory: true, reason: "Reached heap limit" });
    assert.equal(await roles.value.fault, `${who} is out of memory: Reached heap limit`);
    roles.value.terminate();
  }
});

Deno.test("startRoles: a role that cannot start says why in its own words", async () => {
  assert.equal(await faultOf("cannot-start"), "start: port 500 is in use by another daemon");
});

Deno.test("startRoles: sound roles start, answer pings, and no fault is reported", async () => {
  const plan = { name: "keys", url: URL_OF_FAULTY, permissions: "none", start: {}, ports: {} } as const;
  const roles = await startRoles([plan], { ...WATCH, pingIntervalMs: 5, silenceMs: 5000 });
  assert.ok(roles.ok);
  let fault: string | undefined;
  void roles.value.fault.then((line) => fault = line);
  const { port1, port2 } = new MessageChannel();
  const later = new Promise((resolve) => port2.onmessage = resolve);
  port1.postMessage(1);
  await later;
  assert.equal(fault, undefined);
  roles.value.terminate();
  port1.close();
  port2.close();
});
