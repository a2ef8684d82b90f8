/** The example "big test" of iked.conf(5), word for word, with a peer on the kernel's IPsec. Runs in the lab's VM. */
import assert from "node:assert/strict";
import { Iked } from "../interop/iked.ts";
import { must, tcp, Wire } from "../interop/lab.ts";
import { StrongSwan } from "../interop/peers.ts";
import { kernelTest } from "./peers.ts";

const BIG_TEST = `ikev2 "big test" \\
  esp proto tcp \\
  from 10.0.0.0/8 port 23 to 20.0.0.0/8 port 40 \\
  from 192.168.1.1 to 192.168.2.2 \\
  peer any local any \\
  ikesa enc 3des auth hmac-sha1 group modp1024 \\
  childsa enc aes-128 auth hmac-sha1 \\
  srcid host.example.com \\
  dstid 192.168.0.254 \\
  psk "foobar"
`;

const MIRRORED = `ikev2 "mirrored" active \\
  esp proto tcp \\
  from 20.0.0.0/8 port 40 to 10.0.0.0/8 port 23 \\
  from 192.168.2.2 to 192.168.1.1 \\
  peer 192.0.2.1 local 192.0.2.2 \\
  ikesa enc 3des auth hmac-sha1 group modp1024 \\
  childsa enc aes-128 auth hmac-sha1 \\
  srcid 192.168.0.254 \\
  dstid host.example.com \\
  psk "foobar"
`;

const STRONGSWAN = `connections { mirrored {
  version = 2
  local_addrs = 192.0.2.2
  remote_addrs = 192.0.2.1
  proposals = 3des-sha1-modp1024
  mobike = no
  local { auth = psk
    id = 192.168.0.254 }
  remote { auth = psk
    id = host.example.com }
  children { net { local_ts = 20.0.0.0/8[tcp/40],192.168.2.2[tcp]
    remote_ts = 10.0.0.0/8[tcp/23],192.168.1.1[tcp]
    esp_proposals = aes128-sha1 } }
} }
secrets { ike-big { id-1 = host.example.com
  id-2 = 192.168.0.254
  secret = "foobar" } }
`;

/** Two sites with the addresses of the example; what leads from one to the other ends at nobody unless it is protected. */
async function sites(): Promise<Wire> {
  const wire = await Wire.create("", "direct");
  const give = async (namespace: string, addresses: readonly string[], away: readonly string[]) => {
    for (const one of addresses) await must("ip", "-n", namespace, "addr", "add", one, "dev", "lan");
    for (const one of away) await must("ip", "-n", namespace, "route", "add", one, "via", "192.0.2.254");
  };
  await give(wire.left, ["192.168.1.1/32"], ["20.0.0.0/8", "192.168.2.2/32"]);
  await give(wire.right, ["20.0.0.1/32", "192.168.2.2/32"], ["192.168.1.1/32"]);
  return wire;
}

/** Telnet's port from port 40, as the first flow has it; any ports, both ways, on the second; nothing else. */
async function assertCarries(wire: Wire, iked: Iked): Promise<void> {
  const { left, right } = wire;
  await tcp(right, left, "20.0.0.1", "10.1.0.1", 100_000, { source: 40, target: 23 });
  await tcp(left, right, "10.1.0.1", "20.0.0.1", 100_000, { source: 23, target: 40 });
  await tcp(right, left, "192.168.2.2", "192.168.1.1", 100_000);
  await tcp(left, right, "192.168.1.1", "192.168.2.2", 100_000);
  const [sa] = (await iked.ctl("show", "sa")).ikeSas;
  assert.deepEqual([sa.encr, sa.integ, sa.ke], ["ENCR_3DES", "AUTH_HMAC_SHA1_96", "1024-bit MODP Group"]);
  const [child] = sa.children;
  assert.deepEqual([child.encr, child.keyLength, child.integ], ["ENCR_AES_CBC", 128, "AUTH_HMAC_SHA1_96"]);
  assert.deepEqual(child.tsLocal, ["10.0.0.0/8[tcp/23]", "192.168.1.1[tcp]"]);
  assert.deepEqual(child.tsRemote, ["20.0.0.0/8[tcp/40]", "192.168.2.2[tcp]"]);
  assert.ok(child.bytesIn > 200_000 && child.bytesOut > 200_000, JSON.stringify(child));
}

kernelTest("matrix", `xfrm: the man page's "big test" carries both its flows, with strongSwan`, async () => {
  await using wire = await sites();
  await using iked = await Iked.start(wire.left, BIG_TEST, "-K", "xfrm");
  await using peer = await StrongSwan.start(wire.right, "kernel");
  await peer.load(STRONGSWAN);
  await peer.inside("swanctl", "--initiate", "--child", "net", "--timeout", "30");
  await iked.process.line(/child-up/);
  await assertCarries(wire, iked);
});

kernelTest(
  "matrix",
  `xfrm: the man page's "big test" carries both its flows, with its mirror image`,
  async () => {
    await using wire = await sites();
    await using iked = await Iked.start(wire.left, BIG_TEST, "-K", "xfrm");
    await using other = await Iked.start(wire.right, MIRRORED, "-K", "xfrm");
    await other.process.line(/child-up/);
    await assertCarries(wire, iked);
  },
);
