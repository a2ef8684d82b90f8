/**
 * Two of ours for a long time, rekeying every ten seconds, under iperf3: no datagram lost but what the network lost,
 * none out of order, memory flat. Only with `IKED_SOAK_S`, its seconds (`deno task prove soak`: 1,800).
 */
import assert from "node:assert/strict";
import { Iked } from "../interop/iked.ts";
import { must, whyNot, Wire } from "../interop/lab.ts";
import { ikedConf, LEFT, PATHS, RIGHT, SUITES } from "../interop/suites.ts";
import { imbalance, lostBetween, queueLosses, readLedger, retransmissions, totalOf } from "./ledger.ts";
import { type Sample, slopeOf } from "./slope.ts";

const wanted = Deno.env.get("IKED_SOAK_S");
const why = wanted === undefined ? "deno task prove soak runs it" : whyNot();
const seconds = Number(wanted ?? "1800");
const RATE = Deno.env.get("IKED_SOAK_RATE") ?? "20M";
/** Memory is judged from here on: the first rekeys warm the runtime up. */
const WARM_S = Math.min(300, seconds / 4);
const SAMPLES = 300;
/**
 * What the line through the samples may gain until the end, a share of the whole; more where there is little to see. A
 * role's garbage is collected only once it has grown by 6 to 9 MB, hours apart at this rate: what is left after a
 * collection is what `deno task prove leak` looks at.
 */
const MOST_GROWTH = seconds >= 1200 ? 0.1 : 0.25;
/** Of iperf3's sockets: its own 212,992 octets lose datagrams whenever it waits for a processor. */
const WINDOW = "2M";

/** Resident octets of a daemon, by the process whose log we read. */
async function resident(iked: Iked): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${iked.process.pid}/status`);
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)![1]) * 1024;
}

Deno.test({
  name: `soak: ${seconds} s of rekeying every 10 s under iperf3${
    why === undefined ? "" : ` [skipped: ${why}]`
  }`,
  ignore: why !== undefined,
  fn: async () => {
    const path = PATHS[0]!, more = "lifetime 10 ikelifetime 60";
    await using wire = await Wire.create("iks-", "direct");
    await using right = await Iked.start(wire.right, ikedConf("right", path, SUITES[0]!, { more }));
    await using left = await Iked.start(wire.left, ikedConf("left", path, SUITES[0]!, { more }));
    await left.process.line(/child-up/);
    const from = { namespace: wire.left, iked: left }, to = { namespace: wire.right, iked: right };
    const ledger = () => readLedger(from, to);
    const server = new Deno.Command("ip", {
      args: ["netns", "exec", wire.right, "iperf3", "-s", "-1", "--forceflush", "-B", RIGHT.host],
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const output = server.stdout.getReader();
    await output.read();
    // It tells of every second, and stops working where nobody takes that.
    const told = (async () => {
      while (!(await output.read()).done);
    })();

    const samples: Record<"left" | "right", Sample[]> = { left: [], right: [] };
    /** Lost in queues of the kernel so far: said when it happens, not to be guessed from the sum at the end. */
    let overflown = 0;
    const began = performance.now();
    const sample = async () => {
      const at = (performance.now() - began) / 1000;
      const lost = await queueLosses(from, to);
      if (lost > overflown) console.log(`${at.toFixed(1)} s: ${lost - overflown} lost in queues`);
      overflown = lost;
      for (const [side, iked] of [["left", left], ["right", right]] as const) {
        samples[side].push({ seconds: at, octets: await resident(iked) });
      }
    };
    const before = await ledger(), sentAgain = await retransmissions(from, to);
    const timer = setInterval(sample, seconds * 1000 / SAMPLES);
    const client = ["netns", "exec", wire.left, "iperf3", "-c", RIGHT.host, "-B", LEFT.host] as const;
    const how = ["-u", "-b", RATE, "-l", "1300", "-w", WINDOW, "-t", `${seconds}`, "-J"] as const;
    const { end } = JSON.parse(await must("ip", ...client, ...how));
    clearInterval(timer);
    // It serves one client and ends.
    await server.status;
    await told;
    const losses = lostBetween(before, await ledger());

    const { packets: highest, lost_packets: lost } = end.sum_received;
    const retransmitted = await retransmissions(from, to) - sentAgain;
    const missed = { sent: end.sum_sent.packets, highest, lost, retransmitted };
    const rekeys = left.process.lines.filter((line) => /child-rekeyed/.test(line)).length;
    const memory = (["left", "right"] as const).map((side) => {
      const judged = samples[side].filter((one) => one.seconds >= WARM_S);
      const octets = judged.map((one) => one.octets);
      const slope = slopeOf(judged);
      return {
        side,
        samples: judged.length,
        least: Math.min(...octets),
        most: Math.max(...octets),
        octetsPerMinute: Math.round(slope * 60),
        growth: slope * (seconds - WARM_S) / octets[0]!,
      };
    });
    const outOfOrder: number = end.streams[0].udp.out_of_order;
    console.log(JSON.stringify({ ...missed, outOfOrder, rekeys, losses, memory }));
    assert.equal(imbalance(losses, missed), undefined);
    assert.equal(outOfOrder, 0, "Datagrams came in another order");
    assert.equal(totalOf(losses.ours), 0, "Lost by us");
    assert.ok(rekeys >= seconds / 10 * 0.8, `${rekeys} rekeys`);
    for (const { side, growth } of memory) {
      assert.ok(growth <= MOST_GROWTH, `${side}: ${(growth * 100).toFixed(1)} % more at the end`);
    }
  },
});
