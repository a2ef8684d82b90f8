import { type SecretRef, toHex } from "../../bytes/mod.ts";

/** A string in double quotes, so that the lexer gives it back. */
export function quote(text: string): string {
  return `"${text.replace(/"/g, '\\"').replace(/\\(?=[ \t])/g, "\\\\")}"`;
}

/** What stands for a secret that is not to be shown. */
const MASK = "(secret)";

/** Secrets by name, as text of the language. */
export class Secrets {
  constructor(readonly octets: ReadonlyMap<SecretRef, Uint8Array>) {}

  /** As hex digits, which `psk` takes for any key. */
  hex(ref: SecretRef): string {
    const octets = this.octets.get(ref);
    return octets === undefined ? MASK : `0x${toHex(octets)}`;
  }

  /** As a string. */
  text(ref: SecretRef): string {
    const octets = this.octets.get(ref);
    return octets === undefined ? MASK : quote(new TextDecoder().decode(octets));
  }
}
