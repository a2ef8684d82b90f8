import assert from "node:assert/strict";
import {
  type Libc,
  openSocket,
  openTun,
  Poller,
  ReceiveBatch,
  SendBatch,
  sendPath,
  type Tun,
} from "../../ffi/libc/mod.ts";
import { OUTER_MARK, sourceFor, Steering } from "../../cli/daemon/net/steering.ts";
import { deleteAddress, dumpRules, parseRule } from "../../src/datapath/rtnetlink/mod.ts";
import type { FlowInstall } from "../../src/exchange/ports.ts";
import {
  addressFromOctets,
  ANY_PORT,
  formatAddress,
  parseAddress,
  parsePrefix,
  type PortRange,
  rangeOfPrefix,
} from "../../src/ip/mod.ts";
import { Host, hostTest, noNamespaces, wire } from "./namespaces.ts";

const DISCARD = 9;
const MTU = 1400;

function flow(local: string, remote: string, protocol = 0, ports: PortRange = ANY_PORT): FlowInstall {
  const side = (prefix: string, ports: PortRange) => ({
    addresses: rangeOfPrefix(parsePrefix(prefix)!),
    protocol,
    ports,
  });
  return { policy: "test", local: side(local, ANY_PORT), remote: side(remote, ports) };
}

const FLOWS = [flow("10.1.0.0/16", "10.2.0.0/16"), flow("2001:db8:1::/48", "2001:db8:2::/48")];

/** A LAN host, its gateway, and the host behind the WAN that sees what leaves in clear. */
class Site {
  readonly lan: Host;
  readonly gateway: Host;
  readonly wan: Host;
  readonly #rx: ReceiveBatch;
  readonly #sockets: readonly number[];
  #port = 10000;

