/** Packets while the kernel waits for an SA, and its counters. Runs in the VM of `../shared/lab` (`tests/kernel/run`). */
import assert from "node:assert/strict";
import { Capture } from "../host/capture.ts";
import { runOn } from "../host/gateway.ts";
import { configure } from "../host/policies.ts";
import { ping } from "../host/sites.ts";
import { sitesTest } from "./sites.ts";

const GCM = "childsa enc aes-256-gcm";

for (const larvalDrop of [1, 0] as const) {
  sitesTest(
    "matrix",
    `xfrm: on demand traffic flows as soon as the SA is there, nothing in clear before; with xfrm_larval_drop=${larvalDrop} ` +
      `the first packet is ${larvalDrop === 1 ? "dropped" : "kept"}; the counters are the kernel's`,
    async (sites) => {
      const { left, right, leftLan } = sites;
      configure(sites, { mode: "passive", more: GCM }, { more: GCM });
      left.host.run(() => Deno.writeTextFileSync("/proc/sys/net/core/xfrm_larval_drop", `${larvalDrop}`));
      await right.start();
      await left.start();
      using wire = new Capture(left.host);
      const first = ping(leftLan, "10.2.0.2", 1);
      await left.daemon.line(/ child-up /);
      assert.equal(await first, larvalDrop === 1 ? 0 : 1, left.daemon.log);
      assert.equal(await ping(leftLan, "10.2.0.2", 5), 5);
      assert.ok(!wire.kinds().has("icmp 8"), "a packet went in clear");

      const [sa] = await left.sas();
      const { bytesIn, bytesOut, packetsIn, packetsOut, spiIn, spiOut } = sa!.children[0]!;
      for (
        const [spi, octets, packets] of [[spiIn, bytesIn, packetsIn], [spiOut, bytesOut, packetsOut]] as const
      ) {
        const words = ["-s", "xfrm", "state", "list", "spi", `0x${spi}`];
        const { stdout } = await runOn(left.host, "ip", ...words);
        const [, kernelOctets, kernelPackets] = /lifetime current:\s+(\d+)\(bytes\), (\d+)\(packets\)/.exec(
          stdout,
        )!;
        assert.deepEqual([octets, packets], [Number(kernelOctets), Number(kernelPackets)], stdout);
        assert.ok(packets >= 5);
      }
    },
  );
}
