/** Our executable on the kernel's IPsec by PF_KEY (`-K pfkey`) with peers on theirs. Runs in the lab's VM. */
import assert from "node:assert/strict";
import { Iked } from "../interop/iked.ts";
import { IKED, must, ping, run, Wire } from "../interop/lab.ts";
import { noteShown } from "../interop/shown.ts";
import { LEFT, PATHS, RIGHT } from "../interop/suites.ts";
import { assertCarries, assertRekeys, peerBegins, stopsClean, weInitiate } from "./carries.ts";
import { type Kind, nameOf, policyOf, startKind } from "./modes.ts";
import { kernelTest, VERSIONS } from "./peers.ts";
import { tables } from "./tables.ts";

const IPV4 = PATHS[0]!, IPV6 = PATHS[1]!, NAT = PATHS[2]!;
const NETS6 = ["fd01::/64", "fd02::/64"] as const;
const TUNNEL: Kind = { protocol: "ESP", mode: "tunnel", auth: "hmac-sha2-512", esn: false };

const MODPROBE = "/proc/sys/kernel/modprobe";

/**
 * Whoever registers with PF_KEY, or adds an SA by it, has Linux look for every algorithm that it knows a name of, and
 * ask modprobe for those that are not there: half a minute in the lab's VM. So modprobe rests meanwhile.
 */
async function loadModules(namespace: string): Promise<void> {
  const state = (...words: string[]) => must("ip", "-n", namespace, "xfrm", "state", ...words);
  const key = (octets: number) => `0x${"2a".repeat(octets)}`;
  for (const [name, length, bits] of [["hmac(sha1)", 20, 96], ["hmac(sha512)", 64, 256]] as const) {
    const mac = ["auth-trunc", name, key(length), `${bits}`], cipher = ["enc", "cbc(aes)", key(32)];
    for (const [source, destination] of [["127.0.0.1", "127.0.0.2"], ["::1", "::2"]] as const) {
      for (const [protocol, algorithms] of [["esp", [...mac, ...cipher]], ["ah", mac]] as const) {
        const name = ["src", source, "dst", destination, "proto", protocol, "spi", "0x1000"];
        await state("add", ...name, "mode", "tunnel", ...algorithms);
        await state("delete", ...name);
      }
    }
  }
}

let loaded: Promise<void> | undefined;

function pfkeyTest(extent: "slice" | "matrix", name: string, fn: () => Promise<void>): void {
  kernelTest(extent, name, async () => {
    loaded ??= (async () => {
      // The NAT has modules, too.
      await using wire = await Wire.create("", "nat");
      await loadModules(wire.left);
    })();
    await loaded;
    const modprobe = await Deno.readTextFile(MODPROBE);
    await Deno.writeTextFile(MODPROBE, "\n");
    try {
      await fn();
    } finally {
      await Deno.writeTextFile(MODPROBE, modprobe);
    }
  });
}

/** The kinds that the interface has words for. By PF_KEY Linux pads AH with sha2-512 over IPv4 as no other does. */
const KINDS = (["tunnel", "transport"] as const).flatMap((mode) =>
  (["ESP", "AH"] as const).flatMap((protocol) =>
    (["hmac-sha1", "hmac-sha2-512"] as const).flatMap((auth) =>
      [IPV4, IPV6]
        .filter((path) => protocol === "ESP" || auth === "hmac-sha1" || path === IPV6)
        .map((path) => ({
          path,
          kind: {
            protocol,
            mode,
            auth,
            esn: false as const,
            ...(path === IPV6 && mode === "tunnel" ? { nets: NETS6 } : {}),
          },
        }))
    )
  )
);

// Each kind with each peer; who begins takes turns, so that each peer has been in both roles with most of them.
for (const [turn, peer] of ["strongSwan", "OpenIKED", "libreswan"].entries()) {
  for (const [at, { kind, path }] of KINDS.entries()) {
    const begins = (turn + at) % 2 === 0;
    const name = `pfkey: ${nameOf(kind)} over ${path.name}, with ${peer}, ${
      begins ? "we initiate" : "which initiates"
    }`;
    pfkeyTest(
      "matrix",
      name,
      async () => await (begins ? weInitiate : peerBegins)("pfkey", peer, kind, path),
    );
  }
}

pfkeyTest("slice", "pfkey: a tunnel with OpenIKED, PF_KEY on both ends", async () => {
  await weInitiate("pfkey", "OpenIKED", TUNNEL, IPV4);
});

pfkeyTest("matrix", "pfkey: a tunnel through NAT, ESP in UDP", async () => {
  await weInitiate("pfkey", "strongSwan", TUNNEL, NAT);
});

