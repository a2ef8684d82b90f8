/** ESP on the wire that no honest peer sends, to the executable: dropped, counted by its cause, and nothing else. */
import assert from "node:assert/strict";
import { type Libc, openSocket, SendBatch, sendPath } from "../../ffi/libc/mod.ts";
import { parseAddress } from "../../src/ip/mod.ts";
import { Capture } from "./capture.ts";
import { hostTest } from "./namespaces.ts";
import { bringUp, configure } from "./policies.ts";
import { noPing, ping, Sites } from "./sites.ts";

/** Sends ESP packets from the right gateway to the left one. */
function send(libc: Libc, sites: Sites, packets: readonly Uint8Array[]): void {
  sites.right.host.run(() => {
    const fd = openSocket(libc, { kind: "esp", family: 4 });
    const batch = new SendBatch(libc, { slots: 1 });
    const path = sendPath(libc, undefined, { address: parseAddress("192.0.2.1")!, port: 0 }, true);
    for (const packet of packets) {
      batch.push(path, 0, packet);
      assert.equal(batch.flush(fd, (errno) => assert.fail(`errno ${errno}`)), 0);
    }
    libc.c.close(fd);
  });
}

function times(count: number, packet: Uint8Array): Uint8Array[] {
  return Array.from({ length: count }, () => packet);
}

hostTest(
  "iked: ESP that is replayed, forged or cut short on the wire is dropped and counted by its cause",
  async (libc) => {
    await using sites = new Sites(libc);
    const { left, right } = sites;
    configure(sites);
    await bringUp(sites);
    const [before] = await left.sas();
    const { spiIn, packetsIn } = before!.children[0]!;
    using capture = new Capture(right.host);
    assert.equal(await ping(sites.leftLan, "10.2.0.2", 3), 3);
    const answer = capture.take().filter(({ kind }) => kind === "ip 50").map(({ payload }) => payload)
      .findLast((payload) => new DataView(payload.buffer).getUint32(0) === parseInt(spiIn, 16));
    assert.ok(answer, "No answer was seen on its way");

    const changed = (change: (packet: Uint8Array, view: DataView) => void) => {
      const packet = answer.slice();
      change(packet, new DataView(packet.buffer));
      return packet;
    };
    const fresh = 100_000;
    const forgedTag = changed((packet, view) => {
      view.setUint32(4, fresh);
      packet[packet.length - 1]! ^= 1;
    });
    const forgedNumber = changed((_, view) => view.setUint32(4, fresh));
    const otherSpi = changed((_, view) => view.setUint32(0, 0x100));
    send(libc, sites, [
      ...times(3, answer),
      ...times(4, forgedTag),
      ...times(1, forgedNumber),
      ...times(6, answer.subarray(0, 20)),
      ...times(7, otherSpi),
    ]);

    const expected = { replayed: 3, forged: 5, malformedEsp: 6, unknownSpi: 7 };
    let counted: Record<string, number | undefined> = {};
    for (let tries = 0; tries < 500 && counted["unknownSpi"] !== 7; tries++) {
      const { replayed, forged, malformedEsp, unknownSpi } = await left.drops();
      counted = { replayed, forged, malformedEsp, unknownSpi };
    }
    assert.deepEqual(counted, expected);
    // What was dropped moved no window and counted as nobody's packet: the tunnel goes on.
    assert.equal(await ping(sites.leftLan, "10.2.0.2", 3), 3);
    const [after] = await left.sas();
    assert.equal(after!.children[0]!.packetsIn, packetsIn + 6);
  },
  noPing,
);
