/** The answers of a kernel that are not as they should be: cut short, without an end, changed under way. */
import assert from "node:assert/strict";
import type { Libc } from "../../ffi/libc/mod.ts";
import { ERRNO, Netlink } from "../../ffi/libc/mod.ts";
import { concat } from "../../src/bytes/mod.ts";
import {
  NLM_F_ACK,
  NLM_F_DUMP,
  NLM_F_DUMP_INTR,
  NLM_F_MULTI,
  NLMSG_DONE,
  NLMSG_ERROR,
} from "../../src/datapath/rtnetlink/mod.ts";

const EAGAIN = 11, NEWSA = 0x10;
const DUMP = { type: 0x12, flags: NLM_F_DUMP, body: new Uint8Array(24) };
const ORDER = { type: 0x11, flags: NLM_F_ACK, body: new Uint8Array(24) };

function message(type: number, body: Uint8Array, flags = NLM_F_MULTI, sequence = 1): Uint8Array {
  const octets = new Uint8Array(16 + body.length);
  const view = new DataView(octets.buffer);
  view.setUint32(0, octets.length, true);
  view.setUint16(4, type, true);
  view.setUint16(6, flags, true);
  view.setUint32(8, sequence, true);
  octets.set(body, 16);
  return octets;
}

function outcome(type: number, errno: number, sequence = 1): Uint8Array {
  const body = new Uint8Array(20);
  new DataView(body.buffer).setInt32(0, -errno, true);
  return message(type, body, 0, sequence);
}

/** What recv gives, in turn: datagrams, or an errno; after the last one it waits in vain. */
function kernel(answers: readonly (Uint8Array | number)[]): { netlink: Netlink; sent: Uint8Array[] } {
  const left = [...answers], sent: Uint8Array[] = [];
  let errno = 0;
  const failed = (number: number) => {
    errno = number;
    return -1;
  };
  const c = {
    socket: () => 3,
    setsockopt: () => 0,
    close: () => 0,
    send: (_fd: number, octets: Uint8Array) => sent.push(octets.slice()),
    recv: (_fd: number, buffer: Uint8Array) => {
      const next = left.shift();
      if (next === undefined) return failed(EAGAIN);
      if (typeof next === "number") return failed(next);
      buffer.set(next.subarray(0, buffer.length));
      return next.length;
    },
  };
  const libc = { c, errno: () => errno, unwrap: (result: number) => result } as unknown as Libc;
  return { netlink: new Netlink(libc, "xfrm"), sent };
}

const ENTRY = message(NEWSA, new Uint8Array(224).fill(7));
const DONE = outcome(NLMSG_DONE, 0);

Deno.test("netlink: a list of several datagrams comes whole; answers to another request are passed over", () => {
  const stale = message(NEWSA, new Uint8Array(8), NLM_F_MULTI, 77);
  const { netlink } = kernel([stale, concat(ENTRY, ENTRY), ENTRY, DONE]);
  const answer = netlink.request(DUMP, "list IPsec SAs");
  assert.ok(answer.ok && answer.value.length === 3);
});

Deno.test("netlink: a list that is cut short anywhere is an error, never a shorter list", () => {
  const whole = concat(ENTRY, ENTRY);
  for (let length = 1; length < whole.length; length++) {
    if (length === ENTRY.length) continue;
    const { netlink } = kernel([whole.subarray(0, length), DONE]);
    const answer = netlink.request(DUMP, "list IPsec SAs");
    assert.ok(!answer.ok && answer.error.errno === ERRNO.EIO, `${length}`);
    assert.equal(
      answer.error.message,
      "Cannot list IPsec SAs: input/output error (EIO): the kernel's answer is cut short",
    );
  }
  for (const wrong of [0, 15, ENTRY.length + 1, 0xffff_ffff]) {
    const entry = ENTRY.slice();
    new DataView(entry.buffer).setUint32(0, wrong, true);
    assert.equal(kernel([entry, DONE]).netlink.request(DUMP, "list IPsec SAs").ok, false, `${wrong}`);
  }
  const huge = message(NEWSA, new Uint8Array(300 << 10));
  assert.equal(kernel([huge, DONE]).netlink.request(DUMP, "list IPsec SAs").ok, false);
});

Deno.test("netlink: a list without its end is an error once the kernel is silent", () => {
  for (const answers of [[], [ENTRY], [ENTRY, ENTRY]]) {
    const answer = kernel(answers).netlink.request(DUMP, "list IPsec SAs");
    assert.ok(!answer.ok && answer.error.errno === ERRNO.ETIMEDOUT);
  }
});

Deno.test("netlink: a list that changed under way, or overflowed, is asked for again, but not for ever", () => {
  const changed = [message(NEWSA, new Uint8Array(224), NLM_F_MULTI | NLM_F_DUMP_INTR), DONE];
  const of = (sequence: number) => (octets: Uint8Array) => {
    const copy = octets.slice();
    new DataView(copy.buffer).setUint32(8, sequence, true);
    return copy;
  };
  const second = kernel([...changed, of(2)(ENTRY), of(2)(DONE)]);
  const answer = second.netlink.request(DUMP, "list IPsec SAs");
  assert.ok(answer.ok && answer.value.length === 1 && second.sent.length === 2);
  const overflown = kernel([ERRNO.ENOBUFS, of(2)(ENTRY), of(2)(DONE)]);
  assert.equal(overflown.netlink.request(DUMP, "list IPsec SAs").ok, true);
  const never = kernel([1, 2, 3, 4, 5, 6, 7].flatMap((sequence) => changed.map(of(sequence))));
  const refused = never.netlink.request(DUMP, "list IPsec SAs");
  assert.ok(!refused.ok && refused.error.errno === ERRNO.EINTR && never.sent.length === 5);
  // An order is given once: it may have been carried out.
  const order = kernel([ERRNO.ENOBUFS]);
  assert.equal(order.netlink.request(ORDER, "remove an IPsec SA").ok, false);
  assert.equal(order.sent.length, 1);
});

Deno.test("netlink: a refusal, and one at the end of a list, carries its errno; EINTR of a signal is none", () => {
  const order = kernel([ERRNO.EINTR, outcome(NLMSG_ERROR, ERRNO.ESRCH)]);
  const refused = order.netlink.request(ORDER, "remove an IPsec SA");
  assert.ok(!refused.ok && refused.error.errno === ERRNO.ESRCH);
  const list = kernel([ENTRY, outcome(NLMSG_DONE, ERRNO.EPERM)]).netlink.request(DUMP, "list IPsec SAs");
  assert.ok(!list.ok && list.error.errno === ERRNO.EPERM);
  assert.equal(kernel([outcome(NLMSG_ERROR, 0)]).netlink.request(ORDER, "remove an IPsec SA").ok, true);
});
