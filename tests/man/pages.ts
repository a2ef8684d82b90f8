/** The manual pages as the tests look at them. */

/** The source of a page. */
export function page(name: string): string {
  return Deno.readTextFileSync(new URL(`../../man/${name}`, import.meta.url));
}

/** One section of a page, its heading not included. */
export function section(name: string, title: string): string {
  const found = page(name).split(/^\.Sh /m).find((part) => part.startsWith(`${title}\n`));
  if (found === undefined) throw new Error(`man/${name} has no section ${title}`);
  return found.slice(title.length + 1);
}

/** What is displayed as it stands, with the escapes of mdoc undone. */
export function literalBlocks(text: string): string[] {
  const blocks = text.matchAll(/^\.Bd -literal.*\n([^]*?)^\.Ed$/gm);
  return Array.from(blocks, ([, block]) => block!.replace(/\\e/g, "\\"));
}

/** Options that a text in mdoc explains, as `-x` and `--word`. */
export function explainedOptions(text: string): Set<string> {
  const items = text.matchAll(/^\.It (Fl .*)$/gm);
  return new Set(Array.from(items, ([, item]) => item!.match(/^Fl (\S+)/)![1]!).map((name) => `-${name}`));
}
