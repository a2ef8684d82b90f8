/**
 * AH (RFC 4302) and transport mode (RFC 7296 §1.3.1, §2.23.1) on the kernel's IPsec with peers on theirs. Runs in the
 * lab's VM.
 */
import assert from "node:assert/strict";
import { Iked } from "../interop/iked.ts";
import { Wire } from "../interop/lab.ts";
import { PATHS } from "../interop/suites.ts";
import { assertRekeys, peerBegins, weInitiate } from "./carries.ts";
import { type Kind, nameOf, policyOf, startKind } from "./modes.ts";
import { kernelTest } from "./peers.ts";
import { tables } from "./tables.ts";

const IPV4 = PATHS[0]!, IPV6 = PATHS[1]!, NAT = PATHS[2]!;

const AH_TRANSPORT: Kind = { protocol: "AH", mode: "transport" };
const ESP_TRANSPORT: Kind = { protocol: "ESP", mode: "transport" };

for (const peer of ["strongSwan", "OpenIKED", "libreswan"]) {
  for (const kind of [{ protocol: "AH", mode: "tunnel" } as const, AH_TRANSPORT, ESP_TRANSPORT]) {
    const slice = peer === "libreswan" && kind === AH_TRANSPORT;
    kernelTest(slice ? "slice" : "matrix", `modes: ${nameOf(kind)}, with ${peer}, we initiate`, async () => {
      await weInitiate("xfrm", peer, kind, IPV4);
    });
    kernelTest("matrix", `modes: ${nameOf(kind)}, with ${peer}, which initiates`, async () => {
      await peerBegins("xfrm", peer, kind, IPV4);
    });
  }
}

for (const kind of [{ protocol: "AH", mode: "tunnel" } as const, AH_TRANSPORT, ESP_TRANSPORT]) {
  kernelTest("matrix", `modes: ${nameOf(kind)} over IPv6, with strongSwan`, async () => {
    await weInitiate("xfrm", "strongSwan", { ...kind, auth: "hmac-sha2-256" }, IPV6);
  });
}

// The padding of RFC 4302 §3.3.3.2.1, which Linux does where it is asked to.
for (const auth of ["hmac-sha2-256", "hmac-sha2-512"] as const) {
  kernelTest("matrix", `modes: AH with ${auth} over IPv4, with libreswan`, async () => {
    await weInitiate("xfrm", "libreswan", { ...AH_TRANSPORT, auth }, IPV4);
  });
}

for (const [role, test] of [["we initiate", weInitiate], ["which initiates", peerBegins]] as const) {
  kernelTest("matrix", `modes: ESP in transport mode through NAT, with strongSwan, ${role}`, async () => {
    await test("xfrm", "strongSwan", ESP_TRANSPORT, NAT);
  });
}

kernelTest("matrix", "modes: AH through NAT fails with its reason before any AH", async () => {
  await using wire = await Wire.create("", "nat");
  const kind = { protocol: "AH", mode: "tunnel" } as const;
  await using _peer = await startKind("strongSwan", wire.right, "right", kind, NAT);
  await using iked = await Iked.start(wire.left, policyOf("left", kind, NAT), "-K", "xfrm");
  await iked.process.line(/reason=ah-nat/);
  assert.equal((await tables(wire.left)).states, "");
});

kernelTest("matrix", "modes: rekeys in transport mode by either side lose no ping", async () => {
  await assertRekeys("xfrm", ESP_TRANSPORT, IPV4);
});
