import assert from "node:assert/strict";
import { schemaFaults } from "../support/json_schema.ts";
import { CONFIGURATION, configure, IKED, iked, inFolder } from "./iked_process.ts";

Deno.test("iked -V: one line with both versions", async () => {
  const { code, stdout, stderr } = await iked("-V");
  assert.deepEqual([code, stderr], [0, ""]);
  assert.match(stdout, /^iked \d+\.\d+\.\d+ \(deno \d+\.\d+\.\d+\)\n$/);
});

Deno.test("iked: a usage error is one line and the usage, exit 1", async () => {
  const { code, stdout, stderr } = await iked("-Z");
  assert.deepEqual([code, stdout], [1, ""]);
  assert.match(stderr, /^iked: unknown option: -Z\nusage: iked \[-dnSTtvV6\]/);
});

Deno.test("iked -n: a sound file is OK on stderr; with -v it is printed back, and what is printed is sound again", () =>
  inFolder(async (folder) => {
    const file = await configure(folder);
    assert.deepEqual(await iked("-n", "-f", file), { code: 0, stdout: "", stderr: "configuration OK\n" });
    const { code, stdout } = await iked("-nv", "-f", file);
    assert.equal(code, 0);
    await configure(folder, stdout);
    assert.deepEqual((await iked("-nv", "-f", file)).stdout, stdout);
  }));

Deno.test("iked -n: errors are FILE:LINE:COLUMN, all in one run, exit 1", () =>
  inFolder(async (folder) => {
    const file = await configure(folder, `ikev2 bogus\n${CONFIGURATION}set nothing\n`);
    const { code, stderr } = await iked("-n", "-f", file);
    assert.equal(code, 1);
    const places = [...stderr.matchAll(/^(.*:\d+):\d+: error: /gm)].map(([, place]) => place);
    assert.deepEqual([...new Set(places)], [`${file}:1`, `${file}:3`]);
    assert.doesNotMatch(stderr, /configuration OK/);
  }));

Deno.test("iked -n --json: policies and diagnostics as one line of the published form, exit 0 or 1, no secret", () =>
  inFolder(async (folder) => {
    const schema = JSON.parse(
      await Deno.readTextFile(new URL("../../docs/schema/configuration.json", import.meta.url)),
    );
    const file = await configure(folder);
    const good = await iked("-n", "--json", "-f", file);
    assert.deepEqual([good.code, good.stderr], [0, "configuration OK\n"]);
    assert.equal(good.stdout.trim().split("\n").length, 1);
    assert.doesNotMatch(good.stdout, /visibly/);
    assert.deepEqual(schemaFaults(schema, JSON.parse(good.stdout)), []);
    assert.equal(JSON.parse(good.stdout).configuration.policies[0].name, "example");
    await configure(folder, `${CONFIGURATION}set nothing\nbogus\n`);
    const bad = await iked("--json", "-n", "-f", file);
    assert.deepEqual([bad.code, bad.stderr], [1, `iked: error: ${file} has 2 errors\n`]);
    assert.deepEqual(schemaFaults(schema, JSON.parse(bad.stdout)), []);
    const { ok, diagnostics } = JSON.parse(bad.stdout);
    assert.deepEqual([ok, diagnostics.length, diagnostics[0].where.file], [false, 2, file]);
    assert.match((await iked("--json", "-d")).stderr, /^iked: --json belongs to -n or --print-permissions\n/);
  }));

Deno.test("iked -n: a file that others may read is refused, and its secrets with it", () =>
  inFolder(async (folder) => {
    const file = await configure(folder);
    for (const mode of [0o644, 0o620, 0o604, 0o640]) {
      await Deno.chmod(file, mode);
      const { code, stderr } = await iked("-n", "-f", file);
      assert.equal(code, 1, mode.toString(8));
      assert.match(stderr, /iked\.conf:1:1: error: .*chmod 0600/);
      assert.doesNotMatch(stderr, /visibly/);
    }
  }));

