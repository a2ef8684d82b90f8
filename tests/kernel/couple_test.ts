/** `ikectl couple` and `decouple` on the kernel's IPsec. Runs in the VM of `../shared/lab` (`tests/kernel/run`). */
import assert from "node:assert/strict";
import { Capture } from "../host/capture.ts";
import { bringUp, configure } from "../host/policies.ts";
import { ping, pingInVain } from "../host/sites.ts";
import { kernelTables, sitesTest } from "./sites.ts";

const GCM = { more: "childsa enc aes-256-gcm" };
const EMPTY = { states: "", policies: "" };

sitesTest(
  "matrix",
  "xfrm: decouple takes SAs and policies out of the kernel, IKE SAs live on; couple brings new ones into it",
  async (sites) => {
    const { left, right, leftLan } = sites;
    configure(sites, GCM, GCM);
    await bringUp(sites);
    assert.equal(await ping(leftLan, "10.2.0.2", 3), 3);
    const [before] = await left.sas();
    using wire = new Capture(left.host);

    assert.equal((await left.iked("ctl", "-s", left.socket, "decouple")).code, 0);
    assert.deepEqual(await kernelTables(left.host), EMPTY);
    const [apart] = await left.sas();
    assert.deepEqual([apart!.spiI, apart!.state], [before!.spiI, "established"]);
    assert.equal(apart!.children[0]!.spiIn, before!.children[0]!.spiIn);
    // Nothing of ours protects it any more; the other end still wants it protected.
    wire.take();
    assert.equal(await pingInVain(leftLan, "10.2.0.2", 2), 0);
    assert.ok(wire.kinds().has("icmp 8"), "what is decoupled goes in clear");
    assert.equal((await right.iked("ctl", "-s", right.socket, "decouple")).code, 0);
    assert.deepEqual(await kernelTables(right.host), EMPTY);
    assert.equal(await ping(leftLan, "10.2.0.2", 3), 3);

    // Each end makes a new one; the other end's comes first, and is not in this kernel.
    for (const side of [right, left]) {
      const ends = [left, right].map(({ daemon }) => ({ daemon, from: daemon.lines.length }));
      assert.equal((await side.iked("ctl", "-s", side.socket, "couple")).code, 0);
      await Promise.all(ends.map(({ daemon, from }) => daemon.line(/ child-rekeyed /, from)));
    }
    wire.take();
    assert.equal(await ping(leftLan, "10.2.0.2", 5), 5, left.daemon.log);
    assert.ok(!wire.kinds().has("icmp 8"), "what is coupled is protected");
    const [after] = await left.sas();
    assert.deepEqual([after!.spiI, after!.state], [before!.spiI, "established"]);
    assert.notEqual(after!.children.at(-1)!.spiIn, before!.children[0]!.spiIn);
    const { states } = await kernelTables(left.host);
    assert.ok(states.includes(`0x${after!.children.at(-1)!.spiOut}`), states);
  },
);
