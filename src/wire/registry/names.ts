/** A registry of IANA: identifiers in our source and the numbers they stand for. */
export type CodePoints = Readonly<Record<string, number>>;

interface Names {
  readonly kind: string;
  readonly byNumber: ReadonlyMap<number, string>;
}

const tables = new WeakMap<CodePoints, Names>();

/**
 * Declares a registry. `kind` stands before a number that has no name; `names` has IANA's names where they are no
 * identifiers.
 */
export function codePoints<const T extends CodePoints>(
  kind: string,
  table: T,
  names: { readonly [K in keyof T]?: string } = {},
): T {
  const byNumber = new Map<number, string>();
  for (const key of Object.keys(table) as (keyof T & string)[]) byNumber.set(table[key]!, names[key] ?? key);
  tables.set(table, { kind, byNumber });
  return Object.freeze(table);
}

/** IANA's name of a number, or the kind of registry and the number: `ENCR_AES_GCM_16`, `ENCR 1234`. */
export function nameOf(table: CodePoints, value: number): string {
  const names = tables.get(table);
  return names?.byNumber.get(value) ?? `${names?.kind ?? "value"} ${value}`;
}

/** Whether the registry has this number. */
export function isKnown(table: CodePoints, value: number): boolean {
  return tables.get(table)?.byNumber.has(value) ?? false;
}