pfkeyTest("matrix", "pfkey: rekeys by either side lose no ping", async () => {
  await assertRekeys("pfkey", TUNNEL, IPV4);
});

pfkeyTest(
  "matrix",
  "pfkey: a passive policy is negotiated on the kernel's ACQUIRE; nothing goes in clear before",
  async () => {
    await using wire = await Wire.create("", "direct");
    await using _peer = await startKind("strongSwan", wire.right, "right", TUNNEL, IPV4);
    const conf = policyOf("left", TUNNEL, IPV4).replace(" active ", " passive ");
    await using iked = await Iked.start(wire.left, conf, "-K", "pfkey");
    assert.match((await tables(wire.left)).policies, /dir out priority/);
    assert.equal(await ping(wire.left, LEFT.host, RIGHT.host, 1), 0);
    await iked.process.line(/child-up/);
    await assertCarries(wire, iked, wire.left, TUNNEL, IPV4);
    await stopsClean(iked, wire.left);
  },
);

for (const peer of ["strongSwan", "OpenIKED", "libreswan"]) {
  pfkeyTest(
    "matrix",
    `pfkey: a kill -9 lets nothing out in clear; the next start takes the tables over, strangers stay, with ${peer}`,
    async () => {
      await using wire = await Wire.create("", "direct");
      await using _peer = await startKind(peer, wire.right, "right", TUNNEL, IPV4);
      const ends = ["src", "203.0.113.1", "dst", "203.0.113.2"];
      const policy = [...ends, "dir", "out", "action", "block"];
      const keys = ["auth-trunc", "hmac(sha1)", `0x${"2a".repeat(20)}`, "96", "enc", "ecb(cipher_null)", ""];
      // In the range of our reqids, but without our mark.
      const state = [...ends, "proto", "esp", "spi", "0x1000", "reqid", `${0x3000}`, "mode", "tunnel"];
      await must("ip", "-n", wire.left, "xfrm", "policy", "add", ...policy);
      await must("ip", "-n", wire.left, "xfrm", "state", "add", ...state, ...keys);
      const before = await tables(wire.left);
      const conf = policyOf("left", TUNNEL, IPV4);
      {
        await using iked = await Iked.start(wire.left, conf, "-K", "pfkey");
        await iked.process.line(/child-up/);
        await iked.process.stop("SIGKILL");
      }
      assert.match((await tables(wire.left)).policies, /10\.2\.0\.0\/16/);
      await using iked = await Iked.start(wire.left, conf, "-K", "pfkey");
      await iked.process.line(/child-up/);
      await assertCarries(wire, iked, wire.left, TUNNEL, IPV4);
      assert.equal((await tables(wire.left)).states.match(/^src /gm)!.length, 3);
      await noteShown(iked, VERSIONS[peer]!);
      assert.equal((await iked.process.stop()).code, 0);
      assert.deepEqual(await tables(wire.left), before);
    },
  );
}

/** What the interface has no word for, and the reason that a start gives. */
const REFUSED: readonly (readonly [policy: string, reason: RegExp, place?: RegExp])[] = [
  [policyOf("left", { ...TUNNEL, auth: "hmac-sha2-256" }, IPV4), /cuts hmac\(sha256\) to 96 bits/],
  [
    policyOf("left", TUNNEL, IPV4).replace(/childsa .*/, "childsa enc aes-256-gcm noesn \\"),
    /no combined-mode/,
  ],
  [policyOf("left", TUNNEL, IPV4).replace("noesn", "esn"), /no extended sequence numbers/],
  [policyOf("left", { ...TUNNEL, protocol: "AH" }, IPV4), /pads AH over IPv4/],
  // The families of a flow are looked at where its policy would be installed.
  [policyOf("left", TUNNEL, IPV6), /no IPv4 in IPv6/, /policy/],
];

pfkeyTest(
  "matrix",
  "pfkey: what PF_KEY has no word for is refused at start, with file and line",
  async () => {
    await using wire = await Wire.create("", "direct");
    for (const [policy, reason, place = /iked\.conf:1:1: error: the data path pfkey cannot do/] of REFUSED) {
      const folder = await Deno.makeTempDir({ prefix: "iked-pfkey-" });
      const file = `${folder}/iked.conf`;
      await Deno.writeTextFile(file, policy, { mode: 0o600 });
      const words = ["-d", "-f", file, "--socket", `${folder}/s`, "-K", "pfkey"];
      const { code, stderr } = await run("ip", "netns", "exec", wire.left, IKED, ...words);
      assert.equal(code, 1, stderr);
      assert.match(stderr, reason);
      assert.match(stderr, place);
      assert.deepEqual(await tables(wire.left), { states: "", policies: "" });
      await Deno.remove(folder, { recursive: true });
    }
  },
);
