import assert from "node:assert/strict";
import fc from "fast-check";
import { DROP } from "../../src/datapath/mod.ts";
import { ReplayWindow } from "../../src/datapath/esp/replay.ts";
import { childPair, connected, filler, GCM, Host, udp, V4 } from "./support.ts";

/** The rule of RFC 4303 §3.4.3 with nothing clever about it. */
class PlainWindow {
  readonly #seen = new Set<number>();
  #top = 0;
  constructor(readonly size: number) {}
  offer(sequence: number): "new" | "replayed" | "stale" {
    if (sequence === 0 || sequence <= this.#top - this.size) return "stale";
    if (this.#seen.has(sequence)) return "replayed";
    this.#seen.add(sequence);
    this.#top = Math.max(this.#top, sequence);
    return "new";
  }
}

Deno.test("replay window: any order of packets is judged as the plain rule judges it, for 64 to 4096", () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: -80, max: 20 }) },
    { weight: 1, arbitrary: fc.integer({ min: -5000, max: 9000 }) },
  );
  fc.assert(fc.property(
    fc.constantFrom(64, 96, 128, 1024, 4096),
    fc.nat(0x7fff_ffff),
    fc.array(step, { maxLength: 300 }),
    (size, first, steps) => {
      const window = new ReplayWindow(size), plain = new PlainWindow(size);
      let at = first;
      for (const change of steps) {
        const sequence = Math.max(0, at + change);
        at = Math.max(at, sequence);
        const drop = window.check(sequence);
        const said = drop === undefined ? "new" : drop === DROP.replayed ? "replayed" : "stale";
        assert.equal(said, plain.offer(sequence));
        if (drop === undefined) window.accept(sequence);
      }
    },
  ));
});

Deno.test("replay window: sizes are brought between 64 and 4096, 0 is off", () => {
  assert.deepEqual([0, 1, 64, 65, 4096, 1e9].map((size) => new ReplayWindow(size).size), [
    0,
    64,
    64,
    96,
    4096,
    4096,
  ]);
});

Deno.test("ESN: the high half is the one whose number is nearest to the window (RFC 4303 A2.2)", () => {
  fc.assert(fc.property(
    fc.constantFrom(64, 4096),
    fc.nat({ max: 2 ** 40 }),
    fc.integer({ min: -63, max: 2 ** 31 }),
    (size, top, ahead) => {
      const window = new ReplayWindow(size);
      if (top > 0) window.accept(top);
      const sequence = top + ahead;
      fc.pre(sequence > 0);
      assert.equal(window.infer(sequence % 2 ** 32), sequence);
    },
  ));
  const fresh = new ReplayWindow(64);
  assert.ok(fresh.infer(0xffff_fff0) < 0, "older than the SA");
  assert.equal(fresh.check(fresh.infer(0xffff_fff0)), DROP.stale);
});

Deno.test("ESP: a replayed packet and one older than the window are dropped, one late inside it is not", () => {
  const { here, there } = connected(GCM);
  const packets = Array.from({ length: 70 }, (_, n) => here.inside(udp(V4, filler(n + 1)))[0]!);
  const [first, ...rest] = packets;
  const late = rest.splice(20, 1)[0]!;
  assert.equal(accepted(there, rest), 68);
  assert.equal(accepted(there, [late]), 1);
  assert.deepEqual(there.outside([late, rest[30]!]), []);
  assert.equal(there.esp.drops.of(DROP.replayed), 2);
  assert.deepEqual(there.outside([first!]), []);
  assert.equal(there.esp.drops.of(DROP.stale), 1);
});

Deno.test("ESP: without a window a replay passes, as configured", () => {
  const { here, there } = connected(GCM, { replayWindow: 0 });
  const sealed = here.inside(udp(V4, filler(1)));
  assert.equal(accepted(there, [...sealed, ...sealed]), 2);
});

for (const esn of [false, true]) {
  Deno.test(`ESP: at the end of 32 bits ${esn ? "ESN goes on" : "the SA stops, and says so once"}`, () => {
    const { here, there } = connected({ ...GCM, esn });
    // Reached through the room's own objects: four thousand million packets would take hours.
    jump(here, there, 0xffff_fffd);
    const lengths = [1, 2, 3, 4, 5].map((length) =>
      there.outside(here.inside(udp(V4, filler(length)))).length
    );
    assert.deepEqual(lengths, esn ? [1, 1, 1, 1, 1] : [1, 1, 0, 0, 0]);
    assert.equal(here.esp.drops.of(DROP.exhausted), esn ? 0 : 3);
    const expired = here.events.filter((event) => event.kind === "expired").map((event) => event.limit);
    assert.deepEqual(expired, esn ? [] : ["soft", "hard"]);
  });
}

