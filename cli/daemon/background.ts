/**
 * Going to the background. A Deno process cannot fork, so the command starts itself again in a session of its own,
 * with /dev/null for its standard streams and a pipe over which the child says how its start went.
 */
import { type Libc, openPipe, readText, readToEnd, spawn, writeAll } from "../../ffi/libc/mod.ts";
import { writeError } from "./log.ts";

/** Tells the child that it is one, and under which number it finds the pipe. */
const REPORT_VARIABLE = "IKED_REPORT_FD", REPORT_FD = 3;

/** The line that ends a good start. */
export const READY = "iked: ready";

/** Whether this process is the child of such a start. */
export function isBackgroundChild(): boolean {
  return Deno.env.get(REPORT_VARIABLE) === String(REPORT_FD);
}

/** Starts the child and waits until it is ready or gives up; the exit code of the command. */
export async function startInBackground(libc: Libc): Promise<number> {
  const pipe = openPipe(libc);
  const argv = readText(libc, "/proc/self/cmdline").split("\0").slice(0, -1);
  spawn(libc, {
    path: Deno.execPath(),
    argv,
    env: { ...Deno.env.toObject(), [REPORT_VARIABLE]: String(REPORT_FD) },
    session: true,
    quiet: true,
    descriptors: [{ ours: pipe.write, theirs: REPORT_FD }],
  });
  libc.c.close(pipe.write);
  const lines = new TextDecoder().decode(await readToEnd(libc, pipe.read)).split("\n").filter((line) =>
    line !== ""
  );
  const ready = lines.at(-1) === READY;
  if (ready) lines.pop();
  for (const line of lines) writeError(line);
  if (!ready && lines.length === 0) writeError("iked: error: the daemon ended before it was ready");
  return ready ? 0 : 1;
}

/** The child's end of the pipe: lines go to the command that the user started, until it is closed. */
export function openReport(libc: Libc): { write(octets: Uint8Array<ArrayBuffer>): void; close(): void } {
  // Its last line is written when main has no ffi any more.
  libc.bind("write_buffer", "close");
  return {
    write: (octets) => writeAll(libc, REPORT_FD, octets),
    close: () => void libc.c.close(REPORT_FD),
  };
}
