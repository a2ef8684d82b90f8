/** A client of the control socket. */
import { fail, ok, type Result } from "../../src/bytes/mod.ts";
import {
  type ControlRequest,
  LineSplitter,
  parseReply,
  type Reply,
  requestLine,
} from "../../src/control/mod.ts";

/** Longest line that we take from the daemon, in octets: `show sa` of some 100,000 SAs. */
const REPLY_LIMIT = 1 << 28;

/** Why there is no answer: the daemon is not there, or it is and we may not talk to it. */
export interface ClientError {
  readonly code: "no-daemon" | "no-access" | "broken";
  readonly message: string;
}

async function connect(path: string): Promise<Result<Deno.UnixConn, ClientError>> {
  try {
    return ok(await Deno.connect({ transport: "unix", path }));
  } catch (error) {
    if (error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotCapable) {
      return fail({ code: "no-access", message: `No access to the control socket ${path}: try as root` });
    }
    return fail({ code: "no-daemon", message: `iked is not running: nothing answers at ${path}` });
  }
}

/** Sends one request and passes on every reply until `take` says that it was the last. */
export async function ask(
  path: string,
  request: ControlRequest,
  take: (reply: Reply) => "more" | "done",
): Promise<Result<void, ClientError>> {
  const connected = await connect(path);
  if (!connected.ok) return connected;
  using connection = connected.value;
  const broken = (message: string) => fail<ClientError>({ code: "broken", message });
  try {
    const line = new TextEncoder().encode(requestLine(1, request));
    for (let at = 0; at < line.length;) at += await connection.write(line.subarray(at));
    const splitter = new LineSplitter(REPLY_LIMIT), buffer = new Uint8Array(65536);
    for (
      let length = await connection.read(buffer);
      length !== null;
      length = await connection.read(buffer)
    ) {
      const lines = splitter.push(buffer.subarray(0, length));
      if (lines === undefined) return broken("iked answered with a line beyond all measure");
      for (const octets of lines) {
        const reply = parseReply(octets);
        if (reply === undefined) return broken(`What answers at ${path} is not iked`);
        if (take(reply) === "done") return ok(undefined);
      }
    }
  } catch (error) {
    return broken(`The connection to iked broke: ${error instanceof Error ? error.message : error}`);
  }
  return broken(
    request.method === "monitor" ? "iked ended" : "iked closed the connection before it answered",
  );
}
