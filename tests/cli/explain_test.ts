import assert from "node:assert/strict";
import { configure, iked, inFolder } from "./iked_process.ts";

const FILE = `ikev2 "example" passive esp from $net to 10.2.0.0/16 peer 192.0.2.2 psk "visibly an example"\n`;

Deno.test("iked explain prints the meaning of a file, macros of the command line included, and no key", () =>
  inFolder(async (folder) => {
    const file = await configure(folder, FILE);
    const { code, stdout, stderr } = await iked("explain", "-D", "net=10.1.0.0/16", file);
    assert.deepEqual([code, stderr], [0, ""]);
    assert.ok(stdout.includes(`\nPolicy "example" [${file}:1]:\n`), stdout);
    assert.match(
      stdout,
      /what goes between 10\.1\.0\.0\/16 here and 10\.2\.0\.0\/16 at the peer \[.*iked\.conf:1\]\.\n/,
    );
    assert.ok(!stdout.includes("visibly"), stdout);
  }));

Deno.test("iked explain --json prints the same as one object in one line", () =>
  inFolder(async (folder) => {
    const file = await configure(folder, FILE);
    const { code, stdout } = await iked("explain", "--json", "-Dnet=10.1.0.0/16", file);
    assert.equal(code, 0);
    assert.equal(stdout.split("\n").length, 2);
    const { version, policies, unsupported } = JSON.parse(stdout);
    assert.deepEqual([version, policies.length, unsupported], [1, 1, []]);
    assert.deepEqual(policies[0].where, { file, line: 1, column: 1 });
    const peer = policies[0].sentences.find((one: { topic: string }) => one.topic === "peer");
    assert.deepEqual(peer, {
      topic: "peer",
      text: "The peer is at 192.0.2.2",
      where: { file, line: 1, column: FILE.indexOf("192.0.2.2") + 1 },
    });
  }));

Deno.test("iked explain of a broken file says where it is broken, exits 1 and explains nothing", () =>
  inFolder(async (folder) => {
    const file = await configure(folder, FILE);
    const { code, stdout, stderr } = await iked("explain", "--json", file);
    assert.equal(code, 1);
    assert.ok(stderr.startsWith(`${file}:1:34: error: macro "net" is not defined`), stderr);
    const { error } = JSON.parse(stdout);
    assert.deepEqual(error, {
      code: "configuration",
      message: 'macro "net" is not defined',
      where: { file, line: 1, column: 34 },
    });
    assert.equal((await iked("explain", `${folder}/none`)).code, 1);
    for (const args of [["-x"], ["a", "b"], ["-D", "novalue"], ["--json=1"]]) {
      const { code, stderr } = await iked("explain", ...args);
      assert.equal(code, 1);
      assert.match(stderr, /^iked: .+\nusage: iked explain /);
    }
  }));
