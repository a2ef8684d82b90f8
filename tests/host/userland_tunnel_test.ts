import assert from "node:assert/strict";
import type { ChildSuite } from "../../src/crypto/mod.ts";
import { type Carriage, Gateways, noPing, transferTcp } from "./userland_gateway.ts";
import { Capture } from "./capture.ts";
import { hostTest } from "./namespaces.ts";

const SUITES: readonly [string, ChildSuite][] = [
  ["AES-256-GCM", { protocol: 3, encr: { id: 20, keyBits: 256 }, esn: false }],
  ["AES-128-GCM with ESN", { protocol: 3, encr: { id: 20, keyBits: 128 }, esn: true }],
  ["ChaCha20-Poly1305", { protocol: 3, encr: { id: 28 }, esn: false }],
  ["AES-256-CBC, HMAC-SHA2-256 with ESN", {
    protocol: 3,
    encr: { id: 12, keyBits: 256 },
    integ: 12,
    esn: true,
  }],
  ["AES-128-CTR, HMAC-SHA1", { protocol: 3, encr: { id: 13, keyBits: 128 }, integ: 2, esn: false }],
];

const CARRIAGES: readonly [string, Carriage][] = SUITES.flatMap(([name, suite]) =>
  ([4, 6] as const).flatMap((outer) =>
    [true, false].map((udpEncap): [string, Carriage] => [
      `${name} over IPv${outer} ${udpEncap ? "in UDP" : "raw"}`,
      { suite, outer, udpEncap },
    ])
  )
);

hostTest("userland: ping and TCP pass between two gateways, and only ESP is on the wire", async (libc) => {
  const gateways = new Gateways(libc);
  try {
    await gateways.start();
    for (const [name, carriage] of CARRIAGES) {
      const id = await gateways.install(carriage);
      const tap = new Capture(gateways.here);
      for (const to of ["10.2.0.1", "2001:db8:2::1"]) {
        const small = await gateways.ping("-c", "3", "-w", "20", to);
        assert.equal(small.received, 3, `${name}: ${small.text}`);
        const large = await gateways.ping("-c", "2", "-w", "20", "-s", "3000", to);
        assert.equal(large.received, 2, `${name}: ${large.text}`);
        await transferTcp(gateways, to, 1_000_000);
      }
      assert.deepEqual([...tap.kinds()], [carriage.udpEncap ? "udp 4500>4500" : "ip 50"], name);
      tap.close();
      const [usage] = await gateways.roles[0].engine.usage([id]);
      assert.ok(usage!.octetsOut > 2_000_000 && usage!.packetsIn > 10, name);
      await gateways.remove(id);
    }
  } finally {
    await gateways.close();
  }
}, noPing);