Deno.test("ESP: a lifetime in octets is of each direction by itself, ends the pair, and is told soft and hard", () => {
  const { here, there } = connected(GCM, { lifetimeOctets: 500 });
  const packet = udp(V4, filler(72));
  const back = udp({ from: V4.to, to: V4.from }, filler(72));
  for (let n = 0; n < 4; n++) {
    assert.equal(accepted(there, here.inside(packet)), 1);
    assert.equal(accepted(here, there.inside(back)), 1);
  }
  assert.equal(accepted(there, here.inside(packet)), 1);
  // One SA is spent: the pair is.
  assert.deepEqual(here.inside(packet), []);
  assert.deepEqual(there.inside(back), []);
  for (const host of [here, there]) {
    assert.equal(host.esp.drops.of(DROP.exhausted), 1);
    assert.deepEqual(host.events, [
      { kind: "expired", id: 1, limit: "soft" },
      { kind: "expired", id: 1, limit: "hard" },
    ]);
  }
});

Deno.test("ESP: a new pair is asked for at a point that differs from pair to pair, the two ends of one included", () => {
  const packet = udp(V4, filler(72)), limit = 20_000, points: number[] = [];
  for (let pair = 0; pair < 10; pair++) {
    const { here, there } = connected(GCM, { lifetimeOctets: limit });
    for (let octets = 0; here.events.length === 0 || there.events.length === 0; octets += 100) {
      const told = [here, there].filter(({ events }) => events.length > 0).length;
      there.outside(here.inside(packet));
      const now = [here, there].filter(({ events }) => events.length > 0).length;
      for (let n = told; n < now; n++) points.push(octets / limit);
    }
  }
  assert.ok(points.every((part) => part >= 0.75 && part <= 0.875), `${points}`);
  assert.ok(new Set(points).size > 2, `${points}`);
});

/** How many of the packets were taken; the device may get them joined. */
function accepted(host: Host, packets: readonly Uint8Array[]): number {
  const before = host.esp.usage([1])[0]!.packetsIn;
  host.outside(packets);
  return host.esp.usage([1])[0]!.packetsIn - before;
}

/** Both ends as they are after `sequence` packets. */
function jump(here: Host, there: Host, sequence: number): void {
  const child = (host: Host) => host.esp.tables.byId(1)!;
  child(here).outbound.sequence = sequence;
  child(there).inbound.replay.accept(sequence);
}

Deno.test("ESP: packets reordered over the 32-bit boundary open with ESN", () => {
  const { here, there } = connected({ protocol: 3, encr: { id: 12, keyBits: 256 }, integ: 14, esn: true });
  jump(here, there, 0xffff_fff0);
  const packets = Array.from({ length: 40 }, (_, n) => here.inside(udp(V4, filler(n + 1)))[0]!);
  assert.equal(accepted(there, [packets[30]!, packets[2]!, packets[39]!, packets[15]!]), 4);
  assert.deepEqual(there.outside([packets[2]!]), []);
});

Deno.test("ESP: a pair that never sends takes what comes, and leaves what goes out to the others", () => {
  const first = childPair(GCM), second = childPair(GCM, {}, 2);
  const here = new Host(), there = new Host();
  assert.ok(here.esp.install(first.here).ok);
  assert.ok(here.esp.install({ ...second.here, outboundFrom: "never" }).ok);
  assert.ok(there.esp.install(second.there).ok);
  const back = { from: V4.to, to: V4.from };
  assert.equal(here.outside([there.inside(udp(back, filler(1)))[0]!]).length, 1);
  here.esp.activate(2);
  assert.equal(here.inside(udp(V4, filler(1)))[0]![3], 1);
  here.esp.remove([1]);
  assert.deepEqual(here.inside(udp(V4, filler(1))), []);
});

Deno.test("ESP: a standby pair sends nothing until the peer used it, then it is the one", () => {
  const first = childPair(GCM), second = childPair(GCM, { outboundFrom: "when-used" }, 2);
  const here = new Host(), there = new Host();
  for (const [host, side] of [[here, "here"], [there, "there"]] as const) {
    assert.ok(host.esp.install(first[side]).ok && host.esp.install(second[side]).ok);
  }
  const spi = (packet: Uint8Array) => packet[3];
  assert.equal(spi(here.inside(udp(V4, filler(1)))[0]!), 1);
  here.esp.activate(2);
  const sealed = here.inside(udp(V4, filler(1)))[0]!;
  assert.equal(spi(sealed), 2);
  const back = { from: V4.to, to: V4.from };
  assert.equal(spi(there.inside(udp(back, filler(1)))[0]!), 1);
  const forged = sealed.slice();
  forged[20]! ^= 1;
  there.outside([forged]);
  assert.equal(spi(there.inside(udp(back, filler(1)))[0]!), 1, "a forgery activated the pair");
  there.outside([sealed]);
  assert.equal(spi(there.inside(udp(back, filler(1)))[0]!), 2);
  there.esp.remove([2]);
  assert.equal(spi(there.inside(udp(back, filler(1)))[0]!), 1);
});
