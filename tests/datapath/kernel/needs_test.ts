import assert from "node:assert/strict";
import type { ChildNeed } from "../../../src/datapath/need.ts";
import { probeKernel } from "../../../src/datapath/kernel/mod.ts";
import { XfrmPort } from "../../../src/datapath/xfrm/mod.ts";
import { ENCR, INTEG } from "../../../src/wire/registry.ts";
import { FakeKernel } from "../xfrm/fake_kernel.ts";

const EAFNOSUPPORT = 97, ENOSYS = 38, EPERM = 1, EPROTONOSUPPORT = 93;
/** Requests of the probe of one need: a leftover is removed, the SA made and removed. */
const ADDS = 1, OF_A_NEED = 3;

const GCM: ChildNeed = {
  suite: { protocol: 3, encr: { id: ENCR.ENCR_AES_GCM_16, keyBits: 256 }, esn: true },
  family: 4,
};
const CBC: ChildNeed = {
  suite: {
    protocol: 3,
    encr: { id: ENCR.ENCR_AES_CBC, keyBits: 128 },
    integ: INTEG.AUTH_HMAC_SHA2_512_256,
    esn: false,
  },
  family: 6,
};
const AH: ChildNeed = { suite: { protocol: 2, integ: INTEG.AUTH_HMAC_SHA1_96, esn: false }, family: 4 };

const keys: Uint8Array[] = [];
function probe(kernel: FakeKernel, ...needs: ChildNeed[]) {
  const random = (length: number) => {
    keys.push(new Uint8Array(length).fill(7));
    return keys.at(-1)!;
  };
  const lack = probeKernel(new XfrmPort(kernel), needs, random);
  assert.equal(kernel.sas.size, 0, "an SA of the probe is left");
  assert.ok(keys.every((key) => key.every((octet) => octet === 0)), "a key of the probe is left");
  return lack;
}

Deno.test("probeKernel: a kernel that takes every SA lacks nothing, asked for nothing it is asked for ESP", () => {
  const kernel = new FakeKernel();
  assert.equal(probe(kernel, GCM, CBC, AH), undefined);
  assert.equal(kernel.asked.length, 3 * OF_A_NEED);
  const idle = new FakeKernel();
  assert.equal(probe(idle), undefined);
  assert.equal(idle.asked.length, OF_A_NEED);
});

Deno.test("probeKernel: what an earlier probe left does not make the kernel unable", () => {
  const kernel = new FakeKernel();
  kernel.failing = { after: ADDS + 1, errno: EPERM };
  probeKernel(new XfrmPort(kernel), [GCM], (length) => new Uint8Array(length));
  assert.equal(kernel.sas.size, 1, "the SA could not be removed");
  assert.equal(probe(kernel, GCM), undefined);
});

Deno.test("probeKernel: the second need that is refused is named with its place in the list and what to load", () => {
  const kernel = new FakeKernel();
  kernel.failing = { after: OF_A_NEED + ADDS, errno: ENOSYS };
  const lack = probe(kernel, GCM, CBC, AH);
  assert.equal(lack?.at, 1);
  assert.match(
    lack!.message,
    /^Cannot install an IPsec SA: .*\(ENOSYS\).*the kernel lacks an algorithm: .*sha512/,
  );
});

Deno.test("probeKernel: an algorithm that has no name in the kernel is a lack, and nothing is asked for it", () => {
  const kernel = new FakeKernel();
  const lack = probe(kernel, { suite: { protocol: 3, encr: { id: 12345 }, esn: false }, family: 4 });
  assert.match(lack!.message, /no name for encryption algorithm 12345/);
});

Deno.test("probeKernel: without ESP or AH the message names that, though the algorithm was refused first", () => {
  for (const [need, protocol] of [[GCM, "ESP"], [AH, "AH"]] as const) {
    const kernel = new FakeKernel();
    const request = kernel.request.bind(kernel);
    // As Linux: an unknown algorithm comes before an unknown protocol.
    let adds = 0;
    kernel.request = (one, action) => {
      if (action === "install an IPsec SA") {
        kernel.failing = { after: 0, errno: adds++ === 0 ? ENOSYS : EPROTONOSUPPORT };
      }
      return request(one, action);
    };
    assert.match(probe(kernel, need)!.message, new RegExp(`the kernel lacks ${protocol}: load the module`));
  }
});

Deno.test("probeKernel: a kernel without IPv6 can do without it; a host without IPv4 cannot", () => {
  const six = new FakeKernel();
  six.failing = { after: OF_A_NEED + ADDS, errno: EAFNOSUPPORT };
  assert.equal(probe(six, GCM, CBC, AH), undefined);
  const four = new FakeKernel();
  four.failing = { after: ADDS, errno: EAFNOSUPPORT };
  assert.equal(probe(four, GCM)?.at, 0);
});
