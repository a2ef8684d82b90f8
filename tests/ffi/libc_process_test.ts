import assert from "node:assert/strict";
import {
  CAP,
  capabilities,
  identity,
  LibcError,
  openLibc,
  openPipe,
  readText,
  readToEnd,
  spawn,
  writeAll,
  writeText,
} from "../../ffi/libc/mod.ts";
import { libcTest } from "./support.ts";

const text = (octets: Uint8Array) => new TextDecoder().decode(octets);

libcTest(
  "A spawned process has its own session, its arguments, its environment and our pipe",
  async (path) => {
    const libc = openLibc(path);
    const pipe = openPipe(libc);
    const script =
      'read -r _ _ _ _ pgrp session _ < /proc/self/stat; echo "$1 $WORD $((session == $$)) $0" >&5';
    const pid = spawn(libc, {
      path: "/bin/sh",
      argv: ["iked", "-c", script, "name", "argument"],
      env: { WORD: "word" },
      session: true,
      quiet: true,
      descriptors: [{ ours: pipe.write, theirs: 5 }],
    });
    libc.c.close(pipe.write);
    assert.ok(pid > 0);
    assert.equal(text(await readToEnd(libc, pipe.read)), "argument word 1 name\n");
    libc.c.close(pipe.read);
    libc.close();
  },
);

libcTest("A program that is not there cannot be started", (path) => {
  const libc = openLibc(path);
  assert.throws(
    () => spawn(libc, { path: "/nonexistent/program", argv: ["x"], env: {} }),
    (error) =>
      error instanceof LibcError && error.code === "ENOENT" && error.message.includes("/nonexistent/program"),
  );
  libc.close();
});

libcTest("What is written to a pipe is read to its end, up to the limit", async (path) => {
  const libc = openLibc(path);
  for (const [limit, expected] of [[100, "0123456789"], [4, "0123"]] as const) {
    const pipe = openPipe(libc);
    writeAll(libc, pipe.write, new TextEncoder().encode("0123456789"));
    libc.c.close(pipe.write);
    assert.equal(text(await readToEnd(libc, pipe.read, limit)), expected);
    libc.c.close(pipe.read);
  }
  libc.close();
});

libcTest("Small files of /proc are read; a missing one and one that cannot be written say so", (path) => {
  const libc = openLibc(path);
  assert.match(readText(libc, "/proc/self/status"), /^Name:/);
  assert.equal(readText(libc, "/proc/self/status", 5), "Name:");
  assert.throws(() => readText(libc, "/proc/none"), {
    message: 'Cannot open "/proc/none": no such file (ENOENT)',
  });
  assert.throws(() => writeText(libc, "/proc/none", "1"), LibcError);
  libc.close();
});

libcTest("Identity and capabilities are those of /proc/self/status", (path) => {
  const libc = openLibc(path);
  const status = readText(libc, "/proc/thread-self/status");
  const field = (name: string) => status.match(new RegExp(`^${name}:\\s*(.*)$`, "m"))![1]!.split(/\s+/);
  const { uid, euid, gid, egid } = identity(libc);
  assert.deepEqual([String(uid), String(euid)], field("Uid").slice(0, 2));
  assert.deepEqual([String(gid), String(egid)], field("Gid").slice(0, 2));
  const { effective, permitted, inheritable } = capabilities(libc);
  const hex = (set: bigint) => [set.toString(16).padStart(16, "0")];
  assert.deepEqual(
    [hex(effective), hex(permitted), hex(inheritable)],
    [field("CapEff"), field("CapPrm"), field("CapInh")],
  );
  assert.equal(CAP.NET_ADMIN, 0x1000n);
  libc.close();
});