  constructor(readonly libc: Libc) {
    const [lan, gateway, wan] = [new Host(libc), new Host(libc), new Host(libc)];
    [this.lan, this.gateway, this.wan] = [lan, gateway, wan];
    wire(gateway, "lan0", lan, "eth0");
    wire(gateway, "wan0", wan, "eth0");
    for (
      const [host, name, prefix] of [
        [lan, "eth0", "10.1.0.2/24"],
        [lan, "eth0", "2001:db8:1::2/64"],
        [gateway, "lan0", "10.1.0.1/24"],
        [gateway, "lan0", "2001:db8:1::1/64"],
        [gateway, "wan0", "192.0.2.1/24"],
        [gateway, "wan0", "2001:db8::1/64"],
        [wan, "eth0", "192.0.2.2/24"],
        [wan, "eth0", "2001:db8::2/64"],
        [wan, "lo", "10.2.0.1/32"],
        [wan, "lo", "2001:db8:2::1/128"],
      ] as const
    ) host.address(name, prefix);
    // The clear way exists, with the very prefix of the flow: it must not win.
    gateway.route("10.2.0.0/16", "192.0.2.2");
    gateway.route("2001:db8:2::/48", "2001:db8::2");
    lan.route("0.0.0.0/0", "10.1.0.1");
    lan.route("::/0", "2001:db8:1::1");
    wan.route("10.1.0.0/16", "192.0.2.1");
    wan.route("2001:db8:1::/48", "2001:db8::1");
    gateway.forward();
    this.#rx = new ReceiveBatch(libc, { slots: 1, slotLength: 64 });
    this.#sockets = wan.run(() =>
      ([4, 6] as const).map((family) =>
        openSocket(libc, {
          kind: "udp",
          family,
          local: { address: { family, value: 0n }, port: DISCARD },
        })
      )
    );
  }

  /** Sends a datagram with its own source port, which names it in what is seen. */
  send(
    host: Host,
    to: string,
    options: { from?: string; mark?: number; port?: number; length?: number } = {},
  ): number {
    const address = parseAddress(to)!;
    const from = options.from === undefined
      ? { family: address.family, value: 0n }
      : parseAddress(options.from)!;
    const port = this.#port++;
    const fd = host.run(() =>
      openSocket(this.libc, {
        kind: "udp",
        family: address.family,
        local: { address: from, port },
        ...(options.mark === undefined ? {} : { mark: options.mark }),
      })
    );
    const tx = new SendBatch(this.libc, { slots: 1, slotLength: 4096 });
    tx.push(
      sendPath(this.libc, undefined, { address, port: options.port ?? DISCARD }),
      0,
      new Uint8Array(options.length ?? 1),
    );
    tx.flush(fd);
    this.libc.c.close(fd);
    return port;
  }

  /** What comes next: into the device, or in clear at the host behind the WAN. */
  async next(tun?: Tun): Promise<string> {
    const poller = new Poller(this.libc);
    for (const fd of this.#sockets) poller.watch(fd);
    if (tun !== undefined) poller.watch(tun.fd);
    try {
      for (;;) {
        const found = this.#clear() ?? (tun === undefined ? undefined : this.#inside(tun));
        if (found !== undefined) return found;
        if (await poller.wait(5000) === 0) return "nothing";
      }
    } finally {
      poller.close();
    }
  }

  #clear(): string | undefined {
    for (const fd of this.#sockets) {
      if (this.#rx.receive(fd) === 0) continue;
      const remote = this.#rx.remote(0)!;
      return `clear ${formatAddress(remote.address)}:${remote.port} > ${formatAddress(this.#rx.local(0)!)}`;
    }
    return undefined;
  }

  #inside(tun: Tun): string | undefined {
    const buffer = new Uint8Array(2048), packet = buffer.subarray(10);
    while (tun.read(this.libc.pointerTo(buffer), buffer.length) > 0) {
      const v6 = packet[0]! >> 4 === 6;
      if (packet[v6 ? 6 : 9] !== 17) continue;
      const [source, destination] = v6
        ? [packet.subarray(8, 24), packet.subarray(24, 40)]
        : [packet.subarray(12, 16), packet.subarray(16, 20)];
      const udp = v6 ? 40 : 20;
      const port = packet[udp]! << 8 | packet[udp + 1]!;
      const text = (octets: Uint8Array) => formatAddress(addressFromOctets(octets)!);
      return `tunnel ${text(source)}:${port} > ${text(destination)}`;
    }
    return undefined;
  }

  close(): void {
    for (const fd of this.#sockets) this.libc.c.close(fd);
    for (const host of [this.lan, this.gateway, this.wan]) host.close();
  }
}

function open(site: Site): { tun: Tun; steering: Steering } {
  const tun = site.gateway.run(() => openTun(site.libc));
  const steering = new Steering({ netlink: site.gateway.netlink, tun: { index: tun.index, mtu: MTU } });
  assert.deepEqual(steering.start(), { ok: true, value: undefined });
  return { tun, steering };
}

function accepted(result: { readonly ok: boolean }): void {
  assert.ok(result.ok, JSON.stringify(result));
}

