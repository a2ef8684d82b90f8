import assert from "node:assert/strict";
import {
  type Attempt,
  findLibraries,
  grantsOf,
  lasting,
  permissionsOf,
} from "../../cli/daemon/permissions.ts";
import { probe } from "../../cli/daemon/probe.ts";

const EVERYTHING: readonly Attempt[] = [
  { kind: "read", target: "/" },
  { kind: "write", target: "/" },
  { kind: "net", target: "127.0.0.1" },
  { kind: "run", target: "true" },
  { kind: "env", target: "PATH" },
  { kind: "sys", target: "hostname" },
  { kind: "import", target: "http://127.0.0.1:9/module.js" },
];
const libraries = findLibraries();
const attempts: readonly Attempt[] = [
  ...EVERYTHING,
  ...[libraries.libc, libraries.libcrypto].flatMap((target) =>
    target === undefined ? [] : [{ kind: "ffi", target } as const]
  ),
];

const allowedTo = async (role: string) => {
  const entry = grantsOf(libraries, "/etc/iked").find((one) => one.role === role)!;
  const probed = await probe(lasting(entry.grants), attempts);
  assert.deepEqual(
    probed.filter((one) => one.granted === one.refused),
    [],
    "the table and the runtime differ",
  );
  return probed.filter((one) => !one.refused).map(({ kind, target }) => kind === "ffi" ? target : kind);
};

Deno.test("grantsOf: role engine may do nothing at all", async () => {
  assert.equal(
    permissionsOf(grantsOf(libraries, "/etc/iked").find((one) => one.role === "engine")!.grants),
    "none",
  );
  assert.deepEqual(await allowedTo("engine"), []);
});

Deno.test("grantsOf: role keys may open libcrypto, not libc, and reads nothing outside its directory", async () => {
  assert.deepEqual(await allowedTo("keys"), libraries.libcrypto === undefined ? [] : [libraries.libcrypto]);
});

Deno.test("grantsOf: role net may open its libraries and nothing else", async () => {
  assert.deepEqual(
    await allowedTo("net"),
    [libraries.libc, libraries.libcrypto].filter((path) => path !== undefined),
  );
});

Deno.test("grantsOf: main keeps files, sockets and sys once it is ready; never ffi, run, env", async () => {
  assert.deepEqual(await allowedTo("main"), ["read", "write", "net", "sys"]);
});

Deno.test("grantsOf: nobody may start programs, and every grant has its reason", () => {
  for (const { grants } of grantsOf(libraries, "/etc/iked")) {
    for (const grant of grants) {
      assert.ok(grant.reason.length > 10);
      assert.notEqual(grant.kind as string, "run");
    }
  }
});

Deno.test("grantsOf: without libcrypto role keys gets no ffi instead of all of it", () => {
  const keys = grantsOf({ libc: "/usr/lib/libc.so.6" }, "/etc/iked").find((one) => one.role === "keys")!;
  assert.deepEqual(permissionsOf(keys.grants), { import: false, read: ["/etc/iked"] });
});

Deno.test("probe: it finds what is allowed, so a refusal it reports means something", async () => {
  const probed = await probe([{ kind: "read", reason: "test" }, { kind: "env", reason: "test" }], EVERYTHING);
  assert.deepEqual(probed.filter((one) => !one.refused).map((one) => one.kind), ["read", "env"]);
});

Deno.test("revokeUntilReady: main has lost ffi and env afterwards, and kept the rest", async () => {
  const script = `
    import { grantsOf, revokeUntilReady } from "${new URL(
    "../../cli/daemon/permissions.ts",
    import.meta.url,
  )}";
    revokeUntilReady(grantsOf({}, "/etc/iked").find(({ role }) => role === "main").grants);
    const kinds = ["read", "write", "net", "ffi", "sys", "env", "run"];
    console.log(kinds.filter((name) => Deno.permissions.querySync({ name }).state === "granted").join(" "));`;
  const granted = ["read", "write", "net", "ffi", "sys", "env"].map((kind) => `--allow-${kind}`);
  const args = ["run", "--quiet", "--no-lock", "--no-prompt", ...granted];
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: [...args, `data:application/javascript,${encodeURIComponent(script)}`],
  }).output();
  assert.equal(new TextDecoder().decode(stdout), "read write net sys\n");
});
