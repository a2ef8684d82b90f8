import assert from "node:assert/strict";
import { type Libc, openSocket, SendBatch, sendPath } from "../../ffi/libc/mod.ts";
import { parseAddress } from "../../src/ip/mod.ts";
import { IKED } from "../cli/iked_process.ts";
import { type Gateway, runOn } from "./gateway.ts";
import { hostTest } from "./namespaces.ts";
import { bringUp, configure } from "./policies.ts";
import { noIproute, noPing, ping, Sites } from "./sites.ts";

/** What a start with this before it, and these options behind it, says when it fails. */
async function refusal(
  gateway: Gateway,
  prefix: readonly string[],
  ...options: readonly string[]
): Promise<string> {
  const [command, ...rest] = [...prefix, ...IKED, ...gateway.args, ...options];
  const { code, stdout, stderr } = await runOn(gateway.host, command!, ...rest);
  assert.deepEqual([code, stdout], [1, ""], stderr);
  return stderr;
}

hostTest(
  "iked: a second one beside it says why it cannot be, and the first one's tunnel goes on",
  async (libc) => {
    await using sites = new Sites(libc);
    const { left } = sites;
    configure(sites);
    await bringUp(sites);
    const [before] = await left.sas();
    assert.equal(
      await refusal(left, []),
      `iked: error: iked is running already: it answers at ${left.socket}\n`,
    );
    assert.match(
      await refusal(left, [], "--socket", `${left.folder}/other.sock`),
      /^iked: error: Cannot bind UDP 0\.0\.0\.0:500: address already in use \(EADDRINUSE\): another IKE daemon .*\n$/,
    );
    const [after] = await left.sas();
    assert.equal(after!.spiI, before!.spiI);
    assert.equal(await ping(sites.leftLan, "10.2.0.2", 3), 3);
    assert.equal(await ping(left.host, "10.2.0.2", 3), 3);
  },
  noPing,
);

/** Runs the rest with an empty /dev/net. */
const NO_TUN = ["unshare", "-m", "sh", "-c", 'mount -t tmpfs none /dev/net && exec "$@"', "sh"];
const without = (...capabilities: string[]) => {
  const list = capabilities.map((name) => `-${name}`).join(",");
  return ["setpriv", `--bounding-set=${list}`, `--inh-caps=${list}`];
};

const STARTS: readonly (readonly [string, readonly string[], readonly string[], RegExp])[] = [
  ["no CAP_NET_ADMIN", without("net_admin"), [], /root.* CAP_NET_ADMIN/],
  ["no CAP_NET_RAW", without("net_raw"), [], /start iked as root, or give it CAP_NET_RAW/],
  ["no CAP_NET_BIND_SERVICE", without("net_bind_service"), [], /CAP_NET_BIND_SERVICE/],
  [
    "no /dev/net/tun",
    NO_TUN,
    [],
    /needs a TUN device: load the module tun, or give the container \/dev\/net\/tun/,
  ],
  ["-K pfkey", [], ["-K", "pfkey"], /iked\.conf:\d+:\d+: error: the data path pfkey cannot do Child SAs/],
  [
    "no folder for the socket",
    [],
    ["--socket", "/nowhere/iked.sock"],
    /\/nowhere\/iked\.sock: no directory \/nowhere/,
  ],
];

hostTest("iked: what a start lacks is one line, exit 1, and nothing is left of it", async (libc) => {
  await using sites = new Sites(libc);
  const { left } = sites;
  configure(sites);
  const state = async () => (await runOn(left.host, "ip", "-brief", "link")).stdout;
  const before = await state();
  for (const [what, prefix, options, expected] of STARTS) {
    const said = await refusal(left, prefix, ...options);
    assert.match(said, /^iked: error: [^\n]+\n$/, what);
    assert.match(said, expected, `${what}: ${said}`);
    assert.equal(await state(), before, what);
  }
  const fd = left.host.run(() =>
    openSocket(libc, { kind: "udp", family: 6, local: { address: parseAddress("::")!, port: 4500 } })
  );
  assert.match(
    await refusal(left, []),
    /^iked: error: Cannot bind UDP \[::\]:4500: address already in use \(EADDRINUSE\): another IKE daemon [^\n]*\n$/,
  );
  libc.c.close(fd);
  await left.start();
}, noIproute);