hostTest(
  "Packets of a flow go into the device: forwarded, bound and unbound; others go their way",
  async (libc) => {
    const site = new Site(libc);
    const { gateway, lan } = site;
    const before = site.send(gateway, "10.2.0.1", { from: "10.1.0.1" });
    assert.equal(await site.next(), `clear 10.1.0.1:${before} > 10.2.0.1`);
    const { tun, steering } = open(site);
    accepted(steering.setFlows(FLOWS));
    const cases: readonly [Host, string, { from?: string; mark?: number }, string][] = [
      [gateway, "10.2.0.1", { from: "10.1.0.1" }, "tunnel 10.1.0.1"],
      [gateway, "10.2.0.1", {}, "tunnel 10.1.0.1"],
      [lan, "10.2.0.1", {}, "tunnel 10.1.0.2"],
      [gateway, "10.2.0.1", { from: "192.0.2.1" }, "clear 192.0.2.1"],
      [gateway, "10.2.0.1", { mark: OUTER_MARK }, "clear 192.0.2.1"],
      [gateway, "10.2.0.1", { mark: OUTER_MARK, from: "10.1.0.1" }, "clear 10.1.0.1"],
      [gateway, "192.0.2.2", {}, "clear 192.0.2.1"],
      [gateway, "2001:db8:2::1", { from: "2001:db8:1::1" }, "tunnel 2001:db8:1::1"],
      [gateway, "2001:db8:2::1", {}, "tunnel 2001:db8:1::1"],
      [lan, "2001:db8:2::1", {}, "tunnel 2001:db8:1::2"],
      [gateway, "2001:db8:2::1", { from: "2001:db8::1" }, "clear 2001:db8::1"],
      [gateway, "2001:db8:2::1", { mark: OUTER_MARK }, "clear 2001:db8::1"],
      [gateway, "2001:db8:2::1", { mark: OUTER_MARK, from: "2001:db8:1::1" }, "clear 2001:db8:1::1"],
      [gateway, "2001:db8::2", {}, "clear 2001:db8::1"],
    ];
    for (const [host, to, options, expected] of cases) {
      const port = site.send(host, to, options);
      assert.equal(await site.next(tun), `${expected}:${port} > ${to}`, JSON.stringify(options));
    }
    steering.stop();
    for (const [from, to] of [["10.1.0.1", "10.2.0.1"], ["2001:db8:1::1", "2001:db8:2::1"]] as const) {
      const port = site.send(gateway, to, { from });
      assert.equal(await site.next(tun), `clear ${from}:${port} > ${to}`);
    }
    tun.close();
    site.close();
  },
);

hostTest("Rules carry protocol and ports, also those up to 65535", async (libc) => {
  const site = new Site(libc);
  const { tun, steering } = open(site);
  const ports = flow("10.1.0.0/16", "10.2.0.0/16", 17, { start: DISCARD, end: DISCARD });
  accepted(steering.setFlows([ports]));
  const first = site.send(site.gateway, "10.2.0.1", { from: "10.1.0.1" });
  assert.equal(await site.next(tun), `tunnel 10.1.0.1:${first} > 10.2.0.1`);
  accepted(steering.setFlows([flow("10.1.0.0/16", "10.2.0.0/16", 6)]));
  const second = site.send(site.gateway, "10.2.0.1", { from: "10.1.0.1" });
  assert.equal(await site.next(tun), `clear 10.1.0.1:${second} > 10.2.0.1`);
  accepted(steering.setFlows([flow("10.1.0.0/16", "10.2.0.0/16", 17, { start: 1024, end: 65535 })]));
  for (const port of [1024, 5000, 65535]) {
    const third = site.send(site.gateway, "10.2.0.1", { from: "10.1.0.1", port });
    assert.equal(await site.next(tun), `tunnel 10.1.0.1:${third} > 10.2.0.1`);
  }
  const last = site.send(site.gateway, "10.2.0.1", { from: "10.1.0.1" });
  assert.equal(await site.next(tun), `clear 10.1.0.1:${last} > 10.2.0.1`);
  steering.stop();
  tun.close();
  site.close();
});

hostTest(
  "Fragments that are forwarded are steered by a flow with ports, though the kernel does not see these",
  async (libc) => {
    const site = new Site(libc);
    const { tun, steering } = open(site);
    accepted(steering.setFlows([flow("10.1.0.0/16", "10.2.0.0/16", 17, { start: DISCARD, end: DISCARD })]));
    const port = site.send(site.lan, "10.2.0.1", { length: 3000 });
    assert.equal(await site.next(tun), `tunnel 10.1.0.2:${port} > 10.2.0.1`);
    // The datagram would have come whole before this one, had its fragments gone in clear.
    const after = site.send(site.gateway, "192.0.2.2");
    assert.equal(await site.next(), `clear 192.0.2.1:${after} > 192.0.2.2`);
    steering.stop();
    tun.close();
    site.close();
  },
);

