/** The rooms of the house and what each may import (beside itself). The lint plugin holds the code against it. */

/** A room may import what is listed and what that imports. `crypto` sees of `wire` the registry alone. */
export const ROOMS = {
  bytes: [],
  ip: ["bytes"],
  wire: ["ip"],
  capture: ["ip"],
  crypto: ["bytes"],
  x509: ["ip", "crypto"],
  proposal: ["wire", "crypto"],
  selector: ["wire"],
  auth: ["wire", "crypto"],
  policy: ["selector", "proposal"],
  config: ["policy"],
  sa: ["selector", "proposal"],
  exchange: ["sa", "auth", "policy"],
  engine: ["exchange"],
  datapath: ["selector", "crypto"],
  control: ["engine"],
} as const satisfies Record<string, readonly string[]>;

export type Room = keyof typeof ROOMS;

/** Rooms of which another one may import types and nothing else. */
const TYPES_ONLY: Readonly<Record<string, readonly string[]>> = {
  control: ["engine"],
  exchange: ["datapath"],
};

function isRoom(name: string): name is Room {
  return name in ROOMS;
}

/** All rooms that `room` may import, its own included. */
export function reachable(room: Room): ReadonlySet<string> {
  const seen = new Set<string>([room]);
  const open: string[] = [...ROOMS[room]];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    if (isRoom(next)) open.push(...ROOMS[next]);
  }
  return seen;
}

/** Where a file lives, by its path from the repository's root. */
export type Place =
  | { readonly kind: "src"; readonly room: string; readonly path: string }
  | {
    readonly kind: "ffi" | "cli" | "tests" | "scripts" | "face";
    readonly path: string;
  };

/** The place of a file; `path` may be absolute: the last of the top folders counts. */
export function placeOf(path: string): Place | undefined {
  const parts = path.split("/");
  for (let at = parts.length - 1; at >= 0; at--) {
    const tail = parts.slice(at).join("/");
    switch (parts[at]) {
      case "src":
        return { kind: "src", room: parts[at + 1] ?? "", path: tail };
      case "ffi":
      case "cli":
      case "tests":
      case "scripts":
        if (parts.slice(0, at).includes("tests")) continue;
        return {
          kind: parts[at] as "ffi" | "cli" | "tests" | "scripts",
          path: tail,
        };
    }
  }
  return parts.at(-1) === "mod.ts" ? { kind: "face", path: "mod.ts" } : undefined;
}

/** Resolves a relative specifier against the importing file's path. */
export function resolveImport(from: string, specifier: string): string {
  const parts = from.split("/").slice(0, -1);
  for (const part of specifier.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== ".") parts.push(part);
  }
  return parts.join("/");
}

/** What is wrong with this import, in one sentence; undefined where it is allowed. */
export function importFault(
  fromPath: string,
  specifier: string,
  typeOnly: boolean,
): string | undefined {
  const from = placeOf(fromPath);
  if (from === undefined) return undefined;
  if (!specifier.startsWith(".")) return packageFault(from, specifier);
  const to = placeOf(resolveImport(fromPath, specifier));
  if (to === undefined) return undefined;
  if (to.kind === "tests" && from.kind !== "tests" && from.kind !== "scripts") {
    return `"${from.path}" is product code and may not import tests`;
  }
  if (from.kind === "face") {
    return to.kind === "src" ? undefined : "mod.ts is the face of src/ alone";
  }
  if (from.kind === "ffi") {
    return to.kind === "ffi" || to.kind === "src" ? undefined : `ffi/ may not import "${to.path}"`;
  }
  if (from.kind !== "src") return undefined;
  if (to.kind !== "src") return `src/ may not import "${to.path}"`;
  if (from.room === "mod.ts" || !isRoom(from.room)) {
    return `"src/${from.room}" is no room of scripts/rooms.ts`;
  }
  if (TYPES_ONLY[from.room]?.includes(to.room)) {
    return typeOnly ? undefined : `Room "${from.room}" may import types of "${to.room}" only`;
  }
  if (from.room === "crypto" && to.path.startsWith("src/wire/registry")) {
    return undefined;
  }
  return reachable(from.room).has(to.room)
    ? undefined
    : `Room "${from.room}" may not import room "${to.room}"`;
}

function packageFault(from: Place, specifier: string): string | undefined {
  if (from.kind !== "src") return undefined;
  if (specifier.startsWith("node:")) {
    const allowed = from.path.startsWith("src/crypto/portable/") &&
      /^node:(crypto|buffer)$/.test(specifier);
    return allowed ? undefined : `src/ may not import "${specifier}" outside of crypto/portable`;
  }
  if (/^(https?|npm|jsr|file):/.test(specifier)) {
    return `Name "${specifier}" in deno.json and import it by that name`;
  }
  return undefined;
}
