import assert from "node:assert/strict";
import { KernelEvents, Netlink } from "../../ffi/libc/mod.ts";
import {
  deletePolicy,
  flushPolicies,
  newPolicy,
  parseDeletedPolicy,
  parsePolicy,
  XFRM_GROUP,
  XFRM_MSG,
} from "../../src/datapath/xfrm/mod.ts";
import type { KernelPolicy } from "../../src/datapath/kernel/mod.ts";
import { Host, hostTest } from "./namespaces.ts";

const SOL_SOCKET = 1, SO_RCVBUF = 8;

/** Holds back what goes to a host. */
function block(host: number): KernelPolicy {
  const none = { port: 0, mask: 0 };
  const at = (value: bigint, length: number) => ({ address: { family: 4, value }, length }) as const;
  return {
    selector: {
      family: 4,
      source: at(0n, 0),
      destination: at(0xc000_0200n + BigInt(host), 32),
      protocol: 0,
      sourcePort: none,
      destinationPort: none,
    },
    direction: "out",
    action: "block",
    priority: 1,
    templates: [],
  };
}

hostTest("News of the kernel's IPsec: of the kinds that were asked for, and no other is queued", (libc) => {
  const host = new Host(libc);
  const xfrm = host.run(() => new Netlink(libc, "xfrm"));
  const types = [XFRM_MSG.DELPOLICY, XFRM_MSG.FLUSHPOLICY];
  const news = host.run(() => new KernelEvents(libc, XFRM_GROUP.policy | XFRM_GROUP.sa, types));
  const all = host.run(() => new KernelEvents(libc, XFRM_GROUP.policy, [XFRM_MSG.NEWPOLICY]));
  const kinds: number[] = [], made: unknown[] = [];
  assert.equal(news.drain(() => assert.fail("there is none")), false);
  xfrm.require(newPolicy(block(1)), "install a policy");
  xfrm.require(newPolicy(block(2)), "install a policy");
  xfrm.require(deletePolicy(block(1)), "remove a policy");
  xfrm.require(flushPolicies(), "remove all policies");
  assert.equal(
    news.drain((message) => {
      kinds.push(message.type);
      if (message.type !== XFRM_MSG.DELPOLICY) return;
      assert.deepEqual(parseDeletedPolicy(message), { selector: block(1).selector, direction: "out" });
    }),
    false,
  );
  assert.deepEqual(kinds, types);
  assert.equal(all.drain((message) => made.push(parsePolicy(message)?.priority)), false);
  assert.deepEqual(made, [1, 1]);
  for (const one of [xfrm, news, all, host]) one.close();
});

hostTest(
  "News of the kernel's IPsec: what a full queue lost is told, once, and later news come again",
  (libc) => {
    const host = new Host(libc);
    const xfrm = host.run(() => new Netlink(libc, "xfrm"));
    const news = host.run(() =>
      new KernelEvents(libc, XFRM_GROUP.policy, [XFRM_MSG.NEWPOLICY, XFRM_MSG.DELPOLICY])
    );
    // The least that the kernel allows: a few messages.
    assert.equal(libc.c.setsockopt(news.fd, SOL_SOCKET, SO_RCVBUF, new Int32Array([1]), 4), 0);
    for (let at = 0; at < 200; at++) xfrm.require(newPolicy(block(at)), "install a policy");
    let count = 0;
    assert.equal(news.drain(() => count++), true);
    assert.ok(count < 200, `${count}`);
    assert.equal(news.drain(() => assert.fail("there is none")), false);
    xfrm.require(deletePolicy(block(7)), "remove a policy");
    const later: number[] = [];
    assert.equal(news.drain(({ type }) => later.push(type)), false);
    assert.deepEqual(later, [XFRM_MSG.DELPOLICY]);
    for (const one of [xfrm, news, host]) one.close();
  },
);
