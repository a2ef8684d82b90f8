/** Files of `IKED_TEST_PCAP=DIR`: NAME.pcapng and NAME.keys (`ikev2_decryption_table`). */
import { join } from "node:path";
import { SimulatedClock } from "./clock.ts";
import type { Sent } from "./netem.ts";
import { pcapngOf, wiresharkKeys } from "./pcap.ts";
import type { RecordedSa } from "./simulated_keys.ts";

/** Writes them where the variable is set; does nothing where it is not. */
export function writeCapture(name: string, record: readonly Sent[], sas: readonly RecordedSa[]): void {
  const directory = Deno.env.get("IKED_TEST_PCAP");
  if (directory === undefined || directory === "") return;
  const base = join(directory, name.replaceAll(/[^\w.-]+/g, "_"));
  Deno.writeFileSync(`${base}.pcapng`, pcapngOf(record, SimulatedClock.EPOCH_MS));
  Deno.writeTextFileSync(`${base}.keys`, wiresharkKeys(sas));
}
