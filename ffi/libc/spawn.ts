/** Starting a process that outlives this one: posix_spawn(3), because a Deno process cannot fork. */
import { concat } from "../../src/bytes/mod.ts";
import { LibcError } from "./errno.ts";
import { cString, type Libc, type Octets } from "./libc.ts";

const POSIX_SPAWN_SETSID = 0x80;
const O_RDWR = 2;
const O_CLOEXEC = 0x80000;
/** More octets than glibc's posix_spawnattr_t (336) and posix_spawn_file_actions_t (80) have. */
const OPAQUE_LENGTH = 512;

export interface SpawnOptions {
  /** The executable's path; it is not looked up. */
  readonly path: string;
  /** All of argv, the name first. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** In a session of its own, without a terminal. */
  readonly session?: boolean;
  /** Standard input, output and error on /dev/null; else they are shared. */
  readonly quiet?: boolean;
  /** Our descriptors that the child gets, under which number. */
  readonly descriptors?: readonly { readonly ours: number; readonly theirs: number }[];
}

/** An array of C strings that ends with a null pointer; the strings lie behind it in the same memory. */
function stringArray(libc: Libc, texts: readonly string[]): Octets {
  const strings = concat(...texts.map(cString));
  const pointers = 8 * (texts.length + 1);
  const array = new Uint8Array(pointers + strings.length);
  array.set(strings, pointers);
  const view = new DataView(array.buffer);
  let at = libc.addressOf(array) + BigInt(pointers);
  for (const [i, text] of texts.entries()) {
    view.setBigUint64(8 * i, at, true);
    at += BigInt(cString(text).length);
  }
  return array;
}

/** posix_spawn's family returns the errno instead of setting it. */
function check(errno: number, action: string): void {
  if (errno !== 0) throw new LibcError(action, errno);
}

/** Starts a process and returns its pid. It is not waited for. Throws `LibcError`. */
export function spawn(libc: Libc, options: SpawnOptions): number {
  const { c } = libc;
  const action = `start "${options.path}"`;
  const actions = new Uint8Array(OPAQUE_LENGTH), attributes = new Uint8Array(OPAQUE_LENGTH);
  const argv = stringArray(libc, options.argv);
  const env = stringArray(libc, Object.entries(options.env).map(([name, value]) => `${name}=${value}`));
  const pid = new Int32Array(1);
  check(c.posix_spawn_file_actions_init(actions), action);
  check(c.posix_spawnattr_init(attributes), action);
  try {
    if (options.session === true) check(c.posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSID), action);
    if (options.quiet === true) {
      const nothing = cString("/dev/null");
      for (const fd of [0, 1, 2]) {
        check(c.posix_spawn_file_actions_addopen(actions, fd, nothing, O_RDWR, 0), action);
      }
    }
    for (const { ours, theirs } of options.descriptors ?? []) {
      check(c.posix_spawn_file_actions_adddup2(actions, ours, theirs), action);
    }
    check(c.posix_spawn(pid, cString(options.path), actions, attributes, argv, env), action);
    return pid[0]!;
  } finally {
    c.posix_spawn_file_actions_destroy(actions);
    c.posix_spawnattr_destroy(attributes);
  }
}

/** A pipe whose ends no child inherits unless it is told to. */
export function openPipe(libc: Libc): { readonly read: number; readonly write: number } {
  const ends = new Int32Array(2);
  libc.unwrap(libc.c.pipe2(ends, O_CLOEXEC), "make a pipe");
  return { read: ends[0]!, write: ends[1]! };
}