hostTest(
  "After kill -9 rules and device hold the traffic until the next process has said its flows",
  async (libc) => {
    const site = new Site(libc);
    const child = await site.gateway.runAsync(() =>
      Promise.resolve(
        new Deno.Command(Deno.execPath(), {
          args: ["run", "-A", "--no-lock", new URL("./steering_process.ts", import.meta.url).pathname],
          stdout: "piped",
          stderr: "inherit",
        }).spawn(),
      )
    );
    const output = child.stdout.getReader();
    assert.equal(new TextDecoder().decode((await output.read()).value), "steering\n");
    child.kill("SIGKILL");
    await child.status;
    await output.cancel();
    for (const to of ["10.2.0.1", "2001:db8:2::1"]) {
      const lan = to.includes(":") ? "2001:db8:1::1" : "10.1.0.1";
      const outside = to.includes(":") ? "2001:db8::1" : "192.0.2.1";
      site.send(site.gateway, to, { from: lan });
      site.send(site.gateway, to);
      site.send(site.lan, to);
      // Sent last, seen first: nothing of the above went out.
      const port = site.send(site.gateway, to, { from: outside });
      assert.equal(await site.next(), `clear ${outside}:${port} > ${to}`);
    }
    const rulesOfOurs = () =>
      ([4, 6] as const).flatMap((family) =>
        site.gateway.netlink.require(dumpRules(family), "read the rules").map(parseRule)
          .filter((rule) => rule?.protocol === 72)
      );
    const left = rulesOfOurs();
    assert.ok(left.length > 0);
    // A start alone changes nothing but that the device has a process again: the flows are still held back.
    const { tun, steering } = open(site);
    assert.equal(tun.name, "iked0");
    assert.deepEqual(rulesOfOurs(), left);
    const early = site.send(site.gateway, "10.2.0.1", { from: "10.1.0.1" });
    assert.equal(await site.next(tun), `tunnel 10.1.0.1:${early} > 10.2.0.1`);
    // The same flows again are the same rules: none was made twice or taken away.
    const port22 = flow("10.1.0.0/16", "10.3.0.0/16", 6, { start: 22, end: 22 });
    accepted(steering.setFlows([FLOWS[0]!, port22, FLOWS[1]!]));
    assert.deepEqual(rulesOfOurs(), left);
    // One flow stays, the others are gone with what was left of them.
    accepted(steering.setFlows([FLOWS[0]!]));
    const port = site.send(site.gateway, "10.2.0.1", { from: "10.1.0.1" });
    assert.equal(await site.next(tun), `tunnel 10.1.0.1:${port} > 10.2.0.1`);
    const gone = site.send(site.gateway, "2001:db8:2::1", { from: "2001:db8:1::1" });
    assert.equal(await site.next(), `clear 2001:db8:1::1:${gone} > 2001:db8:2::1`);
    steering.stop();
    assert.deepEqual(rulesOfOurs(), []);
    tun.close();
    site.close();
  },
);

hostTest("A route that the kernel dropped with its source address comes back by refresh", async (libc) => {
  const site = new Site(libc);
  const { tun, steering } = open(site);
  accepted(steering.setFlows([FLOWS[0]!]));
  // An address that is taken away and given again, as a DHCP client may do.
  const lan = deleteAddress(site.gateway.index("lan0"), parsePrefix("10.1.0.1/24")!);
  site.gateway.netlink.require(lan, "take the address away");
  site.gateway.address("lan0", "10.1.0.1/24");
  accepted(steering.refresh());
  const port = site.send(site.gateway, "10.2.0.1");
  assert.equal(await site.next(tun), `tunnel 10.1.0.1:${port} > 10.2.0.1`);
  steering.stop();
  tun.close();
  site.close();
});

