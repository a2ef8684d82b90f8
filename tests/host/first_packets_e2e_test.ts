import assert from "node:assert/strict";
import { Capture } from "./capture.ts";
import { hostTest } from "./namespaces.ts";
import { configure } from "./policies.ts";
import { noPing, ping, Sites } from "./sites.ts";

hostTest(
  "iked: the first ping of a tunnel on demand waits for it and is answered; nothing goes in clear",
  async (libc) => {
    await using sites = new Sites(libc);
    const { left, right } = sites;
    configure(sites, { mode: "passive" });
    await right.start();
    await left.start();
    using wire = new Capture(left.host);
    assert.equal(await ping(sites.leftLan, "10.2.0.2", 1), 1, left.daemon.log);
    assert.equal(await ping(left.host, "10.2.0.2", 1), 1);
    assert.deepEqual([...wire.kinds()].filter((kind) => kind.startsWith("icmp 8")), []);
    // What was held back was sent after all.
    assert.equal((await left.drops()).heldBack, undefined);
  },
  noPing,
);
