/**
 * Plain values as octets, for the ports between the roles: structured clone takes 8 µs to bring a datagram with its
 * endpoints to the other side, and more for each small array in a request for keys.
 *
 * The names of an object's properties travel once for each port: later objects of that shape name its number. Both
 * ends are of one build and on one machine, so numbers are little-endian and nothing carries a version.
 */

const TAG = {
  UNDEFINED: 0,
  NULL: 1,
  FALSE: 2,
  TRUE: 3,
  OCTET: 4,
  INT32: 5,
  FLOAT64: 6,
  BIGINT_64: 7,
  BIGINT_128: 8,
  /** A string of characters below 256, an octet each. */
  LATIN1: 9,
  UTF16: 10,
  OCTETS: 11,
  ARRAY: 12,
  OBJECT: 13,
  /** An object whose shape comes with it. */
  NEW_SHAPE: 14,
} as const;

const SCRATCH = 65_536;
/** Octets of scratch that are kept from one message to the next. */
const MOST_SCRATCH = 1_048_576;
/** Objects with names that never come again must not fill the memory. */
const MOST_SHAPES = 2048;
/** Deeper is only what refers to itself. */
const MOST_DEPTH = 64;
const LATIN1_LIMIT = 256;
const BIGINT_LIMIT = 1n << 128n;

/** A list of names, as a way through a tree: one step for each name. */
interface Shape {
  readonly next: Map<string, Shape>;
  readonly names: readonly string[];
  /** Number that the other side knows it by; -1 where it does not. */
  id: number;
}

/** Something that only structured clone can judge. */
class Unpackable extends Error {}

/** One direction of a port, the sending side. */
export class Packer {
  #octets = new Uint8Array(SCRATCH);
  #view = new DataView(this.#octets.buffer);
  #at = 0;
  readonly #root: Shape = { next: new Map(), names: [], id: -1 };
  #shapes = 0;
  #nextId = 0;
  #told: Shape[] = [];

  /**
   * The octets of a value; undefined where something in it is not undefined, null, a boolean, a number, a bigint from 0
   * up to 2^128, a string, a Uint8Array, or an array or plain object of these. No copy of them stays here.
   */
  pack(value: unknown): Uint8Array<ArrayBuffer> | undefined {
    this.#at = 0;
    try {
      this.#value(value, 0);
      this.#told.length = 0;
      return this.#octets.slice(0, this.#at);
    } catch (error) {
      if (!(error instanceof Unpackable)) throw error;
      // The other side does not get to see the shapes that this message would have brought.
      this.#nextId -= this.#told.length;
      for (const shape of this.#told) shape.id = -1;
      this.#told.length = 0;
      return undefined;
    } finally {
      this.#octets.fill(0, 0, this.#at);
      if (this.#octets.length > MOST_SCRATCH) this.#grow(SCRATCH);
    }
  }

  #grow(length: number): void {
    const octets = new Uint8Array(length);
    if (length > this.#octets.length) octets.set(this.#octets);
    this.#octets.fill(0);
    this.#octets = octets;
    this.#view = new DataView(octets.buffer);
  }

  /** Where the next `length` octets go. */
  #take(length: number): number {
    const at = this.#at;
    if (at + length > this.#octets.length) this.#grow(Math.max(2 * this.#octets.length, at + length));
    this.#at = at + length;
    return at;
  }

  #tag(tag: number, length = 0): number {
    const at = this.#take(1 + length);
    this.#octets[at] = tag;
    return at + 1;
  }

  #value(value: unknown, depth: number): void {
    switch (typeof value) {
      case "undefined":
        this.#tag(TAG.UNDEFINED);
        return;
      case "boolean":
        this.#tag(value ? TAG.TRUE : TAG.FALSE);
        return;
      case "number":
        return this.#number(value);
      case "bigint":
        return this.#bigint(value);
      case "string":
        return this.#string(value);
      case "object":
        if (value === null) this.#tag(TAG.NULL);
        else this.#object(value, depth);
        return;
      default:
        throw new Unpackable();
    }
  }

