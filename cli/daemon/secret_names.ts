/**
 * Names for secrets by what they are: the same octets have the same name, whatever the configuration calls them, so
 * that a changed secret is a changed policy and an unchanged one is not. Nothing can be learnt from a name.
 */
import { type SecretRef, toHex } from "../../src/bytes/mod.ts";
import type { Prf } from "../../src/crypto/mod.ts";

export class SecretNames {
  readonly #names = new Map<string, SecretRef>();
  readonly #macs = new Map<SecretRef, string>();
  #last = 0;

  /** `prf` is keyed with a random key of this holder alone. */
  constructor(private readonly prf: Prf) {}

  /** The name of these octets; `isNew` where they had none. */
  nameOf(octets: Uint8Array): { readonly ref: SecretRef; readonly isNew: boolean } {
    const mac = toHex(this.prf.compute(octets));
    const known = this.#names.get(mac);
    if (known !== undefined) return { ref: known, isNew: false };
    const ref = `secret:${++this.#last}` as SecretRef;
    this.#names.set(mac, ref);
    this.#macs.set(ref, mac);
    return { ref, isNew: true };
  }

  /** These octets are gone: should they come again they get another name. */
  forget(ref: SecretRef): void {
    const mac = this.#macs.get(ref);
    if (mac !== undefined) this.#names.delete(mac);
    this.#macs.delete(ref);
  }
}
