import assert from "node:assert/strict";
import type { Libc } from "../../ffi/libc/mod.ts";
import { configure, iked, IkedProcess, inFolder } from "../cli/iked_process.ts";
import { Host, hostTest, wire } from "./namespaces.ts";

const FLOWS = {
  a: "esp from 10.1.0.0/16 to 10.2.0.0/16 local 192.0.2.1 peer 192.0.2.2",
  b: "esp from 10.2.0.0/16 to 10.1.0.0/16 local 192.0.2.2 peer 192.0.2.1",
};
const IDS = { a: "srcid a.example.com dstid b.example.com", b: "srcid b.example.com dstid a.example.com" };
const KEY = 'psk "visibly an example"';

interface Daemons {
  readonly a: IkedProcess;
  readonly b: IkedProcess;
  /** `iked ctl --json WORDS` of either. */
  // deno-lint-ignore no-explicit-any
  ctl(end: "a" | "b", ...words: readonly string[]): Promise<any>;
}

/** The active `a` and the passive `b`, two processes on two hosts, with what their policies say beside the flows. */
async function between(
  libc: Libc,
  says: { readonly a: string; readonly b: string },
  body: (daemons: Daemons) => Promise<void>,
): Promise<void> {
  const hosts = { a: new Host(libc), b: new Host(libc) };
  wire(hosts.a, "eth0", hosts.b, "eth0");
  hosts.a.address("eth0", "192.0.2.1/24");
  hosts.b.address("eth0", "192.0.2.2/24");
  await inFolder(async (folder) => {
    const start = async (end: "a" | "b") => {
      await Deno.mkdir(`${folder}/${end}`);
      const mode = end === "a" ? "active" : "passive";
      const file = await configure(`${folder}/${end}`, `ikev2 "tunnel" ${mode} ${FLOWS[end]} ${says[end]}\n`);
      const daemon = IkedProcess.startIn(`/proc/${Deno.pid}/fd/${hosts[end].netns}`, [
        ...["-d", "-v", "-K", "none", "-f", file, "--socket", `${folder}/${end}/sock`],
      ]);
      await daemon.line(/^iked: ready$/);
      return daemon;
    };
    await using b = await start("b");
    await using a = await start("a");
    await body({
      a,
      b,
      ctl: async (end, ...words) => {
        const outcome = await iked("ctl", "-s", `${folder}/${end}/sock`, "--json", ...words);
        assert.equal(outcome.code, 0, outcome.stderr);
        return JSON.parse(outcome.stdout);
      },
    });
  });
  hosts.a.close();
  hosts.b.close();
}

hostTest(
  "iked: two daemons bring up a tunnel, show it, and part with a DELETE on SIGTERM",
  (libc) =>
    between(libc, { a: `${IDS.a} ${KEY}`, b: `${IDS.b} ${KEY}` }, async ({ a, b, ctl }) => {
      await a.line(/^iked: notice: child-up policy=tunnel peer=192\.0\.2\.2 /);
      await b.line(/^iked: notice: child-up policy=tunnel peer=192\.0\.2\.1 /);
      const [ours] = (await ctl("a", "show", "sa")).ikeSas, [theirs] = (await ctl("b", "show", "sa")).ikeSas;
      assert.deepEqual([ours.role, ours.state, theirs.role, theirs.state], [
        "initiator",
        "established",
        "responder",
        "established",
      ]);
      assert.deepEqual([ours.spiI, ours.spiR, ours.encr, ours.ke], [
        theirs.spiI,
        theirs.spiR,
        theirs.encr,
        theirs.ke,
      ]);
      assert.deepEqual(ours.local, { address: "192.0.2.1", port: 500, id: "a.example.com" });
      assert.deepEqual(ours.peer, theirs.local);
      const [child] = ours.children, [other] = theirs.children;
      assert.deepEqual([child.spiIn, child.spiOut], [other.spiOut, other.spiIn]);
      assert.deepEqual([child.tsLocal, child.tsRemote], [["10.1.0.0/16"], ["10.2.0.0/16"]]);
      assert.deepEqual(Object.keys(ours), [
        ...[
          "id",
          "policy",
          "role",
          "state",
          "spiI",
          "spiR",
          "local",
          "peer",
          "nat",
          "encr",
          "keyLength",
          "prf",
        ],
        ...["integ", "ke", "establishedAt", "children"],
      ]);
      assert.deepEqual(Object.keys(child), [
        ...[
          "state",
          "protocol",
          "mode",
          "encap",
          "spiIn",
          "spiOut",
          "encr",
          "keyLength",
          "integ",
          "esn",
        ],
        ...["ipcomp", "tag", "mark"],
        ...["tsLocal", "tsRemote", "bytesIn", "bytesOut", "packetsIn", "packetsOut"],
      ]);
      a.kill("SIGTERM");
      assert.equal(await a.ended(), 0);
      await b.line(/^iked: notice: ike-down .*peer=192\.0\.2\.1 /);
      assert.deepEqual(await ctl("b", "show", "sa"), { version: 1, ikeSas: [] });
    }),
);

hostTest(
  "iked ctl reset sa: the SAs go at both ends, and the active one negotiates again",
  (libc) =>
    between(libc, { a: `${IDS.a} ${KEY}`, b: `${IDS.b} ${KEY}` }, async ({ a, b, ctl }) => {
      await a.line(/ child-up /);
      await b.line(/ child-up /);
      const [first] = (await ctl("a", "show", "sa")).ikeSas;
      assert.deepEqual(await ctl("a", "reset", "sa"), { version: 1 });
      await b.line(/ ike-down /);
      await b.line(/ child-up /);
      await a.line(/ child-up /);
      const [second] = (await ctl("a", "show", "sa")).ikeSas;
      assert.notEqual(second.spiI, first.spiI);
    }),
);

hostTest(
  "iked: a wrong PSK is one explaining line at each end, without the key",
  (libc) =>
    between(libc, { a: `${IDS.a} ${KEY}`, b: `${IDS.b} psk "visibly different"` }, async ({ a, b }) => {
      const failed =
        /^iked: warning: failed negotiation reason=\S+ policy="tunnel" peer=192\.0\.2\.[12](:\d+)? .*fix="/;
      await b.line(failed);
      await a.line(failed);
      for (const line of [...a.said, ...b.said]) assert.doesNotMatch(line, /visibly/);
    }),
);

hostTest(
  "iked: without a common proposal both ends say what was wanted, what came and the fix",
  (libc) =>
    between(libc, {
      a: `ikesa enc aes-256 prf hmac-sha2-256 auth hmac-sha2-256 group modp2048 ${IDS.a} ${KEY}`,
      b: `ikesa enc 3des prf hmac-sha1 auth hmac-sha1 group modp1024 ${IDS.b} ${KEY}`,
    }, async ({ a, b }) => {
      const refused = await b.line(/^iked: warning: failed negotiation /);
      assert.match(
        refused,
        / reason=\S+ policy="tunnel" peer=192\.0\.2\.1(:\d+)? wanted="[^"]*3DES[^"]*" got="[^"]+" fix="/,
      );
      assert.match(
        await a.line(/^iked: warning: failed negotiation /),
        / policy="tunnel" peer=192\.0\.2\.2(:\d+)? .*fix="/,
      );
    }),
);
