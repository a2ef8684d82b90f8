/**
 * Opens a library and closes it again: the way to see whether a role may, which is all that this is for. Throws what
 * `Deno.dlopen` throws.
 */
export function tryOpen(path: string): void {
  Deno.dlopen(path, {}).close();
}
