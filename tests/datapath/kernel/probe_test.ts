import assert from "node:assert/strict";
import type { ChildNeed } from "../../../src/datapath/need.ts";
import { probeKernel } from "../../../src/datapath/kernel/mod.ts";
import { XfrmPort } from "../../../src/datapath/xfrm/mod.ts";
import { FakeKernel } from "../xfrm/fake_kernel.ts";

const GCM: ChildNeed = { suite: { protocol: 3, encr: { id: 20, keyBits: 256 }, esn: true }, family: 4 };
const zeros = (length: number) => new Uint8Array(length);
const EPROTONOSUPPORT = 93, ENOSYS = 38;

/** Asks a kernel that refuses the SAs of a protocol's number with an errno. */
function ask(need: ChildNeed, refused?: { protocol: number; errno: number }) {
  const kernel = new FakeKernel();
  const request = kernel.request.bind(kernel);
  kernel.request = (message, action) => {
    const isNew = message.type === 0x10 && message.body[76] === refused?.protocol;
    if (isNew && refused !== undefined) kernel.failing = { after: 0, errno: refused.errno };
    return request(message, action);
  };
  const lack = probeKernel(new XfrmPort(kernel), [GCM, need], zeros);
  assert.equal(kernel.sas.size, 0, "nothing of the probe stays");
  return lack;
}

Deno.test("probe: a kernel with IPComp takes a configuration that compresses", () => {
  assert.equal(ask({ ...GCM, ipcomp: true }), undefined);
});

Deno.test("probe: a kernel without IPComp is told apart from one without its algorithm, and only where it is wanted", () => {
  const without = { protocol: 108, errno: EPROTONOSUPPORT };
  assert.equal(ask(GCM, without), undefined);
  const lack = ask({ ...GCM, ipcomp: true }, without);
  assert.equal(lack?.at, 1);
  assert.match(lack.message, /lacks IPComp: load the modules ipcomp and ipcomp6 \(CONFIG_INET_IPCOMP/);
  const algorithm = ask({ ...GCM, ipcomp: true }, { protocol: 108, errno: ENOSYS });
  assert.match(algorithm!.message, /load deflate: module deflate \(CONFIG_CRYPTO_DEFLATE\)/);
});

Deno.test("probe: a kernel without ESP says so, compressed or not", () => {
  const lack = ask({ ...GCM, ipcomp: true }, { protocol: 50, errno: EPROTONOSUPPORT });
  assert.match(lack!.message, /lacks ESP/);
});