hostTest("iked: a configuration file that cannot be taken is one line that says why", async (libc) => {
  await using sites = new Sites(libc);
  const { left } = sites;
  configure(sites);
  const said = (expected: RegExp, prefix: readonly string[] = []) =>
    refusal(left, prefix).then((text) => {
      assert.match(text, expected);
      assert.match(text, new RegExp(`^${RegExp.escape(left.file)}[^\n]*\n$`));
    });
  for (const mode of [0o644, 0o620, 0o604]) {
    Deno.chmodSync(left.file, mode);
    await said(/: error: cannot use this file: .*mode/);
  }
  Deno.chmodSync(left.file, 0o600);
  Deno.chownSync(left.file, 65_534, 65_534);
  await said(/: error: cannot use this file: it belongs to uid 65534, not to root or the caller/);
  await said(/: error: cannot use this file: permission denied/, without("dac_override", "dac_read_search"));
  Deno.removeSync(left.file);
  await said(/: error: cannot use this file: there is no such file/);
  Deno.mkdirSync(left.file);
  await said(/: error: cannot use this file: it is a directory/);
});

/** Sends one datagram or raw ESP packet from the right gateway to the left one. */
function send(libc: Libc, sites: Sites, to: { port: number } | "esp", octets: Uint8Array): void {
  sites.right.host.run(() => {
    const raw = to === "esp";
    const fd = openSocket(libc, { kind: raw ? "esp" : "udp", family: 4 });
    const tx = new SendBatch(libc, { slots: 1 });
    const remote = { address: parseAddress("192.0.2.1")!, port: raw ? 0 : to.port };
    tx.push(sendPath(libc, undefined, remote, raw), 0, octets);
    let failed = 0;
    tx.flush(fd, (errno) => failed = errno);
    libc.c.close(fd);
    assert.equal(failed, 0);
  });
}

hostTest("iked: datagrams of any length and ESP of nobody's change nothing but counters", async (libc) => {
  await using sites = new Sites(libc);
  const { left } = sites;
  configure(sites);
  await bringUp(sites);
  const [before] = await left.sas();
  const garbage = (length: number) => new Uint8Array(length).fill(0xa5);
  for (const port of [500, 4500]) {
    for (const length of [0, 1, 7, 28, 1400, 65_507]) send(libc, sites, { port }, garbage(length));
    // With a marker of 4 zero octets, and with an IKE header that promises more than there is.
    send(libc, sites, { port }, new Uint8Array(65_507));
    send(libc, sites, { port }, new Uint8Array(4));
  }
  for (const length of [1, 7, 8, 1400]) send(libc, sites, "esp", garbage(length));
  const spi = new DataView(new ArrayBuffer(64));
  spi.setUint32(0, parseInt(before!.children[0]!.spiIn, 16));
  spi.setUint32(4, 1_000);
  send(libc, sites, "esp", new Uint8Array(spi.buffer));

  // On 4500: 1, 7 and 4 octets, 28, 1400 and 65,507; as protocol 50: 1 and 7, 8 and 1400, and one with a good SPI.
  const expected = { malformedEsp: 5, unknownSpi: 5, forged: 1 };
  let counted: Record<string, number | undefined> = {};
  for (let tries = 0; tries < 500 && counted["forged"] !== 1; tries++) {
    const { malformedEsp, unknownSpi, forged } = await left.drops();
    counted = { malformedEsp, unknownSpi, forged };
  }
  assert.deepEqual(counted, expected);
  const [after] = await left.sas();
  assert.deepEqual([after!.spiI, after!.children.length], [before!.spiI, 1]);
  assert.equal(await ping(sites.leftLan, "10.2.0.2", 3), 3);
  assert.doesNotMatch(left.daemon.log, /: error: /);
}, noPing);
