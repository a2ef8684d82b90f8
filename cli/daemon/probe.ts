/** `iked --print-permissions [--json] [--probe]`: the table, and proof that the runtime holds every role to it. */
import {
  type Attempt,
  findLibraries,
  type Grant,
  grantsOf,
  lasting,
  type Libraries,
  permissionsOf,
  type RoleGrants,
} from "./permissions.ts";
import { workerUrl } from "./workers.ts";

/** What was tried in a role's place. */
export interface Probed extends Attempt {
  readonly granted: boolean;
  readonly refused: boolean;
}

function attemptsOf({ libc, libcrypto }: Libraries, directory: string): readonly Attempt[] {
  const libraries = [libc, libcrypto].filter((path) => path !== undefined);
  return [
    { kind: "read", target: "/" },
    { kind: "read", target: directory },
    { kind: "write", target: "/" },
    { kind: "net", target: "127.0.0.1" },
    ...libraries.map((target) => ({ kind: "ffi", target }) as const),
    { kind: "run", target: "true" },
    { kind: "env", target: "PATH" },
    { kind: "sys", target: "hostname" },
    { kind: "import", target: "http://127.0.0.1:9/module.js" },
  ];
}

function isGranted(grants: readonly Grant[], { kind, target }: Attempt): boolean {
  return grants.some((grant) => grant.kind === kind && (grant.paths?.includes(target) ?? true));
}

/** Starts a worker with exactly these grants and lets it try everything. */
export function probe(grants: readonly Grant[], attempts: readonly Attempt[]): Promise<readonly Probed[]> {
  const worker = new Worker(workerUrl("probe"), {
    type: "module",
    name: "probe",
    deno: { permissions: permissionsOf(grants) },
  });
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<readonly boolean[]>) => {
      worker.terminate();
      resolve(attempts.map((attempt, at) => ({
        ...attempt,
        granted: isGranted(grants, attempt),
        refused: data[at]!,
      })));
    };
    worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error(event.message));
    };
    worker.postMessage(attempts);
  });
}

function textOf({ role, grants }: RoleGrants, probed: readonly Probed[] | undefined): string {
  const lines = grants.map(({ kind, paths, reason, untilReady }) => {
    const until = untilReady === true ? " (given back before ready)" : "";
    return `  ${kind}${paths === undefined ? "" : ` ${paths.join(" ")}`}: ${reason}${until}`;
  });
  const shown = probed?.map(({ kind, target, granted, refused }) => {
    const wrong = granted === refused ? " WRONG" : "";
    return `  probe ${kind} ${target}: ${refused ? "refused" : "allowed"}${wrong}`;
  });
  return [role, ...(lines.length === 0 ? ["  nothing"] : lines), ...(shown ?? [])].join("\n");
}

/** Prints; the exit code is 1 where a probe did not find what the table says. */
export async function printPermissions(
  asked: { readonly json: boolean; readonly probe: boolean; readonly directory: string },
): Promise<number> {
  const libraries = findLibraries(), attempts = attemptsOf(libraries, asked.directory);
  const roles = [];
  for (const entry of grantsOf(libraries, asked.directory)) {
    roles.push({ ...entry, probed: asked.probe ? await probe(lasting(entry.grants), attempts) : undefined });
  }
  const wrong = roles.some(({ probed }) => probed?.some(({ granted, refused }) => granted === refused));
  if (asked.json) {
    const entries = roles.map(({ role, grants, probed }) => ({
      role,
      grants,
      ...(probed ? { probe: probed } : {}),
    }));
    const space = Deno.stdout.isTerminal() ? 2 : undefined;
    console.log(JSON.stringify({ version: 1, roles: entries }, null, space));
  } else {
    console.log(roles.map((entry) => textOf(entry, entry.probed)).join("\n"));
  }
  if (wrong) console.error("iked: a role is not held to its grants: see the lines marked WRONG");
  return wrong ? 1 : 0;
}
