/**
 * The control socket: JSON-RPC lines over a unix socket of mode 0600. Clients are local and have our rights, but may
 * be broken: each can only hold itself up, and what one can make us hold is bounded.
 */
import { dirname } from "node:path";
import { fail, ok, type Result } from "../../src/bytes/mod.ts";
import {
  type ConfigurationRefusal,
  type ControlRequest,
  errorLine,
  eventLine,
  LineSplitter,
  type MonitorEvent,
  parseRequest,
  REQUEST_LIMIT,
  resultLine,
  RPC_ERROR,
} from "../../src/control/mod.ts";

/** Bounds on clients. */
export interface ControlLimits {
  readonly clients: number;
  /**
   * A client that does not finish its line, or does not take its answer, is dropped after this time. On Deno 2.5 a
   * pending write cannot be interrupted: there the latter keeps its place until it goes away.
   */
  readonly idleMs: number;
  /** Octets of events that wait for a monitor before it is dropped. */
  readonly backlog: number;
}

export const CONTROL_LIMITS: ControlLimits = { clients: 64, idleMs: 10_000, backlog: 1 << 20 };

/** Does what a request asks; a throw is answered with its message. */
export type ControlHandler = (request: ControlRequest) => Promise<unknown>;

/** A request that is understood and declined: the message is for the user; `data` says what is wrong in a file. */
export class Refusal extends Error {
  override name = "Refusal";

  constructor(message: string, readonly data?: ConfigurationRefusal) {
    super(message);
  }
}

const encoder = new TextEncoder();

class Client {
  monitoring = false;
  readonly #connection: Deno.Conn;
  readonly #limits: ControlLimits;
  #writing: Promise<void> = Promise.resolve();
  #backlog = 0;
  #halfLine: ReturnType<typeof setTimeout> | undefined;

  constructor(connection: Deno.Conn, limits: ControlLimits) {
    this.#connection = connection;
    this.#limits = limits;
  }

  /** Reads until the client is done or at fault; `answer` gets each line and is awaited. */
  async read(answer: (line: Uint8Array) => Promise<void>): Promise<void> {
    const splitter = new LineSplitter(), buffer = new Uint8Array(16384);
    for (;;) {
      const length = await this.#connection.read(buffer);
      if (length === null) return;
      const lines = splitter.push(buffer.subarray(0, length));
      if (lines === undefined) {
        const message = `A request line is at most ${REQUEST_LIMIT} octets`;
        return await this.send(errorLine(null, { code: RPC_ERROR.INVALID_REQUEST, message }));
      }
      if (lines.length > 0) this.#finished();
      if (splitter.held > 0) this.#halfLine ??= setTimeout(() => this.close(), this.#limits.idleMs);
      for (const line of lines) await answer(line);
    }
  }

  #finished(): void {
    clearTimeout(this.#halfLine);
    this.#halfLine = undefined;
  }

  /** Sends lines in order; a client that does not take them in time is dropped. */
  send(text: string): Promise<void> {
    const octets = encoder.encode(text);
    this.#backlog += octets.length;
    this.#writing = this.#writing.then(() => this.#write(octets)).catch(() => this.close());
    return this.#writing;
  }

  async #write(octets: Uint8Array): Promise<void> {
    const late = setTimeout(() => this.close(), this.#limits.idleMs);
    try {
      for (let at = 0; at < octets.length;) at += await this.#connection.write(octets.subarray(at));
    } finally {
      clearTimeout(late);
      this.#backlog -= octets.length;
    }
  }

