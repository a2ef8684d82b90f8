import assert from "node:assert/strict";
import { IKED } from "../cli/iked_process.ts";
import { Host, hostTest } from "./namespaces.ts";
import { ALONE, netAlone } from "./net_alone.ts";
import { configure } from "./policies.ts";
import { noPing, ping, Sites } from "./sites.ts";

hostTest(
  "net role: once it is ready CAP_NET_ADMIN in its thread alone is enough, as another user and with nothing in main",
  async (libc) => {
    const host = new Host(libc);
    assert.deepEqual(await netAlone(host, "userland"), ALONE);
    assert.throws(() => host.index("iked0"));
    host.close();
  },
  Deno.uid() === 0 ? undefined : "not root",
);

hostTest(
  "iked: CAP_NET_ADMIN, CAP_NET_BIND_SERVICE and CAP_NET_RAW are enough for userland, from the start to a clean stop",
  async (libc) => {
    await using sites = new Sites(libc);
    const { left, right } = sites;
    configure(sites);
    const list = "-all,+net_admin,+net_bind_service,+net_raw";
    const under = ["setpriv", `--bounding-set=${list}`, `--inh-caps=${list}`, ...IKED];
    await right.start(under);
    await left.start(under);
    await left.daemon.line(/ child-up /);
    assert.equal(await ping(sites.leftLan, "10.2.0.2", 3), 3);
    assert.match(Deno.readTextFileSync(`/proc/${left.daemon.pid}/status`), /^CapEff:\s*0000000000003400$/m);
    for (const { daemon } of [left, right]) assert.equal((await daemon.stop()).code, 0, daemon.log);
  },
  Deno.uid() === 0 ? noPing : "not root",
);