  #number(value: number): void {
    if ((value | 0) !== value || Object.is(value, -0)) {
      this.#view.setFloat64(this.#tag(TAG.FLOAT64, 8), value, true);
    } else if (value >= 0 && value < LATIN1_LIMIT) {
      this.#octets[this.#tag(TAG.OCTET, 1)] = value;
    } else {
      this.#view.setInt32(this.#tag(TAG.INT32, 4), value, true);
    }
  }

  #bigint(value: bigint): void {
    if (value < 0n || value >= BIGINT_LIMIT) throw new Unpackable();
    const high = value >> 64n;
    const at = high === 0n ? this.#tag(TAG.BIGINT_64, 8) : this.#tag(TAG.BIGINT_128, 16);
    this.#view.setBigUint64(at, value, true);
    if (high !== 0n) this.#view.setBigUint64(at + 8, high, true);
  }

  #string(text: string): void {
    const { length } = text;
    const start = this.#tag(TAG.LATIN1, 4 + length);
    const octets = this.#octets;
    for (let i = 0; i < length; i++) {
      const unit = text.charCodeAt(i);
      if (unit >= LATIN1_LIMIT) return this.#wideString(text, start);
      octets[start + 4 + i] = unit;
    }
    this.#view.setUint32(start, length, true);
  }

  #wideString(text: string, start: number): void {
    this.#at = start - 1;
    const at = this.#tag(TAG.UTF16, 4 + 2 * text.length);
    this.#view.setUint32(at, text.length, true);
    for (let i = 0; i < text.length; i++) this.#view.setUint16(at + 4 + 2 * i, text.charCodeAt(i), true);
  }

  #object(value: object, depth: number): void {
    if (depth > MOST_DEPTH) throw new Unpackable();
    if (value instanceof Uint8Array) {
      const at = this.#tag(TAG.OCTETS, 4 + value.length);
      this.#view.setUint32(at, value.length, true);
      this.#octets.set(value, at + 4);
    } else if (Array.isArray(value)) {
      this.#view.setUint32(this.#tag(TAG.ARRAY, 4), value.length, true);
      for (let i = 0; i < value.length; i++) this.#value(value[i], depth + 1);
    } else if (Object.getPrototypeOf(value) === Object.prototype) {
      this.#fields(value as Readonly<Record<string, unknown>>, depth);
    } else {
      throw new Unpackable();
    }
  }

  #fields(value: Readonly<Record<string, unknown>>, depth: number): void {
    let shape = this.#root;
    for (const name in value) shape = shape.next.get(name) ?? this.#step(shape, name);
    if (shape.id < 0) this.#tell(shape);
    else this.#view.setUint16(this.#tag(TAG.OBJECT, 2), shape.id, true);
    for (const name in value) this.#value(value[name], depth + 1);
  }

  #step(shape: Shape, name: string): Shape {
    // To write the property `__proto__` would be to set what an object inherits from.
    if (this.#shapes === MOST_SHAPES || name === "__proto__") throw new Unpackable();
    this.#shapes++;
    const next: Shape = { next: new Map(), names: [...shape.names, name], id: -1 };
    shape.next.set(name, next);
    return next;
  }

  #tell(shape: Shape): void {
    shape.id = this.#nextId++;
    this.#told.push(shape);
    this.#view.setUint16(this.#tag(TAG.NEW_SHAPE, 2), shape.names.length, true);
    for (const name of shape.names) this.#string(name);
  }
}

/** One direction of a port, the receiving side: it has to see every message of one `Packer`, in order. */
export class Unpacker {
  #octets = new Uint8Array(0);
  #view = new DataView(this.#octets.buffer);
  #at = 0;
  readonly #shapes: (readonly string[])[] = [];

  /** The value; its octets are copies, and those of the message are overwritten. */
  unpack(message: Uint8Array<ArrayBuffer>): unknown {
    this.#octets = message;
    this.#view = new DataView(message.buffer, message.byteOffset, message.length);
    this.#at = 0;
    const value = this.#value();
    message.fill(0);
    return value;
  }

  #skip(length: number): number {
    const at = this.#at;
    this.#at = at + length;
    return at;
  }

  #count(): number {
    return this.#view.getUint32(this.#skip(4), true);
  }

  #value(): unknown {
    const tag = this.#octets[this.#skip(1)];
    switch (tag) {
      case TAG.UNDEFINED:
        return undefined;
      case TAG.NULL:
        return null;
      case TAG.FALSE:
        return false;
      case TAG.TRUE:
        return true;
      case TAG.OCTET:
        return this.#octets[this.#skip(1)];
      case TAG.INT32:
        return this.#view.getInt32(this.#skip(4), true);
      case TAG.FLOAT64:
        return this.#view.getFloat64(this.#skip(8), true);
      case TAG.BIGINT_64:
        return this.#view.getBigUint64(this.#skip(8), true);
      case TAG.BIGINT_128: {
        const low = this.#view.getBigUint64(this.#skip(8), true);
        return this.#view.getBigUint64(this.#skip(8), true) << 64n | low;
      }
      case TAG.LATIN1:
        return this.#latin1();
      case TAG.UTF16:
        return this.#utf16();
      case TAG.OCTETS: {
        const length = this.#count();
        const at = this.#skip(length);
        return this.#octets.slice(at, at + length);
      }
      case TAG.ARRAY:
        return this.#array();
      case TAG.OBJECT:
        return this.#fields(this.#shapes[this.#view.getUint16(this.#skip(2), true)]!);
      case TAG.NEW_SHAPE:
        return this.#fields(this.#newShape());
      default:
        throw new Error(`No value begins with ${tag}`);
    }
  }

  #latin1(): string {
    const length = this.#count();
    const at = this.#skip(length);
    let text = "";
    for (let i = at; i < at + length; i++) text += String.fromCharCode(this.#octets[i]!);
    return text;
  }

  #utf16(): string {
    const length = this.#count();
    const at = this.#skip(2 * length);
    let text = "";
    for (let i = 0; i < length; i++) text += String.fromCharCode(this.#view.getUint16(at + 2 * i, true));
    return text;
  }

  #array(): unknown[] {
    const length = this.#count();
    const list: unknown[] = [];
    for (let i = 0; i < length; i++) list.push(this.#value());
    return list;
  }

  #newShape(): readonly string[] {
    const length = this.#view.getUint16(this.#skip(2), true);
    const names: string[] = [];
    for (let i = 0; i < length; i++) names.push(this.#value() as string);
    this.#shapes.push(names);
    return names;
  }

  #fields(names: readonly string[]): Record<string, unknown> {
    const fields: Record<string, unknown> = {};
    for (const name of names) fields[name] = this.#value();
    return fields;
  }
}
