/** `iked decode`: captures and bare messages in, text or JSON out. Reads the files that are named, nothing else. */
import { IkeCapture, type Source } from "../../src/capture/mod.ts";
import { errorJson, messageJson } from "./json.ts";
import { parseKeyTable } from "./key_table.ts";
import { dissect, type Dissected } from "./message.ts";
import { Opener } from "./opener.ts";
import { DECODE_USAGE, type DecodeOptions, parseDecodeOptions } from "./options.ts";
import { messageText } from "./text.ts";

/** Octets of a bare message that are looked at; no datagram has as many. */
const MAX_RAW_LENGTH = 131_072;

/** Decodes what the arguments name; the exit code. */
export async function runDecode(args: readonly string[]): Promise<number> {
  const parsed = parseDecodeOptions(args);
  if (!parsed.ok) return complain(`${parsed.error}\n${DECODE_USAGE}`);
  const options = parsed.value;
  const opener = options.keys === undefined ? undefined : await readKeys(options.keys);
  if (opener === "refused") return 1;
  try {
    return options.raw ? decodeRaw(options, opener) : decodeCapture(options, opener);
  } catch (error) {
    // Nobody reads on: `| head` has seen enough.
    if (error instanceof Deno.errors.BrokenPipe) return 0;
    throw error;
  } finally {
    opener?.wipe();
  }
}

function decodeCapture(options: DecodeOptions, opener: Opener | undefined): number {
  const file = options.files[0]!;
  const input = openFile(file);
  if (typeof input === "string") return unreadable(options, file, input);
  try {
    for (const item of new IkeCapture(sourceOf(input)).items()) {
      if (item.kind === "message") print(options, dissect(item, item.octets, opener));
      else if (item.code === "not-a-capture") return unreadable(options, file, item.message, item.octet);
      else if (options.json) writeLine(JSON.stringify(errorJson(item.octet, item.message)));
      else complain(`${file}: octet ${item.octet}: ${item.message}`);
    }
    return 0;
  } catch (error) {
    if (error instanceof ReadFailure) return unreadable(options, file, error.message);
    throw error;
  } finally {
    if (input !== Deno.stdin) input.close();
  }
}

function decodeRaw(options: DecodeOptions, opener: Opener | undefined): number {
  let exit = 0;
  for (const [index, file] of options.files.entries()) {
    const octets = readFront(file);
    if (typeof octets === "string") exit = unreadable(options, file, octets);
    else print(options, dissect({ frame: index + 1, file }, octets, opener));
  }
  return exit;
}

function print(options: DecodeOptions, dissected: Dissected): void {
  writeLine(options.json ? JSON.stringify(messageJson(dissected)) : messageText(dissected));
}

/** Says that nothing of a file could be read; the exit code. */
function unreadable(options: DecodeOptions, file: string, message: string, octet = 0): number {
  if (options.json) writeLine(JSON.stringify(errorJson(octet, message)));
  return complain(`${file}: ${message}`);
}

function complain(message: string): number {
  console.error(`iked: ${message}`);
  return 1;
}

/** The opener for a key table; `refused` after the table's faults were told. The ciphers are loaded only for this. */
async function readKeys(file: string): Promise<Opener | "refused"> {
  let text: string;
  try {
    text = await Deno.readTextFile(file);
  } catch (error) {
    complain(`${file}: ${reasonOf(error)}`);
    return "refused";
  }
  const { keys, faults } = parseKeyTable(text);
  for (const { line, column, message } of faults) {
    console.error(`${file}:${line}:${column}: error: ${message}`);
  }
  if (faults.length > 0) return "refused";
  const { createPortable } = await import("../../src/crypto/portable/provider.ts");
  return new Opener(keys, createPortable(noRandom));
}

/** Opening needs no randomness. */
function noRandom(): never {
  throw new Error("Nothing is sealed here");
}

type Input = Pick<Deno.FsFile, "readSync" | "close">;

/** Thrown by a source, with a line that says why. */
class ReadFailure extends Error {}

function openFile(file: string): Input | string {
  if (file === "-") return Deno.stdin;
  try {
    return Deno.openSync(file);
  } catch (error) {
    return reasonOf(error);
  }
}

function sourceOf(input: Input): Source {
  return {
    read(into) {
      try {
        return input.readSync(into) ?? 0;
      } catch (error) {
        throw new ReadFailure(reasonOf(error));
      }
    },
  };
}

/** The octets of a file, of a long one the front; or why it cannot be read. */
function readFront(file: string): Uint8Array | string {
  const input = openFile(file);
  if (typeof input === "string") return input;
  try {
    const buffer = new Uint8Array(MAX_RAW_LENGTH), source = sourceOf(input);
    let length = 0;
    while (length < buffer.length) {
      const read = source.read(buffer.subarray(length));
      if (read === 0) break;
      length += read;
    }
    return buffer.subarray(0, length);
  } catch (error) {
    if (error instanceof ReadFailure) return error.message;
    throw error;
  } finally {
    if (input !== Deno.stdin) input.close();
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "There is no such file";
  if (error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotCapable) {
    return "No permission to read it";
  }
  return error instanceof Error ? error.message : String(error);
}

function writeLine(text: string): void {
  const octets = new TextEncoder().encode(`${text}\n`);
  for (let at = 0; at < octets.length;) at += Deno.stdout.writeSync(octets.subarray(at));
}
