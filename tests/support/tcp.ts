/** A TCP transfer between two places of a test: the very same octets have to arrive. */
import { fileURLToPath } from "node:url";

const TCP_END = fileURLToPath(new URL("tcp_end.ts", import.meta.url));

/** Starts a command in some place, both its outputs piped. */
export type Place = (command: string, args: readonly string[]) => Deno.ChildProcess;

/** What one end of a transfer counted (tcp_end.ts). */
interface Transfer {
  readonly octets: number;
  readonly sha256: string;
}

/** TCP ports of the two ends; without a source port any will do. */
export interface Ports {
  readonly source?: number;
  readonly target: number;
}

/** Waits until the receiver says that it listens; the runtime may say something before. */
async function listening(said: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  const text = new TextDecoder();
  for (let all = ""; !all.includes("listening");) {
    const { value, done } = await said.read();
    if (done) throw new Error(`TCP: the receiver ended: ${all}`);
    all += text.decode(value, { stream: true });
  }
}

/** Sends octets from `source` in one place to `target` in the other; fails unless the very same arrive. */
export async function transferTcp(
  [from, source]: readonly [Place, string],
  [to, target]: readonly [Place, string],
  octets: number,
  ports: Ports = { target: 5201 },
): Promise<void> {
  const end = (place: Place, ...args: string[]) =>
    place(Deno.execPath(), ["run", "-A", "--no-check", "--no-lock", TCP_END, ...args]);
  const receiver = end(to, "receive", target, `${ports.target}`);
  const said = receiver.stderr.getReader();
  await listening(said);
  const sent = await end(from, "send", source, `${ports.source ?? 0}`, target, `${ports.target}`, `${octets}`)
    .output();
  const text = new TextDecoder();
  if (!sent.success) {
    receiver.kill("SIGTERM");
    await Promise.all([said.cancel(), receiver.stdout.cancel(), receiver.status]);
    throw new Error(`TCP: ${text.decode(sent.stderr)}`);
  }
  const arrived: Transfer = JSON.parse(await new Response(receiver.stdout).text());
  await said.cancel();
  const { sha256 }: Transfer = JSON.parse(text.decode(sent.stdout));
  if (!(await receiver.status).success || arrived.octets !== octets || arrived.sha256 !== sha256) {
    throw new Error(`TCP: sent ${octets} octets (${sha256}), arrived ${arrived.octets} (${arrived.sha256})`);
  }
}
