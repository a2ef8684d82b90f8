/** A library whose functions are bound when they are first asked for. */
export interface LazyLibrary<Symbols extends Deno.ForeignLibraryInterface> {
  /** Functions by name; the first look at one binds it, which needs the grant still to be there. */
  readonly symbols: Deno.StaticForeignLibraryInterface<Symbols>;
  /** Releases the library; what was bound may not be called afterwards. */
  close(): void;
}

/**
 * Opens the library at `path`. Throws what `Deno.dlopen` throws, where a function is missing only when it is asked for.
 *
 * Deno compiles machine code for each function it binds, 0.3 ms a piece, and no role calls half of a table.
 */
export function openLazily<const Symbols extends Deno.ForeignLibraryInterface>(
  path: string,
  table: Symbols,
): LazyLibrary<Symbols> {
  const opened: { close(): void }[] = [Deno.dlopen(path, {})];
  const bind = (name: string): unknown => {
    const library = Deno.dlopen(path, { [name]: table[name]! });
    opened.push(library);
    return library.symbols[name];
  };
  // What is bound becomes a property of its own in front of its getter: hot calls find a plain function.
  const getters: object = {};
  for (const name in table) {
    Object.defineProperty(getters, name, {
      get(this: object): unknown {
        const value = bind(name);
        Object.defineProperty(this, name, { value, enumerable: true });
        return value;
      },
    });
  }
  return {
    symbols: Object.create(getters),
    close() {
      for (const library of opened) library.close();
    },
  };
}
