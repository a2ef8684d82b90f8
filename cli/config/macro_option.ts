/** The argument of `-D`: `name=value`. Undefined where it is not of that form. */
export function parseMacro(argument: string): readonly [name: string, value: string] | undefined {
  const [, name, value] = /^([A-Za-z0-9][A-Za-z0-9_]*)=([^]*)$/.exec(argument) ?? [];
  return name === undefined || value === undefined ? undefined : [name, value];
}
