/**
 * Two of ours for a long time, rekeying every ten seconds, under iperf3: no datagram lost, memory flat.
 * `IKED_SOAK_S` seconds (`deno task prove soak`: 1,800).
 */
import assert from "node:assert/strict";
import { Iked } from "../interop/iked.ts";
import { must, whyNot, Wire } from "../interop/lab.ts";
import { ikedConf, LEFT, PATHS, RIGHT, SUITES } from "../interop/suites.ts";

const why = whyNot();
const seconds = Number(Deno.env.get("IKED_SOAK_S") ?? "60");
/** Memory is compared from here on: the first rekeys warm the runtime up. */
const RATE = Deno.env.get("IKED_SOAK_RATE") ?? "20M";
const WARM_S = Math.min(300, seconds / 4);

/** Resident octets of a daemon, by the process whose log we read. */
async function resident(iked: Iked): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${iked.process.pid}/status`);
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)![1]) * 1024;
}

interface Sample {
  readonly left: number;
  readonly right: number;
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
    const server = new Deno.Command("ip", {
      args: ["netns", "exec", wire.right, "iperf3", "-s", "-1", "--forceflush", "-B", RIGHT.host],
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    await server.stdout.getReader().read();
    const samples: Sample[] = [];
    const sample = async () => samples.push({ left: await resident(left), right: await resident(right) });
    const timer = setInterval(sample, (seconds - WARM_S) * 1000 / 20);
    const client = ["netns", "exec", wire.left, "iperf3", "-c", RIGHT.host, "-B", LEFT.host] as const;
    const how = ["-u", "-b", RATE, "-l", "1300", "-t", `${seconds}`, "-J"] as const;
    const report = JSON.parse(await must("ip", ...client, ...how));
    clearInterval(timer);
    // It serves one client and ends.
    await server.status;
    const { lost_packets: lost, packets } = report.end.sum;
    const rekeys = left.process.lines.filter((line) => /child-rekeyed/.test(line)).length;
    // What went astray inside of us is counted by cause; what is in neither was lost in a queue of the host's.
    const drops = [await left.ctl("show", "datapath"), await right.ctl("show", "datapath")].map((one) =>
      one.drops
    );
    const warm = samples[Math.floor(samples.length / 4)]!, last = samples.at(-1)!;
    console.log(JSON.stringify({ packets, lost, rekeys, drops, warm, last }));
    assert.equal(lost, 0);
    assert.ok(rekeys >= seconds / 10 * 0.8, `${rekeys} rekeys`);
    for (const side of ["left", "right"] as const) {
      assert.ok(last[side] < warm[side] * 1.15 + 8e6, `${side}: ${warm[side]} octets grew to ${last[side]}`);
    }
  },
});
