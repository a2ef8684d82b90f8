/** Which data path the daemon takes by itself. Runs in the VM of `../shared/lab` (`tests/kernel/run`). */
import assert from "node:assert/strict";
import { IKED } from "../cli/iked_process.ts";
import { must } from "../support/process.ts";
import { type Gateway, runOn } from "../host/gateway.ts";
import { bringUp, configure, policy } from "../host/policies.ts";
import { ping } from "../host/sites.ts";
import { kernelTables, sitesTest } from "./sites.ts";

const MODPROBE = "/proc/sys/kernel/modprobe";
/** One suite, as the VM is slow to load and test all that is proposed by default. */
const GCM = { more: "childsa enc aes-256-gcm" };
const CAST = { more: "childsa enc cast auth hmac-sha1" };
const AH = policy("left", { more: "childsa auth hmac-sha1" }).replace(" esp ", " ah ");

/** A kernel that loads no module by itself, and has lost these. */
async function withoutModules(names: readonly string[], body: () => Promise<void>): Promise<void> {
  const program = await Deno.readTextFile(MODPROBE);
  await Deno.writeTextFile(MODPROBE, "/bin/false");
  try {
    if (names.length > 0) await must("modprobe", "-r", ...names);
    await body();
  } finally {
    await Deno.writeTextFile(MODPROBE, program.trim());
    if (names.length > 0) await must("modprobe", "-a", ...names);
  }
}

/** What a start by itself takes. */
async function taken(gateway: Gateway): Promise<{ datapath: string; reason: string }> {
  gateway.datapath = undefined;
  await gateway.start();
  const line = await gateway.daemon.line(/ info: data path /);
  const { stdout } = await gateway.iked("ctl", "-s", gateway.socket, "--json", "show", "datapath");
  await gateway.daemon.stop();
  const { datapath, reason } = JSON.parse(stdout);
  assert.equal(line, `iked: info: data path ${datapath}: ${reason}`);
  return { datapath, reason };
}

/** What a start says when it fails. */
async function refused(gateway: Gateway, datapath: string | undefined): Promise<string> {
  gateway.datapath = datapath;
  const [command, ...rest] = [...IKED, ...gateway.args];
  const { code, stderr } = await runOn(gateway.host, command!, ...rest);
  assert.equal(code, 1, stderr);
  return stderr;
}

sitesTest(
  "slice",
  "choice: where the kernel can, xfrm is taken, and carries; nothing of the probe stays",
  async (sites) => {
    configure(sites, GCM, GCM);
    const { left } = sites;
    assert.deepEqual(await taken(left), {
      datapath: "xfrm",
      reason: "the kernel can do what the configuration asks for",
    });
    assert.deepEqual(await kernelTables(left.host), { states: "", policies: "" });
    left.datapath = undefined;
    await bringUp(sites);
    assert.equal(await ping(sites.leftLan, "10.2.0.2", 3), 3);
  },
);

sitesTest(
  "matrix",
  "choice: without a module for an algorithm userland is taken, -K xfrm and a reload are refused; each names the module",
  async (sites) => {
    const { left, right } = sites;
    right.configure(policy("right", GCM));
    await withoutModules([], async () => {
      left.configure(policy("left", CAST));
      const { datapath, reason } = await taken(left);
      assert.equal(datapath, "userland");
      assert.match(reason, /^xfrm does not work here: .*cbc\(cast5\).*module cast5_generic/);
      assert.match(
        await refused(left, "xfrm"),
        /^iked: error: xfrm does not work here: .*module cast5_generic/m,
      );
      left.configure(policy("left", GCM));
      await left.start();
      left.configure(policy("left", CAST));
      const reload = await left.iked("ctl", "-s", left.socket, "reload");
      assert.equal(reload.code, 1);
      assert.match(
        reload.stderr,
        /iked\.conf:1:1: error: the data path xfrm cannot do Child SAs of "sites": .*module cast5_generic/,
      );
    });
  },
);

sitesTest(
  "matrix",
  "choice: without the modules of AH userland, which has none, is refused, and so is -K xfrm; both name them",
  async (sites) => {
    const { left } = sites;
    left.configure(AH);
    // The kernel looks for the algorithm first.
    await must("modprobe", "-a", "hmac", "sha1_generic");
    await withoutModules(["ah4", "ah6"], async () => {
      for (const datapath of [undefined, "xfrm"]) {
        assert.match(await refused(left, datapath), /the kernel lacks AH: load the modules ah4 and ah6/);
      }
    });
  },
);

sitesTest(
  "matrix",
  "choice: without the modules of ESP userland is taken, and -K xfrm is refused; both name them",
  async (sites) => {
    const { left } = sites;
    left.configure(policy("left", GCM));
    await withoutModules(["esp4", "esp6"], async () => {
      const { datapath, reason } = await taken(left);
      assert.equal(datapath, "userland");
      assert.match(reason, /the kernel lacks ESP: load the modules esp4 and esp6/);
      assert.match(await refused(left, "xfrm"), /the kernel lacks ESP: load the modules esp4 and esp6/);
    });
  },
);
