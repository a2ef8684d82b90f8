import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { readVectorOctets, vectorFiles, vectorTest } from "../support/vectors.ts";
import { difference, lexed, type Part, SAMPLE } from "./lexed.ts";

const RUNTIME = fileURLToPath(new URL("../../editors/vim", import.meta.url));

/** Whether there is a Vim with syntax highlighting. */
function hasVim(): boolean {
  try {
    const { stdout } = new Deno.Command("vim", { args: ["--version"], stderr: "null" }).outputSync();
    return new TextDecoder().decode(stdout).includes("+syntax");
  } catch {
    return false;
  }
}

const PRESENT = hasVim();

function vimTest(name: string, run: () => Promise<void>): void {
  if (PRESENT) Deno.test(name, run);
  else Deno.test({ name: `${name} [skipped: no vim with +syntax]`, ignore: true, fn: run });
}

/** Writes the file type, then the group of every character, a line for a line. */
const SCRIPT = `
set nocompatible nomodeline
let &runtimepath = $IKED_VIM . ',' . $VIMRUNTIME
filetype plugin on
syntax enable
edit $IKED_FILE
let out = [&filetype . ' ' . &commentstring]
for lnum in range(1, line('$'))
  call add(out, join(map(range(1, col([lnum, '$']) - 1), 'synIDattr(synID(lnum, v:val, 0), "name")'), ','))
endfor
call writefile(out, $IKED_OUT)
qall!
`;

/** What Vim makes of a file: its type, and the group of each character, line by line. */
async function groups(text: string): Promise<{ type: string; lines: string[][] }> {
  const folder = await Deno.makeTempDir({ prefix: "iked-test-" });
  try {
    const file = `${folder}/iked.conf`, out = `${folder}/out`;
    await Deno.writeTextFile(file, text);
    await Deno.writeTextFile(`${folder}/script.vim`, SCRIPT);
    const { success, stderr } = await new Deno.Command("vim", {
      args: ["-es", "-u", "NONE", "-i", "NONE", "-S", `${folder}/script.vim`],
      env: { IKED_VIM: RUNTIME, IKED_FILE: file, IKED_OUT: out, TERM: "dumb", HOME: folder },
      stdin: "null",
    }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
    const [type, ...lines] = (await Deno.readTextFile(out)).split("\n");
    return { type: type!, lines: lines.map((line) => line.split(",")) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const PARTS: Readonly<Record<string, Part>> = {
  ikedString: "string",
  ikedEscape: "string",
  ikedComment: "comment",
  ikedVariable: "variable",
};

async function check(text: string): Promise<void> {
  const { lines } = await groups(text);
  const got = text.split("\n").flatMap((line, at) =>
    [...line, "\n"].map((_, column): Part => PARTS[lines[at]?.[column] ?? ""] ?? "other")
  );
  assert.equal(difference(text, lexed(text)!, got), undefined);
}

vimTest("vim: a file named iked.conf is of type iked and has its comments behind #", async () => {
  assert.equal((await groups("set active\n")).type, "iked # %s");
});

vimTest(
  "vim: strings, comments and macros are shown as what the daemon's lexer takes them for",
  () => check(SAMPLE),
);

vectorTest("vim: so they are in every published file", async () => {
  if (!PRESENT) return;
  const files = vectorFiles("iked-conf", ".conf");
  await check(files.map((file) => new TextDecoder().decode(readVectorOctets(file))).join("\n"));
});

vimTest("vim: words are shown as what they are, and as nothing inside of names", async () => {
  const text =
    "ikev2 esp from any to 10.0.0.0/8 ikesa enc aes-256-gcm enc 3des srcid esp.from.example.com x-psk\n";
  const { lines } = await groups(text);
  const words = [...text.matchAll(/\S+/g)].map(({ 0: word, index }) => `${word}: ${lines[0]![index]}`);
  assert.deepEqual(words, [
    "ikev2: ikedStatement",
    "esp: ikedClause",
    "from: ikedClause",
    "any: ikedValue",
    "to: ikedClause",
    "10.0.0.0/8: ikedAddress",
    "ikesa: ikedClause",
    "enc: ikedInner",
    "aes-256-gcm: ikedAlgorithm",
    "enc: ikedInner",
    "3des: ikedInsecure",
    "srcid: ikedClause",
    "esp.from.example.com: ",
    "x-psk: ",
  ]);
});
