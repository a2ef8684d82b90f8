/**
 * Octets that must not leak: a PSK, a password, a key.
 *
 * It prints as `[secret]` wherever JavaScript would turn it into text (string, JSON, inspection) and can be wiped.
 */
export class Secret {
  #octets: Uint8Array;

  /** Takes over `octets`: the caller keeps no other copy. */
  constructor(octets: Uint8Array) {
    this.#octets = octets;
  }

  /** Length in octets; 0 after `wipe`. */
  get length(): number {
    return this.#octets.length;
  }

  /** The octets themselves, not a copy. Call it only where they are used. */
  expose(): Uint8Array {
    return this.#octets;
  }

  /** Overwrites the octets with zeros and forgets them. */
  wipe(): void {
    this.#octets.fill(0);
    this.#octets = new Uint8Array(0);
  }

  toString(): string {
    return "[secret]";
  }

  toJSON(): string {
    return "[secret]";
  }

  [Symbol.for("Deno.customInspect")](): string {
    return "[secret]";
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return "[secret]";
  }
}
