/** `iked fmt`: iked.conf(5) in one layout. Files are read and written as octets: there may be keys in them. */
import { dirname } from "node:path";
import { argumentTokens } from "./argument_tokens.ts";
import { fail, ok, type Result } from "../src/bytes/mod.ts";
import { Diagnostics, formatConfiguration, formatDiagnostic, isSameText, Source } from "../src/config/mod.ts";

/** Options of `iked fmt`. */
interface FmtOptions {
  readonly mode: "print" | "write" | "check";
  /** `-` is the standard input. */
  readonly files: readonly string[];
}

export const FMT_USAGE = "usage: iked fmt [-w | --check] [FILE ...]";

const SPEC = { w: { type: "boolean", short: "w" }, check: { type: "boolean" } } as const;
const DEFAULT_FILE = "/etc/iked.conf";
/** Octets of one file; more is no configuration. */
const MAX_LENGTH = 64 * 1024 * 1024;

function readArgs(args: readonly string[]): Result<FmtOptions, string> {
  const files: string[] = [];
  let write = false, check = false;
  for (const token of argumentTokens(args, SPEC)) {
    if (token.kind === "option-terminator") continue;
    if (token.kind === "positional") files.push(token.value);
    else if (token.rawName === "-w") write = true;
    else if (token.rawName !== "--check") return fail(`unknown option: ${token.rawName}`);
    else if (token.value !== undefined) return fail("option --check takes no argument");
    else check = true;
  }
  if (write && check) return fail("-w and --check are mutually exclusive");
  if (write && files.includes("-")) return fail("-w writes files, not the standard input");
  const mode = write ? "write" : check ? "check" : "print";
  return ok({ mode, files: files.length > 0 ? files : [DEFAULT_FILE] });
}

/** A file as it was read; `status` is absent for the standard input. */
interface Read {
  readonly octets: Uint8Array;
  readonly status?: Deno.FileInfo;
}

function readAll(input: Pick<Deno.FsFile, "readSync">): Result<Uint8Array, string> {
  let buffer = new Uint8Array(64 * 1024), length = 0;
  for (;;) {
    const read = input.readSync(buffer.subarray(length));
    if (read === null) break;
    length += read;
    if (length > MAX_LENGTH) return fail("it is larger than 64 MiB");
    if (length < buffer.length) continue;
    const larger = new Uint8Array(2 * buffer.length);
    larger.set(buffer);
    buffer.fill(0);
    buffer = larger;
  }
  return ok(buffer.subarray(0, length));
}

function readInput(file: string): Result<Read, string> {
  try {
    if (file === "-") {
      const all = readAll(Deno.stdin);
      return all.ok ? ok({ octets: all.value }) : all;
    }
    using opened = Deno.openSync(file);
    const status = opened.statSync();
    if (status.isDirectory) return fail("it is a directory");
    const all = readAll(opened);
    return all.ok ? ok({ octets: all.value, status }) : all;
  } catch (error) {
    return fail(reasonOf(error));
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "no such file";
  if (error instanceof Deno.errors.PermissionDenied) return "permission denied";
  return error instanceof Error ? error.message : String(error);
}

/**
 * Puts octets in the place of a file, whole or not at all, with its owner and mode. A symbolic link stays one: what it
 * points to is replaced.
 */
function replaceFile(path: string, octets: Uint8Array, was: Deno.FileInfo): Result<void, string> {
  let temporary: string | undefined;
  try {
    const target = Deno.realPathSync(path);
    // With access for the caller alone
    temporary = Deno.makeTempFileSync({ dir: dirname(target), prefix: ".iked-fmt-" });
    using file = Deno.openSync(temporary, { write: true });
    for (let at = 0; at < octets.length;) at += file.writeSync(octets.subarray(at));
    file.syncSync();
    try {
      Deno.chownSync(temporary, was.uid, was.gid);
    } catch (error) {
      return fail(`cannot give a new file its owner ${was.uid} and group ${was.gid}: ${reasonOf(error)}`);
    }
    Deno.chmodSync(temporary, was.mode! & 0o7777);
    const now = Deno.statSync(target);
    if (now.ino !== was.ino || now.size !== was.size || now.mtime?.getTime() !== was.mtime?.getTime()) {
      return fail("it was changed meanwhile");
    }
    Deno.renameSync(temporary, target);
    temporary = undefined;
    return ok(undefined);
  } catch (error) {
    return fail(reasonOf(error));
  } finally {
    if (temporary !== undefined) Deno.removeSync(temporary);
  }
}

function complain(message: string): false {
  console.error(message);
  return false;
}

/** Lays one file out; whether all is well with it. */
function formatOne(file: string, mode: FmtOptions["mode"]): boolean {
  const name = file === "-" ? "stdin" : file;
  const read = readInput(file);
  if (!read.ok) return complain(`iked: ${name}: ${read.error}`);
  const { octets, status } = read.value;
  const diagnostics = new Diagnostics();
  const formatted = formatConfiguration(new Source(name, octets), diagnostics);
  if (formatted === undefined) {
    const errors = diagnostics.finish().filter((one) => one.severity === "error");
    return complain(errors.map(formatDiagnostic).join("\n"));
  }
  try {
    if (!isSameText(octets, formatted)) {
      return complain(
        `iked: ${name}: left as it is: laying it out would change it, which is an error of iked`,
      );
    }
    if (mode === "print") {
      writeOut(formatted);
      return true;
    }
    const isSame = octets.length === formatted.length && octets.every((octet, at) => octet === formatted[at]);
    if (isSame) return true;
    if (mode === "check") return complain(`iked: ${name}: not formatted`);
    const written = replaceFile(file, formatted, status!);
    return written.ok || complain(`iked: ${name}: ${written.error}`);
  } finally {
    octets.fill(0);
    formatted.fill(0);
  }
}

function writeOut(octets: Uint8Array): void {
  try {
    for (let at = 0; at < octets.length;) at += Deno.stdout.writeSync(octets.subarray(at));
  } catch (error) {
    // Nobody reads on: `| head` has seen enough.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}

/** Lays out what the arguments name; the exit code. */
export function runFmt(args: readonly string[]): number {
  const options = readArgs(args);
  if (!options.ok) {
    console.error(`iked: ${options.error}\n${FMT_USAGE}`);
    return 1;
  }
  const { files, mode } = options.value;
  return files.map((file) => formatOne(file, mode)).every((fine) => fine) ? 0 : 1;
}
