/** What the daemon may be without. Runs in the VM of `../shared/lab` (`tests/kernel/run`). */
import assert from "node:assert/strict";
import { IKED } from "../cli/iked_process.ts";
import { ALONE, netAlone } from "../host/net_alone.ts";
import { configure } from "../host/policies.ts";
import { ping } from "../host/sites.ts";
import { kernelTables, sitesTest } from "./sites.ts";

const GCM = { more: "childsa enc aes-256-gcm" };
const CAPABILITIES = "-all,+net_admin,+net_bind_service";

sitesTest(
  "matrix",
  "xfrm: with CAP_NET_ADMIN and CAP_NET_BIND_SERVICE alone both ends negotiate, carry traffic and leave nothing behind",
  async (sites) => {
    configure(sites, GCM, GCM);
    const { left, right } = sites;
    const under = ["setpriv", `--bounding-set=${CAPABILITIES}`, `--inh-caps=${CAPABILITIES}`, ...IKED];
    await right.start(under);
    await left.start(under);
    await left.daemon.line(/ child-up /);
    assert.equal(await ping(sites.leftLan, "10.2.0.2", 5), 5);
    const status = await Deno.readTextFile(`/proc/${left.daemon.pid}/status`);
    assert.match(status, /^CapEff:\s*0000000000001400$/m);
    assert.match(status, /^CapBnd:\s*0000000000001400$/m);
    assert.equal((await left.iked("ctl", "-s", left.socket, "reload")).code, 0);
    for (const { daemon } of [left, right]) assert.equal((await daemon.stop()).code, 0, daemon.log);
  },
);

sitesTest(
  "matrix",
  "xfrm: once role net is ready CAP_NET_ADMIN in its thread alone is enough, as another user and with nothing in main",
  async ({ left }) => {
    assert.deepEqual(await netAlone(left.host, "xfrm"), ALONE);
    assert.deepEqual(await kernelTables(left.host), { states: "", policies: "" });
  },
);
