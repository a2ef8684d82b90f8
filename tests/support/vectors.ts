/** Published vectors that stand beside the repository, in `../shared/vectors`; tests that need them are ignored without. */
import { fromHex } from "../../src/bytes/mod.ts";

const root = new URL("../../../shared/vectors/", import.meta.url);

/** Whether the vectors are there. */
export const vectorsPresent: boolean = exists(root);

function exists(url: URL): boolean {
  try {
    return Deno.statSync(url).isDirectory;
  } catch {
    return false;
  }
}

/** A JSON file of vectors; the caller states its shape. */
export function readVectors<T>(path: string): T {
  return JSON.parse(Deno.readTextFileSync(new URL(path, root)));
}

/** A file of vectors as octets. */
export function readVectorOctets(path: string): Uint8Array {
  return Deno.readFileSync(new URL(path, root));
}

/** Paths of the files below a folder that end so, in order; none where the vectors are not there. */
export function vectorFiles(folder: string, ending: string): readonly string[] {
  const entries = vectorsPresent ? [...Deno.readDirSync(new URL(`${folder}/`, root))] : [];
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1)).flatMap(({ name, isDirectory }) => {
    const path = `${folder}/${name}`;
    if (isDirectory) return vectorFiles(path, ending);
    return name.endsWith(ending) ? [path] : [];
  });
}

/** A test over published vectors; without them it is ignored, and its name says why. */
export function vectorTest(name: string, run: () => void | Promise<void>): void {
  if (vectorsPresent) Deno.test(name, run);
  else Deno.test(`${name} [needs ../shared/vectors]`, { ignore: true }, run);
}

/** Octets of a hex string that is known to be one. */
export function hex(text: string): Uint8Array {
  const octets = fromHex(text);
  if (!octets.ok) throw new Error(`${octets.error}: "${text}"`);
  return octets.value;
}
