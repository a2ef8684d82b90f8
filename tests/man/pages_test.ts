import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { commands, missingCommands } from "../../scripts/man/commands.ts";
import { HELP } from "../../cli/options.ts";
import { readGood } from "../config/support.ts";
import { explainedOptions, literalBlocks, page, section } from "./pages.ts";

const PAGES = ["iked.8", "iked.conf.5", "ikectl.8"];

function hasMandoc(): boolean {
  try {
    return new Deno.Command("mandoc", {
      args: ["-Tlint", "-Werror"],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    })
      .outputSync().code <= 4;
  } catch {
    return false;
  }
}

for (const name of PAGES) {
  const lint = async () => {
    const path = fileURLToPath(new URL(`../../man/${name}`, import.meta.url));
    const { code, stdout } = await new Deno.Command("mandoc", { args: ["-Tlint", "-Wwarning", path] })
      .output();
    assert.equal(new TextDecoder().decode(stdout), "");
    assert.equal(code, 0);
  };
  if (hasMandoc()) Deno.test(`man/${name}: mandoc has nothing to say against it`, lint);
  else {Deno.test({
      name: `man/${name}: mandoc has nothing to say against it [skipped: no mandoc]`,
      ignore: true,
      fn: lint,
    });}

  Deno.test(`man/${name}: it is ASCII, and has the sections that a manual page has`, () => {
    const text = page(name);
    // deno-lint-ignore no-control-regex -- ASCII is what it is about
    assert.ok(!/[^\x00-\x7f]/.test(text));
    for (
      const title of [
        "NAME",
        "DESCRIPTION",
        "FILES",
        "EXAMPLES",
        "SEE ALSO",
        "HISTORY",
        "SECURITY CONSIDERATIONS",
      ]
    ) {
      assert.ok(text.includes(`\n.Sh ${title}\n`), title);
    }
  });
}

/** Lines of --help that explain an option, and its names. */
function helpOptions(): Set<string> {
  const lines = HELP.matchAll(/^ {2}(-\S+?)(?:, (-\S+))?(?: \S+)? {2,}/gm);
  return new Set(
    Array.from(lines, ([, one, other]) => [one!, other]).flat().filter((name) => name !== undefined),
  );
}

Deno.test("iked(8): it explains every option of --help, and no other", () => {
  const explained = explainedOptions(section("iked.8", "DESCRIPTION"));
  const wanted = helpOptions();
  assert.ok(wanted.size >= 14);
  for (const option of wanted) assert.ok(explained.has(option), `${option} is not explained`);
  for (const option of explained) {
    assert.ok(wanted.has(option) || option === "--help", `${option} is none of --help`);
  }
});

Deno.test("iked(8): its synopsis has every subcommand and option of --help", () => {
  const synopsis = section("iked.8", "SYNOPSIS");
  const usages = [...HELP.matchAll(/^ {7}iked (.*)$/gm)].map(([, usage]) => usage!);
  assert.ok(usages.length >= 6);
  for (const usage of usages) {
    const word = usage.split(" ", 1)[0]!;
    const form = word.startsWith("-") ? `.Fl ${word.slice(1)}` : `.Cm ${word}`;
    const own = synopsis.split(/^\.Nm$/m).find((part) => part.startsWith(`\n${form}\n`));
    assert.ok(own !== undefined, `the synopsis has no ${word}`);
    for (const [, option] of usage.matchAll(/\[(-[-\w]+)/g)) {
      assert.match(own, new RegExp(`Fl (\\w \\| )?-?${option!.replace(/^-+/, "")}\\b`), `${word} ${option}`);
    }
  }
});

Deno.test("ikectl(8): it explains every option of iked ctl, and every command that there is", () => {
  const [, usage] = /iked ctl (.*)/.exec(HELP)!;
  const wanted = new Set(Array.from(usage!.matchAll(/\[(-[-\w]+)/g), ([, option]) => option!));
  assert.deepEqual(explainedOptions(section("ikectl.8", "DESCRIPTION")), wanted);
  const text = section("ikectl.8", "COMMANDS");
  const explained = Array.from(text.matchAll(/^\.It Cm (.*?)(?: Ar .*)?$/gm), ([, words]) => words!);
  assert.deepEqual(explained, commands().map(({ words }) => words));
  for (const words of missingCommands()) assert.ok(text.includes(`.Cm ${words}`), words);
});

/** Words in front of `nft` that give it a network namespace of its own; undefined where it has none to check rules in. */
const NAMESPACE = [["-n"], ["-rn"]].find((flags) => {
  try {
    return new Deno.Command("unshare", {
      args: [...flags, "nft", "list", "ruleset"],
      stdout: "null",
      stderr: "null",
    })
      .outputSync().success;
  } catch {
    return false;
  }
});

Deno.test({
  name: "iked.conf(5): nft takes the rules for the packet filter" +
    (NAMESPACE === undefined ? " [skipped: no nft, or no network namespaces]" : ""),
  ignore: NAMESPACE === undefined,
  fn: async () => {
    const [rules] = literalBlocks(section("iked.conf.5", "PACKET FILTERING"));
    const args = [...NAMESPACE!, "nft", "--check", "--file", "-"];
    const child = new Deno.Command("unshare", { args, stdin: "piped", stderr: "piped" }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(rules!));
    await writer.close();
    const { success, stderr } = await child.output();
    assert.ok(success, new TextDecoder().decode(stderr));
  },
});

Deno.test("iked.conf(5): every example is valid", () => {
  const examples = literalBlocks(section("iked.conf.5", "EXAMPLES"));
  assert.ok(examples.length >= 4);
  for (const example of examples) readGood(example);
});

Deno.test("iked.conf(5): the examples of the manual are those that are explained in the tests", () => {
  const examples = literalBlocks(section("iked.conf.5", "EXAMPLES"));
  for (const name of ["gateway", "ports"]) {
    const file = Deno.readTextFileSync(new URL(`../data/explain/${name}.conf`, import.meta.url));
    assert.ok(examples.includes(file.slice(file.indexOf("\n") + 1)), name);
  }
});
