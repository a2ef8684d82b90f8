/** The wire of a simulation as Wireshark reads it, with the keys that were written beside it. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { DEFAULTS } from "../../scripts/sim/plan.ts";
import { run } from "../../scripts/sim/run.ts";
import { SimulatedClock } from "../support/clock.ts";
import { pcapngOf, wiresharkKeys } from "../support/pcap.ts";

async function there(): Promise<boolean> {
  try {
    const command = new Deno.Command("tshark", { args: ["--version"], stdout: "null", stderr: "null" });
    return (await command.output()).success;
  } catch {
    return false;
  }
}

const present = await there();
const why = present ? "" : " [needs tshark]";

function count(text: string, part: RegExp): number {
  return [...text.matchAll(part)].length;
}

Deno.test({
  name: `wireshark: every message of a simulated gateway is understood and every ICV is right${why}`,
  ignore: !present,
  async fn() {
    const field = await run({ ...DEFAULTS, seed: 8, peers: 6, seconds: 60 });
    const { record } = field.network;
    const directory = await Deno.makeTempDir();
    try {
      const file = join(directory, "wire.pcapng");
      await Deno.writeFile(file, pcapngOf(record, SimulatedClock.EPOCH_MS));
      await Deno.writeTextFile(join(directory, "ikev2_decryption_table"), wiresharkKeys(field.recorded));
      const command = new Deno.Command("tshark", {
        args: ["-r", file, "-V"],
        env: { WIRESHARK_CONFIG_DIR: directory },
        stderr: "null",
      });
      const text = new TextDecoder().decode((await command.output()).stdout);
      const sealed = record.filter(({ data }) => data[16] === 46).length;
      assert.ok(sealed > 50);
      assert.equal(
        count(text, /^Internet Security Association and Key Management Protocol/gm),
        record.length,
      );
      assert.equal(count(text, /Decrypted Data \(/g), sealed);
      assert.equal(count(text, /Integrity Checksum Data: .*\[correct\]/g), sealed);
      assert.equal(count(text, /Malformed Packet|\[incorrect/g), 0);
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  },
});
