import { addressBits, type AddressRange, type Prefix } from "../../ip/mod.ts";

/** Networks of entries that have the same families and lengths, dimension by dimension. */
interface Shape<T> {
  readonly families: readonly number[];
  readonly lengths: readonly number[];
  readonly hostBits: readonly bigint[];
  readonly table: Map<string, T[]>;
}

/** Shapes that one question looks into; a file with more of them has answers that are not found. */
const MAX_SHAPES = 256;

/** The prefix that a range of addresses is; undefined where it is none. */
export function prefixOf({ family, start, end }: AddressRange): Prefix | undefined {
  const span = start ^ end;
  if ((start & span) !== 0n || (span & (span + 1n)) !== 0n) return undefined;
  const bits = addressBits(family);
  return { address: { family, value: start }, length: span === 0n ? bits : bits - span.toString(2).length };
}

/**
 * Finds the entries whose networks hold given ones, several dimensions at once: entries of the same lengths are one hash
 * table (tuple space search). Work of a question: the number of different lengths, not of entries.
 */
export class CoverIndex<T> {
  readonly #shapes = new Map<string, Shape<T>>();
  /** How many tables and entries were looked into. */
  steps = 0;

  /** Adds an entry. `tag` is what a question has to name as well. */
  add(networks: readonly Prefix[], tag: string, value: T): void {
    const name = networks.map(({ address, length }) => `${address.family}/${length}`).join();
    let shape = this.#shapes.get(name);
    if (shape === undefined) {
      shape = {
        families: networks.map(({ address }) => address.family),
        lengths: networks.map(({ length }) => length),
        hostBits: networks.map(({ address, length }) => BigInt(addressBits(address.family) - length)),
        table: new Map(),
      };
      this.#shapes.set(name, shape);
    }
    const key = keyOf(shape, networks, tag);
    const list = shape.table.get(key);
    if (list === undefined) shape.table.set(key, [value]);
    else list.push(value);
  }

  /** Lists of the entries whose networks hold these and whose tag is one of these; each in the order of adding. */
  *holding(networks: readonly Prefix[], ...tags: readonly string[]): Generator<readonly T[]> {
    let left = MAX_SHAPES;
    for (const shape of this.#shapes.values()) {
      if (left-- === 0) return;
      this.steps++;
      const fits = networks.every(({ address, length }, at) =>
        shape.families[at] === address.family && shape.lengths[at]! <= length
      );
      if (!fits) continue;
      for (const tag of tags) {
        const list = shape.table.get(keyOf(shape, networks, tag));
        if (list !== undefined) yield list;
      }
    }
  }
}

function keyOf({ lengths, hostBits }: Shape<unknown>, networks: readonly Prefix[], tag: string): string {
  let key = "";
  for (let at = 0; at < networks.length; at++) {
    if (lengths[at]! > 0) key += networks[at]!.address.value >> hostBits[at]!;
    key += ",";
  }
  return key + tag;
}
