import assert from "node:assert/strict";
import fc from "fast-check";
import { commandList, parseCommand } from "../../src/control/mod.ts";

function request(line: string): unknown {
  const parsed = parseCommand(line.split(" ").filter((word) => word !== ""));
  assert.ok(parsed.ok, `"${line}" is refused`);
  return parsed.value;
}

function refused(line: string): { code: string; text: string } {
  const parsed = parseCommand(line.split(" ").filter((word) => word !== ""));
  assert.ok(!parsed.ok, `"${line}" is accepted`);
  return parsed.error;
}

Deno.test("parseCommand: the words of ikectl(8) name their requests", () => {
  assert.deepEqual(request("show sa"), { method: "show.sa" });
  assert.deepEqual(request("show datapath"), { method: "show.datapath" });
  assert.deepEqual(request("monitor"), { method: "monitor" });
  assert.deepEqual(request("reset all"), { method: "reset", params: { what: "all" } });
  assert.deepEqual(request("reset sa"), { method: "reset", params: { what: "sa" } });
  assert.deepEqual(request("log brief"), { method: "log", params: { level: "brief" } });
  assert.deepEqual(request("log verbose"), { method: "log", params: { level: "verbose" } });
  assert.deepEqual(request("active"), { method: "mode", params: { active: true } });
  assert.deepEqual(request("passive"), { method: "mode", params: { active: false } });
  assert.deepEqual(request("couple"), { method: "couple", params: { coupled: true } });
  assert.deepEqual(request("decouple"), { method: "couple", params: { coupled: false } });
  assert.deepEqual(request("reload"), { method: "reload", params: { plan: false } });
  assert.deepEqual(request("load other.conf"), {
    method: "load",
    params: { file: "other.conf", plan: false },
  });
});

Deno.test("parseCommand: `load` needs a file, and just one; `reload` takes none", () => {
  assert.equal(refused("load").text, "missing argument: load FILE");
  assert.equal(refused("load a b").text, "superfluous argument: b");
  assert.equal(refused("reload a").text, "superfluous argument: a");
});

Deno.test("parseCommand: a word may be abbreviated as far as it stays unambiguous", () => {
  assert.deepEqual(request("sh sa"), { method: "show.sa" });
  assert.deepEqual(request("s d"), { method: "show.datapath" });
  assert.deepEqual(request("m"), { method: "monitor" });
  assert.deepEqual(request("res al"), { method: "reset", params: { what: "all" } });
  assert.deepEqual(request("log v"), { method: "log", params: { level: "verbose" } });
});

Deno.test("parseCommand: an ambiguous, unknown or missing word is named, with those that are valid", () => {
  assert.equal(refused("log x").text, "unknown argument: x\nvalid commands/args:\n  brief\n  verbose");
  assert.equal(refused("re").text, "ambiguous argument: re\nvalid commands/args:\n  reload\n  reset");
  assert.equal(refused("lo").text, "ambiguous argument: lo\nvalid commands/args:\n  load\n  log");
  assert.equal(refused("show").text, "missing argument:\nvalid commands/args:\n  datapath\n  sa");
  assert.match(refused("").text, /^missing argument:\nvalid commands\/args:\n {2}active\n/);
  assert.equal(refused("show sa now").text, "superfluous argument: now");
  assert.equal(refused("toString").text.split("\n")[0], "unknown argument: toString");
});

Deno.test("parseCommand: commands of the manual that are not there say so, abbreviated too", () => {
  for (
    const line of [
      "reset ca",
      "reset policy",
      "reset user",
      "ca x create",
    ]
  ) {
    assert.equal(refused(line).code, "not-supported", line);
  }
  assert.equal(refused("reset pol").text, "reset policy: not supported yet");
  assert.equal(refused("show ca x certificates").text, "show ca: not supported yet");
  assert.doesNotMatch(refused("").text, /\bca\b/);
});

Deno.test("parseCommand: an empty word stands for nothing", () => {
  const parsed = parseCommand([""]);
  assert.ok(!parsed.ok && parsed.error.text.startsWith("unknown argument: \n"));
});

Deno.test("parseCommand: no words make it throw", () => {
  fc.assert(fc.property(fc.array(fc.string({ maxLength: 12 })), (words) => void parseCommand(words)));
});

Deno.test("commandList: every command of it is one, and none is missing that the words lead to", () => {
  const list = commandList();
  for (const command of list) assert.ok(request(command.replace("FILE", "a.conf")));
  assert.ok(["active", "load FILE", "reset all", "show sa"].every((command) => list.includes(command)));
  assert.equal(new Set(list).size, list.length);
});
