/**
 * Requests between roles, over one MessagePort: calls with an answer, one-way notes, both directions at once.
 *
 * All that is said in one turn goes out as one message, in the order it was said: a postMessage costs more than
 * most of what the roles ask of each other. It goes as octets where all of it is plain values (`pack.ts`), else by
 * structured clone; octets that must not stay are handed over with `transfer`. The ports join our own roles: a
 * malformed message is a bug of ours and throws.
 */
import { Packer, Unpacker } from "./pack.ts";

// deno-lint-ignore no-explicit-any
type Method = (...args: any[]) => unknown;

/** Whether a method of `Api` has an answer (`call`) or is one-way (`note`: it returns nothing). */
export type MethodTable<Api> = {
  readonly [Name in keyof Api]: Api[Name] extends Method
    ? (ReturnType<Api[Name]> extends Promise<unknown> ? "call" : "note")
    : never;
};

/** What serves an `Api`: an answer may be there at once, too. */
export type Handlers<Api> = {
  readonly [Name in keyof Api]: Api[Name] extends (...args: infer Args) => Promise<infer Value>
    ? (...args: Args) => Value | Promise<Value>
    : Api[Name];
};

/** The other side's handler threw: `message` is what it said. */
export class RemoteError extends Error {
  override name = "RemoteError";
}

/** The port was closed, here or there, before the answer came. */
export class ClosedError extends Error {
  override name = "ClosedError";
  constructor() {
    super("The role at the other end of the port is gone");
  }
}

type Frame =
  | readonly ["call", id: number, method: string, args: readonly unknown[]]
  | readonly ["note", method: string, args: readonly unknown[]]
  | readonly ["value", id: number, value: unknown]
  | readonly ["error", id: number, message: string]
  | readonly ["bye"];

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

const transfers = new WeakMap<object, readonly ArrayBuffer[]>();

/**
 * Marks a value, given as an argument or an answer, as one that takes these octets with it: once it is on its way
 * nothing of them is left here, the whole buffer behind a view included. Returns the value.
 */
export function transfer<T extends object>(value: T, list: readonly Uint8Array[]): T {
  transfers.set(value, list.map((item) => item.buffer as ArrayBuffer));
  return value;
}

/** Generations of microtasks without a word after which a turn has said all: more than any handler awaits in a row. */
const QUIET_STEPS = 12;
const RESOLVED = Promise.resolve();
function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** One end of a port. Serve what the other side may ask, and connect to what it serves. */
export class Link {
  readonly #port: MessagePort;
  readonly #served = new Map<string, Method>();
  readonly #waiting = new Map<number, Waiting>();
  readonly #step = (): void => this.#flushWhenQuiet();
  #seen = 0;
  #quiet = 0;
  #queue: Frame[] = [];
  readonly #packer = new Packer();
  readonly #unpacker = new Unpacker();
  #moved: Set<ArrayBuffer> = new Set();
  #early: Frame[] = [];
  #nextId = 1;
  #open = true;
  #ended!: () => void;
  /** Resolves once the port is closed by either side. */
  readonly closed: Promise<void> = new Promise((resolve) => this.#ended = resolve);

  constructor(port: MessagePort) {
    this.#port = port;
    port.onmessage = ({ data }: MessageEvent<readonly Frame[] | Uint8Array<ArrayBuffer>>) => {
      const frames = data instanceof Uint8Array ? this.#unpacker.unpack(data) as readonly Frame[] : data;
      for (const frame of frames) this.#take(frame);
    };
  }

  /** Answers the other side's calls. What came before this call is answered now. */
  serve<Api>(table: MethodTable<Api>, handlers: Handlers<Api>): void {
    for (const name in table) {
      this.#served.set(name, (handlers[name] as Method).bind(handlers));
    }
    const early = this.#early;
    this.#early = [];
    for (const frame of early) this.#take(frame);
  }

  /** The other side's `Api`. Its calls reject with `RemoteError` or `ClosedError`; its notes never fail. */
  connect<Api>(table: MethodTable<Api>): Api {
    const remote: Record<string, Method> = {};
    for (const name in table) {
      remote[name] = table[name] === "call"
        ? (...args) => this.#call(name, args)
        : (...args) => this.#send(["note", name, args], args);
    }
    return remote as Api;
  }

  /** Says what is queued and good-bye, then closes; calls that wait for an answer reject. */
  close(): void {
    if (!this.#open) return;
    this.#send(["bye"], []);
    this.#flush();
    this.#end();
  }

  #end(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#port.close();
    for (const { reject } of this.#waiting.values()) reject(new ClosedError());
    this.#waiting.clear();
    this.#ended();
  }

  #call(method: string, args: readonly unknown[]): Promise<unknown> {
    if (!this.#open) return Promise.reject(new ClosedError());
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#send(["call", id, method, args], args);
    });
  }

  #send(frame: Frame, values: readonly unknown[]): void {
    if (!this.#open) return;
    if (this.#queue.push(frame) === 1) void RESOLVED.then(this.#step);
    for (const value of values) {
      const list = typeof value === "object" && value !== null ? transfers.get(value) : undefined;
      if (list !== undefined) { for (const item of list) this.#moved.add(item); }
    }
  }

  /** A step for each generation of microtasks, until some in a row had nothing to say: a step costs 0.1 µs. */
  #flushWhenQuiet(): void {
    const said = this.#queue.length;
    this.#quiet = said === this.#seen ? this.#quiet + 1 : 0;
    this.#seen = said;
    if (this.#quiet < QUIET_STEPS) return void RESOLVED.then(this.#step);
    this.#flush();
  }

  #flush(): void {
    this.#seen = this.#quiet = 0;
    const frames = this.#queue, moved = this.#moved;
    if (frames.length === 0 || !this.#open) return;
    this.#queue = [];
    if (moved.size > 0) this.#moved = new Set();
    const octets = this.#packer.pack(frames);
    if (octets !== undefined) {
      for (const buffer of moved) new Uint8Array(buffer).fill(0);
      return this.#port.postMessage(octets, [octets.buffer]);
    }
    try {
      this.#port.postMessage(frames, [...moved]);
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
      for (const frame of frames) this.#sendAlone(frame);
    }
  }

  /** One value of a batch cannot be cloned: the others must not suffer, and its caller is told. */
  #sendAlone(frame: Frame): void {
    try {
      this.#port.postMessage([frame]);
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
      if (frame[0] === "call") this.#settle(frame[1])?.reject(new RemoteError(error.message));
      else if (frame[0] === "value") this.#send(["error", frame[1], error.message], []);
      else throw error;
    }
  }

  #settle(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }

  #take(frame: Frame): void {
    switch (frame[0]) {
      case "value":
        this.#settle(frame[1])?.resolve(frame[2]);
        return;
      case "error":
        this.#settle(frame[1])?.reject(new RemoteError(frame[2]));
        return;
      case "bye":
        this.#end();
        return;
      case "call":
      case "note":
        if (this.#served.size === 0) this.#early.push(frame);
        else if (frame[0] === "note") this.#method(frame[1])(...frame[2]);
        else this.#answer(frame[1], frame[2], frame[3]);
    }
  }

  #method(name: string): Method {
    const method = this.#served.get(name);
    if (method === undefined) throw new Error(`Nothing serves "${name}" on this port`);
    return method;
  }

  async #answer(id: number, name: string, args: readonly unknown[]): Promise<void> {
    try {
      const value = await this.#method(name)(...args);
      this.#send(["value", id, value], [value]);
    } catch (error) {
      this.#send(["error", id, messageOf(error)], []);
    }
  }
}
