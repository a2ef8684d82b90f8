/** A `Kernel` on a kernel in memory, and what is put into it. */
import assert from "node:assert/strict";
import { espSpi } from "../../../src/bytes/mod.ts";
import { ANY_PORT, parseAddress, parsePrefix, rangeOfPrefix } from "../../../src/ip/mod.ts";
import type { ChildInstall, DatapathEvent, FlowInstall } from "../../../src/datapath/mod.ts";
import type { TrafficSelector } from "../../../src/selector/types.ts";
import { Kernel } from "../../../src/datapath/kernel/mod.ts";
import type { NetlinkMessage } from "../../../src/datapath/rtnetlink/mod.ts";
import { parseEvent, XfrmPort } from "../../../src/datapath/xfrm/mod.ts";
import { FakeKernel } from "../xfrm/fake_kernel.ts";

export const address = (text: string) => parseAddress(text)!;
export const HERE = { address: address("192.0.2.1"), port: 4500 };
export const THERE = { address: address("192.0.2.2"), port: 4500 };

export function ts(prefix: string, protocol = 0): TrafficSelector {
  return { addresses: rangeOfPrefix(parsePrefix(prefix)!), protocol, ports: ANY_PORT };
}

export const FLOW: FlowInstall = {
  policy: "sites",
  local: ts("10.1.0.0/16"),
  remote: ts("10.2.0.0/16"),
  outer: { remote: THERE.address },
};

export function child(id: number, more: Partial<ChildInstall> = {}): ChildInstall {
  const keys = () => ({ encrKey: new Uint8Array(36).fill(id), integKey: new Uint8Array(0) });
  return {
    id,
    policy: "sites",
    suite: { protocol: 3, encr: { id: 20, keyBits: 256 }, esn: false },
    mode: "tunnel",
    local: HERE,
    remote: THERE,
    udpEncap: false,
    keepalive: false,
    followPeer: true,
    replayWindow: 1024,
    inbound: { spi: espSpi(0x1000 + id), ...keys() },
    outbound: { spi: espSpi(0x2000 + id), ...keys() },
    localSelectors: [FLOW.local],
    remoteSelectors: [FLOW.remote],
    outboundFrom: "now",
    ...more,
  };
}

export class Bench {
  readonly fake = new FakeKernel();
  readonly events: DatapathEvent[] = [];
  time = 0;
  readonly kernel = new Kernel({
    port: new XfrmPort(this.fake),
    now: () => this.time,
    fraction: () => 0,
    event: (event) => void this.events.push(event),
  });

  told(message: NetlinkMessage): void {
    this.kernel.told(parseEvent(message)!);
  }

  /** Direction, action and templates of each policy. */
  policies(): string[] {
    return [...this.fake.policies.values()].map(({ state }) =>
      `${state.direction} ${state.action} ${state.templates.length}`
    ).sort();
  }

  empty(): void {
    assert.deepEqual([this.fake.sas.size, this.fake.policies.size], [0, 0]);
  }
}

export const inName = (id: number) => `c0000201 ${(0x1000 + id).toString(16)} esp`;
export const outName = (id: number) => `c0000202 ${(0x2000 + id).toString(16)} esp`;
