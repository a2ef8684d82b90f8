/** The syntax file for Vim. */
import { algorithmNames, words } from "./words.ts";

/** One group of words; a word of several groups is in the first. */
const GROUPS = [
  ["ikedStatement", "Statement", () => words("statement")],
  ["ikedClause", "Type", () => words("clause")],
  ["ikedOption", "Type", () => words("option")],
  ["ikedInner", "Keyword", () => words("inner")],
  ["ikedValue", "Constant", () => words("value")],
  ["ikedInsecure", "Todo", () => algorithmNames(["auth", "enc", "group", "prf"], true)],
  ["ikedAlgorithm", "Constant", () => algorithmNames(["auth", "enc", "group", "prf"], false)],
] as const;

/** How each match and region is shown. */
const LINKS = [
  ["ikedComment", "Comment"],
  ["ikedString", "String"],
  ["ikedEscape", "SpecialChar"],
  ["ikedMacro", "Identifier"],
  ["ikedVariable", "Identifier"],
  ["ikedContinuation", "Special"],
  ["ikedNumber", "Number"],
  ["ikedAddress", "Number"],
] as const;

/** Words in lines of at most 100 characters. */
function keywordLines(group: string, list: readonly string[]): string[] {
  const lines: string[] = [];
  let line = `syn keyword ${group}`;
  for (const word of list) {
    if (line.length + word.length >= 100) {
      lines.push(line);
      line = `syn keyword ${group}`;
    }
    line += ` ${word}`;
  }
  return [...lines, line];
}

/** The file. */
export function vimSyntax(): string {
  const seen = new Set<string>();
  const keywords = GROUPS.flatMap(([group, , list]) => {
    const fresh = list().filter((word) => !seen.has(word));
    for (const word of fresh) seen.add(word);
    return keywordLines(group, fresh);
  });
  return `" Vim syntax file
" Language: iked.conf(5)
" Made by scripts/editors.ts from the words of the language: deno task docs

if exists("b:current_syntax")
  finish
endif
let s:cpo = &cpo
set cpo&vim

syn case match
syn sync fromstart
syn iskeyword @,48-57,_,-,.

${keywords.join("\n")}

syn match ikedNumber "\\<\\d\\+[mhdKMG]\\?\\>"
syn match ikedNumber "\\<0x\\x\\+\\>"
syn match ikedAddress "\\<\\d\\{1,3}\\%(\\.\\d\\{1,3}\\)\\{3}\\%(/\\d\\{1,2}\\)\\?"
syn match ikedAddress "\\<\\x*:\\x*:[0-9A-Fa-f:.]*\\%(/\\d\\{1,3}\\)\\?"
syn match ikedVariable "\\$\\w\\+"
syn match ikedMacro "^\\s*\\w\\+\\ze\\s*="
syn match ikedContinuation "\\\\$"
syn match ikedEscape "\\\\[\\"' \\t]" contained
syn region ikedString start=+"+ skip=+\\\\"+ end=+"+ contains=ikedEscape
syn region ikedString start=+'+ skip=+\\\\'+ end=+'+ contains=ikedEscape
syn region ikedComment start="#" skip="\\\\$" end="$"

${[...GROUPS, ...LINKS].map(([group, link]) => `hi def link ${group} ${link}`).join("\n")}

let b:current_syntax = "iked"
let &cpo = s:cpo
unlet s:cpo
`;
}

/** Which files the syntax is for. */
export const VIM_FTDETECT = `au BufRead,BufNewFile iked.conf,iked.conf.*,*/iked/*.conf setfiletype iked
`;

/** What the editor does with lines. */
export const VIM_FTPLUGIN = `if exists("b:did_ftplugin")
  finish
endif
let b:did_ftplugin = 1
setlocal commentstring=#\\ %s comments=:#
let b:undo_ftplugin = "setlocal commentstring< comments<"
`;
