/** 10,000 SAs at once by the code of the net role on the VM's kernel: figures, and an overrun of the kernel's news. */
import assert from "node:assert/strict";
import { openXfrm } from "../../cli/daemon/net/xfrm.ts";
import { LIBC_PATHS, Netlink, openLibc } from "../../ffi/libc/mod.ts";
import { espSpi } from "../../src/bytes/mod.ts";
import type { ChildInstall, DatapathEvent } from "../../src/datapath/mod.ts";
import { ANY_PORT, type Endpoint, parseAddress, parsePrefix, rangeOfPrefix } from "../../src/ip/mod.ts";
import { deleteSa } from "../../src/datapath/xfrm/mod.ts";
import type { TrafficSelector } from "../../src/selector/types.ts";
import { Host } from "../host/namespaces.ts";
import { must } from "../interop/lab.ts";
import { kernelTest } from "./peers.ts";

const PAIRS = 5000;
const SOL_SOCKET = 1, SO_RCVBUF = 8;

function endpoint(address: string): Endpoint {
  return { address: parseAddress(address)!, port: 500 };
}

function selector(prefix: string): TrafficSelector {
  return { addresses: rangeOfPrefix(parsePrefix(prefix)!), protocol: 0, ports: ANY_PORT };
}

function child(id: number): ChildInstall {
  const keys = () => ({
    encrKey: crypto.getRandomValues(new Uint8Array(36)),
    integKey: new Uint8Array(0),
  });
  const host = `${id >> 8}.${id & 255}`;
  return {
    id,
    policy: "many",
    suite: { protocol: 3, encr: { id: 20, keyBits: 256 }, esn: false },
    mode: "tunnel",
    local: endpoint("192.0.2.1"),
    remote: endpoint("192.0.2.2"),
    udpEncap: false,
    keepalive: false,
    followPeer: false,
    replayWindow: 64,
    inbound: { spi: espSpi(0x1_0000 + id), ...keys() },
    outbound: { spi: espSpi(0x2_0000 + id), ...keys() },
    localSelectors: [selector(`10.1.${host}/32`)],
    remoteSelectors: [selector(`10.2.${host}/32`)],
    outboundFrom: "now",
  };
}

/** What `work` gives, and how long it took in milliseconds. */
async function timed<T>(work: () => T | Promise<T>): Promise<[T, number]> {
  const began = performance.now();
  return [await work(), performance.now() - began];
}

kernelTest(
  "matrix",
  "xfrm: 10,000 SAs are installed, counted, lost unheard, found missing and removed",
  async () => {
    const libc = openLibc(
      LIBC_PATHS.find((path) => {
        try {
          return Deno.statSync(path).isFile;
        } catch {
          return false;
        }
      })!,
    );
    const host = new Host(libc);
    const count = async () =>
      Number(/count (\d+)/.exec(await host.runAsync(() => must("ip", "xfrm", "state", "count")))![1]);
    const events: DatapathEvent[] = [];
    const options = {
      libc,
      netlink: host.netlink,
      sockets: [],
      now: () => performance.now(),
      event: (event: DatapathEvent) => void events.push(event),
    };
    const datapath = host.run(() => openXfrm(options));
    const flow = { policy: "many", local: selector("10.1.0.0/16"), remote: selector("10.2.0.0/16") };
    const outer = { local: parseAddress("192.0.2.1")!, remote: parseAddress("192.0.2.2")! };
    assert.ok((await datapath.setFlows([{ ...flow, outer }])).ok);
    const ids = Array.from({ length: PAIRS }, (_, id) => id);
    const [, installMs] = await timed(() => {
      for (const id of ids) {
        const installed = datapath.install(child(id));
        assert.deepEqual(installed, { ok: true, value: undefined });
        datapath.turn();
      }
    });
    assert.equal(await count(), 2 * PAIRS);
    const [usage, usageMs] = await timed(() => datapath.usage(ids));
    assert.equal(usage.length, PAIRS);
    assert.deepEqual(events, []);

    // The kernel tells of each SA that somebody removes, and the queue holds but a few.
    assert.equal(libc.c.setsockopt(datapath.fd, SOL_SOCKET, SO_RCVBUF, new Int32Array([1]), 4), 0);
    const other = host.run(() => new Netlink(libc, "xfrm"));
    for (const id of ids) {
      for (const [end, spi] of [["192.0.2.1", 0x1_0000 + id], ["192.0.2.2", 0x2_0000 + id]] as const) {
        other.require(deleteSa({ destination: parseAddress(end)!, spi, protocol: "esp" }), "remove an SA");
      }
    }
    other.close();
    assert.equal(await count(), 0);
    const [, compareMs] = await timed(() => datapath.turn());
    const kinds = new Map<string, number>();
    for (const { kind } of events) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    assert.deepEqual(Object.fromEntries(kinds), { noticed: 1, vanished: PAIRS });
    const [, removeMs] = await timed(async () => {
      await datapath.remove(ids);
    });
    const { policies } = { policies: await host.runAsync(() => must("ip", "xfrm", "policy")) };
    assert.equal(policies.match(/^src /gm)!.length, 3, "the flow's");
    datapath.close();
    assert.equal(await host.runAsync(() => must("ip", "xfrm", "policy")), "");
    host.close();
    libc.close();
    const perSecond = (2 * PAIRS / (installMs / 1000)).toFixed(0);
    console.log(
      `${2 * PAIRS} SAs with ${3 * PAIRS} policies: ${perSecond} SAs/s installed, counters of all in ` +
        `${usageMs.toFixed(0)} ms, found missing in ${compareMs.toFixed(0)} ms, removed in ${
          removeMs.toFixed(0)
        } ms`,
    );
  },
);