const isRoot = Deno.uid() === 0;
Deno.test({
  name: `iked -n: a file of somebody else is refused${
    isRoot ? "" : " [skipped: needs root to give a file away]"
  }`,
  ignore: !isRoot,
  fn: () =>
    inFolder(async (folder) => {
      const file = await configure(folder);
      await Deno.chown(file, 12345, null);
      const { code, stderr } = await iked("-n", "-f", file);
      assert.equal(code, 1);
      assert.match(stderr, /belongs to uid 12345/);
    }),
});

Deno.test("iked -n -f -: the file comes from standard input", async () => {
  const [program, ...rest] = IKED;
  const child = new Deno.Command(program!, {
    args: [...rest, "-n", "-f", "-"],
    stdin: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(CONFIGURATION));
  await writer.close();
  const { code, stderr } = await child.output();
  assert.deepEqual([code, new TextDecoder().decode(stderr)], [0, "configuration OK\n"]);
});

Deno.test("iked ctl: without a daemon it says so on stderr, with --json also as an error object, exit 1", async () => {
  const message = "iked is not running: nothing answers at /nonexistent/iked.sock";
  const text = await iked("ctl", "-s", "/nonexistent/iked.sock", "show", "sa");
  assert.deepEqual(text, { code: 1, stdout: "", stderr: `ikectl: ${message}\n` });
  const json = await iked("ctl", "--json", "-s", "/nonexistent/iked.sock", "show", "sa");
  assert.deepEqual([json.code, JSON.parse(json.stdout)], [1, { error: { code: "no-daemon", message } }]);
});

Deno.test("iked ctl --help: usage and every command, exit 0, and nobody is asked", async () => {
  const { code, stdout, stderr } = await iked("ctl", "--help");
  assert.deepEqual([code, stderr], [0, ""]);
  assert.match(stdout, /^usage: iked ctl /);
  for (const command of ["load FILE", "reload", "couple", "show sa"]) {
    assert.ok(stdout.includes(`\n  ${command}\n`));
  }
});

Deno.test("iked ctl: wrong words and options are refused before anybody is asked, exit 1", async () => {
  const cases: readonly [readonly string[], RegExp][] = [
    [["show"], /^ikectl: missing argument:\nvalid commands\/args:\n {2}datapath\n {2}sa\n$/],
    [["reset", "ca"], /^ikectl: reset ca: not supported yet\n$/],
    [["show", "sa", "--plan"], /^ikectl: --plan is for reload and load\n$/],
    [["-x"], /^ikectl: unknown option: -x\nusage: iked ctl /],
    [["show", "sa", "-s"], /^ikectl: option -s needs an argument\nusage: iked ctl /],
    [["show", "sa", "x"], /^ikectl: superfluous argument: x\n$/],
  ];
  for (const [args, stderr] of cases) {
    const outcome = await iked("ctl", ...args);
    assert.deepEqual([outcome.code, outcome.stdout], [1, ""]);
    assert.match(outcome.stderr, stderr);
    const json = await iked("--json", "ctl", ...args);
    const { error } = JSON.parse(json.stdout);
    assert.deepEqual([json.code, `ikectl: ${error.message}\n`], [1, outcome.stderr]);
  }
});

Deno.test("iked --print-permissions --probe: the runtime holds every role to its grants, exit 0", async () => {
  const { code, stdout, stderr } = await iked("--print-permissions", "--json", "--probe");
  assert.deepEqual([code, stderr], [0, ""]);
  const { version, roles } = JSON.parse(stdout);
  assert.equal(version, 1);
  assert.deepEqual(roles.map(({ role }: { role: string }) => role), ["main", "engine", "keys", "net"]);
  for (const { role, probe } of roles) {
    for (const one of probe) assert.notEqual(one.granted, one.refused, `${role} ${one.kind} ${one.target}`);
  }
  const text = await iked("--print-permissions");
  assert.match(text.stdout, /^main\n {2}read: .*\n[^]*^engine\n {2}nothing\nkeys\n/m);
});
