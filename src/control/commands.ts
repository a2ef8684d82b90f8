/** The words of ikectl(8): a tree in which any unambiguous beginning of a word stands for it. */
import { fail, ok, type Result } from "../bytes/mod.ts";
import type { ControlRequest } from "./protocol.ts";

/** A word's meaning: a request, one with an argument, more words, or a command of the manual that is not there yet. */
type Node =
  | ControlRequest
  | { readonly argument: string; readonly request: (argument: string) => ControlRequest }
  | { readonly words: Words }
  | "not-yet";
type Words = Readonly<Record<string, Node>>;

const COMMANDS: Words = {
  active: { method: "mode", params: { active: true } },
  ca: "not-yet",
  couple: { method: "couple", params: { coupled: true } },
  decouple: { method: "couple", params: { coupled: false } },
  load: { argument: "FILE", request: (file) => ({ method: "load", params: { file, plan: false } }) },
  log: {
    words: {
      brief: { method: "log", params: { level: "brief" } },
      verbose: { method: "log", params: { level: "verbose" } },
    },
  },
  monitor: { method: "monitor" },
  passive: { method: "mode", params: { active: false } },
  reload: { method: "reload", params: { plan: false } },
  reset: {
    words: {
      all: { method: "reset", params: { what: "all" } },
      ca: "not-yet",
      id: "not-yet",
      policy: "not-yet",
      sa: { method: "reset", params: { what: "sa" } },
      user: "not-yet",
    },
  },
  show: {
    words: {
      ca: "not-yet",
      certinfo: "not-yet",
      certstore: "not-yet",
      datapath: { method: "show.datapath" },
      sa: { method: "show.sa" },
      stats: "not-yet",
    },
  },
};

/** Why the words are no command; `text` may have several lines. */
export interface CommandError {
  readonly code: "usage" | "not-supported";
  readonly text: string;
}

function withList(problem: string, words: readonly string[]): Result<never, CommandError> {
  const text = [problem, "valid commands/args:", ...words.map((word) => `  ${word}`)].join("\n");
  return fail({ code: "usage", text });
}

function withValid(problem: string, words: Words): Result<never, CommandError> {
  return withList(problem, Object.keys(words).filter((word) => words[word] !== "not-yet"));
}

/** Reads the words behind the options of `iked ctl`. */
export function parseCommand(args: readonly string[]): Result<ControlRequest, CommandError> {
  let words = COMMANDS;
  for (const [index, arg] of args.entries()) {
    const candidates = Object.keys(words).filter((word) => word.startsWith(arg));
    const word = Object.hasOwn(words, arg) ? arg : candidates[0];
    if (arg === "" || word === undefined) return withValid(`unknown argument: ${arg}`, words);
    if (word !== arg && candidates.length > 1) return withList(`ambiguous argument: ${arg}`, candidates);
    const node = words[word]!;
    if (node === "not-yet") {
      const command = [...args.slice(0, index), word].join(" ");
      return fail({ code: "not-supported", text: `${command}: not supported yet` });
    }
    if ("words" in node) {
      words = node.words;
      continue;
    }
    const takes = "argument" in node ? 1 : 0, given = args.slice(index + 1);
    const superfluous = given[takes];
    if (superfluous !== undefined) {
      return fail({ code: "usage", text: `superfluous argument: ${superfluous}` });
    }
    if (!("argument" in node)) return ok(node);
    const [argument] = given;
    if (argument === undefined || argument === "") {
      return fail({ code: "usage", text: `missing argument: ${word} ${node.argument}` });
    }
    return ok(node.request(argument));
  }
  return withValid("missing argument:", words);
}

/** Every command that there is, with its argument: `load FILE`. */
export function commandList(words: Words = COMMANDS): string[] {
  return Object.entries(words).flatMap(([word, node]) => {
    if (node === "not-yet") return [];
    if ("words" in node) return commandList(node.words).map((rest) => `${word} ${rest}`);
    return ["argument" in node ? `${word} ${node.argument}` : word];
  });
}
