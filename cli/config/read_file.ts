/** Reads files that hold secrets: only those that nobody else can read or change (contracts.md, "Files"). */
import { dirname, isAbsolute, join } from "node:path";
import { fail, ok, type Result } from "../../src/bytes/mod.ts";
import { groupId } from "./databases.ts";

export interface ReadFile {
  readonly octets: Uint8Array;
  /** Tells whether two paths are the same file. */
  readonly identity: string;
}

/** Octets of one file; more is no configuration. */
const MAX_LENGTH = 64 * 1024 * 1024;
const FIRST_CHUNK = 64 * 1024;

/** What of a file's status decides. */
export interface FileStatus {
  readonly uid: number;
  readonly gid: number;
  /** Type and permission bits as in stat(2). */
  readonly mode: number;
}

/**
 * Why a file with this status is refused; undefined where it is not. It has to belong to root or the caller; others
 * have no access, the group cannot write, and can read only as the daemon's group.
 */
export function ownershipFault(
  status: FileStatus,
  caller: number,
  daemonGroup: number | undefined,
): string | undefined {
  const mode = (status.mode & 0o7777).toString(8).padStart(4, "0");
  if (status.uid !== 0 && status.uid !== caller) {
    return `it belongs to uid ${status.uid}, not to root or the caller`;
  }
  if ((status.mode & 0o007) !== 0) return `others have access to it (mode ${mode}): chmod 0600`;
  if ((status.mode & 0o020) !== 0) return `its group can write it (mode ${mode}): chmod 0600`;
  if ((status.mode & 0o040) !== 0 && status.gid !== daemonGroup) {
    return `its group can read it and is not _iked (mode ${mode}): chmod 0600`;
  }
  return undefined;
}

interface Readable {
  readSync(buffer: Uint8Array): number | null;
}

function readAll(file: Readable, expected: number): Result<Uint8Array, string> {
  let buffer = new Uint8Array(Math.min(Math.max(expected + 1, FIRST_CHUNK), MAX_LENGTH + 1));
  let length = 0;
  for (;;) {
    const read = file.readSync(buffer.subarray(length));
    if (read === null || read === 0) break;
    length += read;
    if (length < buffer.length) continue;
    if (length > MAX_LENGTH) {
      buffer.fill(0);
      return fail("it is larger than 64 MiB");
    }
    const larger = new Uint8Array(Math.min(buffer.length * 2, MAX_LENGTH + 1));
    larger.set(buffer);
    buffer.fill(0);
    buffer = larger;
  }
  return ok(buffer.subarray(0, length));
}

function reasonOf(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "there is no such file";
  if (error instanceof Deno.errors.PermissionDenied) return "permission denied";
  if (error instanceof Deno.errors.NotCapable) return "iked was started without permission to read it";
  return error instanceof Error ? error.message : String(error);
}

/** The octets of a file, checked and read through one descriptor; `-` is the standard input, which is not checked. */
export function readConfigurationFile(path: string): Result<ReadFile, string> {
  try {
    if (path === "-") {
      const all = readAll(Deno.stdin, 0);
      return all.ok ? ok({ octets: all.value, identity: "-" }) : all;
    }
    using file = Deno.openSync(path);
    const status = file.statSync();
    if (status.isDirectory) return fail("it is a directory");
    const { uid, gid, mode } = status;
    if (uid === null || gid === null || mode === null) return fail("the system tells no owner of it");
    const fault = ownershipFault({ uid, gid, mode }, Deno.uid() ?? 0, groupId("_iked"));
    if (fault !== undefined) return fail(fault);
    const all = readAll(file, status.size);
    return all.ok ? ok({ octets: all.value, identity: `${status.dev}:${status.ino}` }) : all;
  } catch (error) {
    return fail(reasonOf(error));
  }
}

/** The path that an `include` means: relative to the folder of the file that it stands in. */
export function includePath(path: string, from: string): string {
  return isAbsolute(path) || from === "stdin" ? path : join(dirname(from), path);
}