  /** Passes an event on, unless the client has fallen too far behind. */
  tell(line: string): void {
    if (this.#backlog > this.#limits.backlog) this.close();
    else void this.send(line);
  }

  close(): void {
    this.#finished();
    try {
      this.#connection.close();
    } catch {
      return; // It was closed before: by the client, or because it was late.
    }
  }
}

/** Whether somebody answers at this path. */
async function answers(path: string): Promise<boolean> {
  try {
    (await Deno.connect({ transport: "unix", path })).close();
    return true;
  } catch {
    return false;
  }
}

/** Whether a control socket can appear at this path: nothing is there, or one that a dead daemon left behind. */
export async function checkSocketPath(path: string): Promise<Result<void, string>> {
  try {
    const parent = Deno.statSync(dirname(path));
    if (!parent.isDirectory) return fail(`control socket ${path}: ${dirname(path)} is not a directory`);
  } catch {
    return fail(`control socket ${path}: no directory ${dirname(path)}`);
  }
  let found: Deno.FileInfo;
  try {
    found = Deno.lstatSync(path);
  } catch {
    return ok(undefined);
  }
  if (!found.isSocket) return fail(`control socket ${path}: there is something else of that name`);
  if (await answers(path)) return fail(`iked is running already: it answers at ${path}`);
  return ok(undefined);
}

function listenAt(path: string): Deno.UnixListener {
  const folder = Deno.makeTempDirSync({ dir: dirname(path), prefix: ".iked-" });
  try {
    const listener = Deno.listen({ transport: "unix", path: `${folder}/s` });
    Deno.chmodSync(`${folder}/s`, 0o600);
    Deno.renameSync(`${folder}/s`, path);
    return listener;
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

/** The socket and its clients. */
export class ControlServer {
  readonly #clients = new Set<Client>();
  readonly #inode: number | null;

  private constructor(
    private readonly path: string,
    private readonly listener: Deno.UnixListener,
    private readonly handle: ControlHandler,
    private readonly limits: ControlLimits,
  ) {
    this.#inode = Deno.lstatSync(path).ino;
    void this.#accept();
  }

  /**
   * Opens the socket. It gets its mode in a folder that is ours alone and is then moved to its place, so that nobody
   * ever finds it open; one left behind there is replaced.
   */
  static open(
    path: string,
    handle: ControlHandler,
    limits: ControlLimits = CONTROL_LIMITS,
  ): Result<ControlServer, string> {
    try {
      return ok(new ControlServer(path, listenAt(path), handle, limits));
    } catch (error) {
      return fail(`control socket ${path}: ${error instanceof Error ? error.message : error}`);
    }
  }

  async #accept(): Promise<void> {
    for await (const connection of this.listener) {
      const client = new Client(connection, this.limits);
      if (this.#clients.size >= this.limits.clients) {
        const error = { code: RPC_ERROR.REFUSED, message: "Too many control clients" };
        void client.send(errorLine(null, error)).then(() => client.close());
      } else {
        this.#clients.add(client);
        void this.#serve(client);
      }
    }
  }

  async #serve(client: Client): Promise<void> {
    try {
      await client.read((line) => this.#answer(client, line));
    } catch {
      return; // The client went away, or was dropped for being late.
    } finally {
      client.close();
      this.#clients.delete(client);
    }
  }

  async #answer(client: Client, line: Uint8Array): Promise<void> {
    const parsed = parseRequest(line);
    if (!parsed.ok) return await client.send(errorLine(parsed.error.id, parsed.error.error));
    const { id, request } = parsed.value;
    try {
      const result = await this.handle(request);
      await client.send(resultLine(id, result));
      if (request.method === "monitor") client.monitoring = true;
    } catch (error) {
      const [code, data] = error instanceof Refusal
        ? [RPC_ERROR.REFUSED, error.data]
        : [RPC_ERROR.INTERNAL, undefined];
      const message = error instanceof Error ? error.message : String(error);
      await client.send(errorLine(id, { code, message, ...data && { data } }));
    }
  }

  /** Tells every monitor. */
  broadcast(event: MonitorEvent): void {
    const line = eventLine(event);
    for (const client of this.#clients) if (client.monitoring) client.tell(line);
  }

  /** Closes all and removes the socket, if it is still ours. */
  close(): void {
    try {
      if (Deno.lstatSync(this.path).ino === this.#inode) Deno.removeSync(this.path);
    } catch {
      // Somebody removed it: what we wanted is the case.
    }
    this.listener.close();
    for (const client of this.#clients) client.close();
  }
}
