/**
 * Who may do what: the one table of grants, with a reason for each. Workers are started with nothing else, and
 * `iked --print-permissions --probe` shows that the runtime holds them to it.
 */
import { LIBC_PATHS } from "../../ffi/libc/libc.ts";
import { LIBCRYPTO_PATHS } from "../../ffi/libcrypto/library.ts";
import type { RoleName } from "./ports.ts";

/** Kinds of permission that are granted to some role; `run` and `import` are granted to none. */
export type GrantKind = "read" | "write" | "net" | "ffi" | "sys" | "env";

/** One grant. */
export interface Grant {
  readonly kind: GrantKind;
  /** Paths; absent: the whole kind. */
  readonly paths?: readonly string[];
  readonly reason: string;
  /** Given back before the daemon is ready. */
  readonly untilReady?: boolean;
}

/** Something that a permission decides about: what a probe tries. */
export interface Attempt {
  readonly kind: GrantKind | "run" | "import";
  readonly target: string;
}

/** All grants of one role. */
export interface RoleGrants {
  readonly role: "main" | RoleName;
  readonly grants: readonly Grant[];
}

/** Full paths of the libraries of this host; absent where none of the known places has it. */
export interface Libraries {
  readonly libc?: string;
  readonly libcrypto?: string;
}

function firstFile(paths: readonly string[]): string | undefined {
  return paths.find((path) => {
    try {
      return Deno.statSync(path).isFile;
    } catch {
      return false;
    }
  });
}

/** Looks in the fixed lists of places. A grant has to name the very path that is opened. */
export function findLibraries(): Libraries {
  const libc = firstFile(LIBC_PATHS), libcrypto = firstFile(LIBCRYPTO_PATHS);
  return { ...(libc === undefined ? {} : { libc }), ...(libcrypto === undefined ? {} : { libcrypto }) };
}

/** What main asks of the system, by Deno's names. */
const SYS_KINDS = ["uid", "hostname", "networkInterfaces"] as const;

/** Flags of `deno run` for what main cannot do without, and was not granted. */
export function missingFlags(libraries: Libraries): readonly string[] {
  const granted = (descriptor: Deno.PermissionDescriptor) =>
    Deno.permissions.querySync(descriptor).state === "granted";
  const paths = Object.values(libraries), flags: string[] = [];
  if (!SYS_KINDS.every((kind) => granted({ name: "sys", kind }))) {
    flags.push(`--allow-sys=${SYS_KINDS.join(",")}`);
  }
  if (!paths.every((path) => granted({ name: "ffi", path }))) flags.push(`--allow-ffi=${paths.join(",")}`);
  return flags;
}

function libraryGrant(paths: readonly (string | undefined)[], reason: string): readonly Grant[] {
  const found = paths.filter((path) => path !== undefined);
  return found.length === 0 ? [] : [{ kind: "ffi", paths: found, reason }];
}

/** The table, for these libraries and this directory of keys. */
export function grantsOf({ libc, libcrypto }: Libraries, directory: string): readonly RoleGrants[] {
  return [
    {
      role: "main",
      grants: [
        {
          kind: "read",
          reason: "iked.conf, what it includes, PSK files and the control socket are named at run time",
        },
        { kind: "write", reason: "the control socket, wherever it is asked for" },
        { kind: "net", reason: "the control socket is a listener; host names in iked.conf are resolved" },
        {
          kind: "ffi",
          reason: "to grant it to workers, ignore SIGUSR1, read standard error, go to the background",
          untilReady: true,
        },
        {
          kind: "sys",
          reason: "uid, to check who owns iked.conf, and interfaces named in it, at every reload",
        },
        { kind: "env", reason: "the environment that a daemon in the background inherits", untilReady: true },
      ],
    },
    { role: "engine", grants: [] },
    {
      role: "keys",
      grants: [
        { kind: "read", paths: [directory], reason: "private keys and certificates" },
        ...libraryGrant([libcrypto], "key exchange and prf of OpenSSL"),
      ],
    },
    {
      role: "net",
      grants: libraryGrant([libc, libcrypto], "sockets, TUN and rtnetlink of libc; ESP ciphers of OpenSSL"),
    },
  ];
}

/** Main's grants that last beyond the start. */
export function lasting(grants: readonly Grant[]): readonly Grant[] {
  return grants.filter((grant) => grant.untilReady !== true);
}

/** Grants as a worker's permissions: what is not named is refused. */
export function permissionsOf(grants: readonly Grant[]): Deno.PermissionOptions {
  if (grants.length === 0) return "none";
  const options: Deno.PermissionOptionsObject = { import: false };
  for (const { kind, paths } of grants) options[kind] = paths === undefined ? true : [...paths];
  return options;
}

/** Gives back what main needed to start only. */
export function revokeUntilReady(grants: readonly Grant[]): void {
  for (const { kind, untilReady } of grants) {
    if (untilReady === true) Deno.permissions.revokeSync({ name: kind });
  }
}
