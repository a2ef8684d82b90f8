/** Files of `IKED_TEST_PCAP=DIR`: NAME.pcapng and NAME.keys (`ikev2_decryption_table`). */
import { join } from "node:path";
import { SimulatedClock } from "./clock.ts";
import type { Sent } from "./netem.ts";
import { pcapngOf, wiresharkKeys } from "./pcap.ts";
import type { RecordedSa } from "./simulated_keys.ts";

const DIRECTORY = Deno.env.get("IKED_TEST_PCAP") ?? "";
let pairs = 0;

/** Runs `write` with a name of its own when the tests of this module are done, where captures are wanted. */
export function atEnd(write: (name: string) => void): void {
  if (DIRECTORY === "") return;
  const module = /([^/]+)\.ts$/.exec(Deno.mainModule)?.[1] ?? "tests";
  const name = `${module}-${String(++pairs).padStart(4, "0")}`;
  globalThis.addEventListener("unload", () => write(name));
}

/** Writes NAME.pcapng and NAME.keys. */
export function writeCapture(name: string, record: readonly Sent[], sas: readonly RecordedSa[]): void {
  const base = join(DIRECTORY, name);
  Deno.writeFileSync(`${base}.pcapng`, pcapngOf(record, SimulatedClock.EPOCH_MS));
  Deno.writeTextFileSync(`${base}.keys`, wiresharkKeys(sas));
}
