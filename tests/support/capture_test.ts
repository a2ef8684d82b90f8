import assert from "node:assert/strict";
import { formatEndpoint } from "../../src/ip/mod.ts";
import { SimulatedClock } from "./clock.ts";
import { Pair } from "./pair.ts";
import { pcapngOf, wiresharkKeys } from "./pcap.ts";
import { readIkeMessages } from "./pcap_read.ts";

for (const nat of ["a", undefined] as const) {
  Deno.test(`capture: what is written is what was on the wire ${nat ? "behind a NAT" : "without NAT"}`, async () => {
    const pair = await new Pair(nat && { nat }).start();
    await pair.connect();
    const { record } = pair.network;
    const messages = readIkeMessages(pcapngOf(record, SimulatedClock.EPOCH_MS));
    assert.deepEqual(messages.map(({ message }) => message), record.map(({ data }) => data));
    assert.deepEqual(
      messages.map(({ sourcePort, destinationPort }) => [sourcePort, destinationPort]),
      record.map(({ source, destination }) => [source.port, destination.port]),
      record.map(({ source }) => formatEndpoint(source)).join(" "),
    );
  });
}

Deno.test("capture: the keys stand in the form of Wireshark's ikev2_decryption_table", async () => {
  const pair = await new Pair().start();
  await pair.connect();
  const [line] = wiresharkKeys(pair.a.keys.recorded).split("\n");
  const hex = (octets: number) => `[0-9a-f]{${2 * octets}}`;
  const cipher = '"AES-GCM-256 with 16 octet ICV \\[RFC5282\\]"';
  const form = `^${hex(8)},${hex(8)},${hex(36)},${hex(36)},${cipher},,,"NONE \\[RFC4306\\]"$`;
  assert.match(line!, new RegExp(form));
});