hostTest("The source towards a peer is that of the marked sockets' route", (libc) => {
  const site = new Site(libc);
  const { tun, steering } = open(site);
  accepted(steering.setFlows(FLOWS));
  const source = (peer: string) => {
    const address = sourceFor(site.gateway.netlink, parseAddress(peer)!);
    return address === undefined ? undefined : formatAddress(address);
  };
  assert.equal(source("10.2.0.1"), "192.0.2.1");
  assert.equal(source("2001:db8:2::1"), "2001:db8::1");
  assert.equal(source("203.0.113.1"), undefined);
  steering.stop();
  tun.close();
  site.close();
});

function hasIp(): boolean {
  try {
    return new Deno.Command("ip", { args: ["-V"], stdout: "null", stderr: "null" }).outputSync().success;
  } catch {
    return false;
  }
}
const noIp = noNamespaces !== undefined || hasIp() ? undefined : "no ip(8)";

hostTest("Rules and routes are what ip(8) shows, and nothing is left at a clean stop", (libc) => {
  const site = new Site(libc);
  const show = (...args: string[]) =>
    site.gateway.run(() => {
      const { stdout } = new Deno.Command("ip", { args, stderr: "null" }).outputSync();
      return new TextDecoder().decode(stdout).split("\n").map((line) => line.trim().replaceAll(/\s+/g, " "))
        .filter((line) => line.includes("proto 72"));
    });
  const { tun, steering } = open(site);
  accepted(steering.setFlows([...FLOWS, flow("10.1.0.0/16", "10.3.0.0/24", 6, { start: 22, end: 23 })]));
  assert.deepEqual(show("rule"), [
    "196: from all fwmark 0x1ced goto 202 proto 72",
    "197: from 10.1.0.0/16 to 10.2.0.0/16 lookup 7296 proto 72",
    "197: from 10.1.0.0/16 to 10.3.0.0/24 ipproto tcp dport 22-23 lookup 7296 proto 72",
    "198: from 10.1.0.0/16 to 10.3.0.0/24 ipproto tcp dport 1-65534 goto 202 proto 72",
    "199: from 10.1.0.0/16 to 10.3.0.0/24 ipproto tcp lookup 7296 proto 72",
    "201: from 0.0.0.0 to 10.2.0.0/16 iif lo lookup 7296 proto 72",
    "201: from 0.0.0.0 to 10.3.0.0/24 iif lo ipproto tcp dport 22-23 lookup 7296 proto 72",
    "202: from all nop proto 72",
  ]);
  assert.deepEqual(show("-6", "rule"), [
    "196: from all fwmark 0x1ced goto 202 proto 72",
    "197: from 2001:db8:1::/48 to 2001:db8:2::/48 lookup 7296 proto 72",
    "200: from ::/1 goto 202 proto 72",
    "200: from 8000::/1 goto 202 proto 72",
    "201: from all to 2001:db8:2::/48 iif lo lookup 7296 proto 72",
    "202: from all nop proto 72",
  ]);
  assert.deepEqual(show("route", "show", "table", "7296"), [
    `10.2.0.0/16 dev ${tun.name} proto 72 scope link src 10.1.0.1 metric 1`,
    "blackhole 10.2.0.0/16 proto 72 metric 1000000",
    `10.3.0.0/24 dev ${tun.name} proto 72 scope link src 10.1.0.1 metric 1`,
    "blackhole 10.3.0.0/24 proto 72 metric 1000000",
  ]);
  assert.deepEqual(show("-6", "route", "show", "table", "7296"), [
    `2001:db8:2::/48 dev ${tun.name} proto 72 src 2001:db8:1::1 metric 1 pref medium`,
    "blackhole 2001:db8:2::/48 dev lo proto 72 metric 1000000 pref medium",
    "throw fe80::/10 dev lo proto 72 metric 1 pref medium",
  ]);
  accepted(steering.setFlows([FLOWS[1]!]));
  assert.deepEqual(show("rule"), []);
  assert.equal(show("-6", "rule").length, 6);
  steering.stop();
  for (const family of ["-4", "-6"]) {
    assert.deepEqual(show(family, "rule"), []);
    assert.deepEqual(show(family, "route", "show", "table", "all"), []);
  }
  tun.close();
  site.close();
}, noIp);
