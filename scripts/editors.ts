/** Writes editors/ from the words of the language, part of `deno task docs`; `--check` only compares. */
import { textmateGrammar } from "./editors/textmate.ts";
import { VIM_FTDETECT, VIM_FTPLUGIN, vimSyntax } from "./editors/vim.ts";

const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;

/** Every file below editors/ with its text. */
export function editorFiles(): Readonly<Record<string, string>> {
  return {
    "vscode/package.json": json({
      name: "iked-conf",
      displayName: "iked.conf",
      description: "The configuration of iked, an IKEv2 daemon: iked.conf(5)",
      version: "0.1.0",
      publisher: "iked",
      license: "ISC",
      engines: { vscode: "^1.75.0" },
      categories: ["Programming Languages"],
      contributes: {
        languages: [{
          id: "iked",
          aliases: ["iked.conf"],
          filenames: ["iked.conf"],
          filenamePatterns: ["iked.conf.*", "**/iked/*.conf"],
          configuration: "./language-configuration.json",
        }],
        grammars: [{ language: "iked", scopeName: "source.iked", path: "./syntaxes/iked.tmLanguage.json" }],
      },
    }),
    "vscode/language-configuration.json": json({
      comments: { lineComment: "#" },
      brackets: [["{", "}"], ["(", ")"]],
      autoClosingPairs: [
        { open: "{", close: "}" },
        { open: "(", close: ")" },
        { open: '"', close: '"', notIn: ["string", "comment"] },
        { open: "'", close: "'", notIn: ["string", "comment"] },
      ],
      surroundingPairs: [["{", "}"], ["(", ")"], ['"', '"'], ["'", "'"]],
      wordPattern: "[^\\s\"'#(){},=$]+",
      onEnterRules: [{ beforeText: "^\\S.*\\\\$", action: { indent: "indent" } }],
    }),
    "vscode/syntaxes/iked.tmLanguage.json": json(textmateGrammar()),
    "vim/syntax/iked.vim": vimSyntax(),
    "vim/ftdetect/iked.vim": VIM_FTDETECT,
    "vim/ftplugin/iked.vim": VIM_FTPLUGIN,
  };
}

if (import.meta.main) {
  let fine = true;
  for (const [name, text] of Object.entries(editorFiles())) {
    const path = `editors/${name}`;
    if (!Deno.args.includes("--check")) {
      await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
      await Deno.writeTextFile(path, text);
    } else if (await Deno.readTextFile(path).catch(() => "") !== text) {
      console.error(`${path} is not what the words of the language say: deno task docs`);
      fine = false;
    }
  }
  if (!fine) Deno.exit(1);
}
