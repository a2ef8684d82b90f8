import assert from "node:assert/strict";
import fc from "fast-check";
import { DROP, type FlowInstall } from "../../src/datapath/mod.ts";
import { childPair, filler, GCM, Host, ip, selector, udp, V4 } from "./support.ts";

function flow(policy: string, local: string, remote: string): FlowInstall {
  return { policy, local: selector(local), remote: selector(remote) };
}
const EXAMPLE = flow("example", "10.1.0.0/16", "10.2.0.0/16");

/** A host whose flow has no SA yet, and what installs it, with the peer that opens what comes. */
function waitingHost(flows: readonly FlowInstall[] = [EXAMPLE]) {
  const host = new Host(), peer = new Host(), pair = childPair(GCM);
  host.esp.setFlows(flows);
  host.esp.at(0);
  const sentBy = (act: () => void): Uint8Array[] => {
    const before = host.sent.length;
    act();
    host.esp.flush();
    return host.sent.slice(before).flatMap(({ packets }) => packets);
  };
  const install = () => sentBy(() => assert.ok(host.esp.install(pair.here).ok));
  assert.ok(peer.esp.install(pair.there).ok);
  return { host, peer, install, sentBy };
}

const numbered = (number: number, length = 40) => {
  const payload = filler(length);
  payload[0] = number & 0xff;
  payload[1] = number >> 8;
  return udp({ ...V4, fragment: 0 }, payload);
};
const numberOf = (packet: Uint8Array) => packet[28]! | packet[29]! << 8;

Deno.test("packets of a flow without SA wait, go out in order once there is one, and count as held back no more", () => {
  const { host, peer, install } = waitingHost();
  for (let number = 0; number < 5; number++) assert.deepEqual(host.inside(numbered(number)), []);
  assert.equal(host.esp.drops.of(DROP.heldBack), 5);
  host.esp.at(3_000);
  const arrived = peer.outside(install());
  assert.deepEqual(arrived.map(numberOf), [0, 1, 2, 3, 4]);
  assert.equal(host.esp.drops.of(DROP.heldBack), 0);
  assert.deepEqual(host.esp.waiting, { frames: 0, octets: 0 });
  // What comes after them is sent after them.
  assert.deepEqual(peer.outside(host.inside(numbered(7))).map(numberOf), [7]);
});

Deno.test("a pair that stands by sends what waits when the peer has used it, or when it is told to", () => {
  for (const by of ["peer", "engine"] as const) {
    const { host, peer, sentBy } = waitingHost(), pair = childPair(GCM, { outboundFrom: "when-used" });
    host.inside(numbered(1));
    assert.deepEqual(sentBy(() => assert.ok(host.esp.install(pair.here).ok)), []);
    const packets = sentBy(() => {
      if (by === "engine") return host.esp.activate(1);
      const back = udp({ from: V4.to, to: V4.from }, filler(20));
      assert.equal(host.outside(peer.inside(back)).length, 1);
      host.esp.at(1);
    });
    assert.deepEqual(peer.outside(packets).map(numberOf), [1], by);
  }
});

Deno.test("what waits longer than ten seconds is dropped, whether an SA comes or not", () => {
  const { host, install } = waitingHost();
  host.inside(numbered(1));
  host.esp.at(9_000);
  host.inside(numbered(2));
  host.esp.tick();
  assert.equal(host.esp.waiting.frames, 2);
  host.esp.at(10_000);
  host.esp.tick();
  assert.equal(host.esp.waiting.frames, 1);
  host.esp.at(19_000);
  assert.deepEqual(install(), []);
  assert.equal(host.esp.drops.of(DROP.heldBack), 2);
});

Deno.test("an SA of one flow of a policy leaves the packets of the other waiting, in their order and with their age", () => {
  const { host, peer, install } = waitingHost([EXAMPLE, flow("example", "10.1.0.0/16", "10.9.0.0/16")]);
  const aside = (number: number) => udp({ ...V4, to: "10.9.0.1" }, filler(number));
  host.inside(aside(30));
  host.inside(numbered(1));
  host.inside(aside(31));
  assert.deepEqual(peer.outside(install()).map(numberOf), [1]);
  assert.equal(host.esp.waiting.frames, 2);
  assert.equal(host.esp.drops.of(DROP.heldBack), 2);
  host.esp.at(10_000);
  host.esp.tick();
  assert.equal(host.esp.waiting.frames, 0);
});

Deno.test("what waits never goes out without the SA: not when the flow goes, nor by another policy's pair", () => {
  const { host, install, sentBy } = waitingHost([flow("other", "10.1.0.0/16", "10.2.0.0/16"), EXAMPLE]);
  host.inside(numbered(1));
  assert.deepEqual(install(), []);
  assert.deepEqual(sentBy(() => host.esp.setFlows([])), []);
  assert.deepEqual(sentBy(() => host.esp.at(1)), []);
});

Deno.test("hostile: many flows, huge and endless packets keep no more than a megabyte, 512 packets, 32 of a policy", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(40), fc.integer({ min: 8, max: 60_000 }), fc.nat(3)), { maxLength: 40 }),
      (packets) => {
        const flows = Array.from({ length: 41 }, (_, at) => flow(`p${at}`, "10.1.0.0/16", `10.2.${at}.0/24`));
        const host = new Host();
        host.esp.setFlows(flows);
        let now = 0, asked = 0;
        for (const [to, length, later] of packets) {
          host.esp.at(now += later);
          for (let again = 0; again < 20; again++) {
            asked++;
            // At least a header of UDP: without one it is no packet that may wait.
            const payload = new Uint8Array(length);
            assert.deepEqual(host.inside(ip({ from: "10.1.0.1", to: `10.2.${to}.1` }, payload)), []);
          }
          const { frames, octets } = host.esp.waiting;
          assert.ok(frames <= 512 && octets <= 1 << 20, `${frames} ${octets}`);
        }
        assert.equal(host.esp.drops.of(DROP.heldBack), asked);
        host.esp.at(now + 10_000);
        host.esp.tick();
        assert.deepEqual(host.esp.waiting, { frames: 0, octets: 0 });
      },
    ),
    { numRuns: 60 },
  );
  const host = new Host();
  host.esp.setFlows([EXAMPLE]);
  for (let number = 0; number < 1000; number++) host.inside(numbered(number));
  assert.equal(host.esp.waiting.frames, 32);
});

Deno.test("close drops what waits", () => {
  const { host } = waitingHost();
  host.inside(numbered(1));
  host.esp.close();
  assert.deepEqual(host.esp.waiting, { frames: 0, octets: 0 });
});
