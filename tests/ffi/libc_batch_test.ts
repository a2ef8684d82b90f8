import assert from "node:assert/strict";
import {
  decodeSockaddr,
  encodeSockaddr,
  ERRNO,
  type Libc,
  LibcError,
  localName,
  openLibc,
  openSocket,
  Poller,
  POLLIN,
  ReceiveBatch,
  SendBatch,
  sendPath,
} from "../../ffi/libc/mod.ts";
import { type Endpoint, formatAddress, formatEndpoint, parseAddress } from "../../src/ip/mod.ts";
import { libcTest } from "./support.ts";

const at = (text: string, port: number): Endpoint => ({ address: parseAddress(text)!, port });

function bound(libc: Libc, address: string, gro = false): { fd: number; name: Endpoint } {
  const local = at(address, 0);
  const fd = openSocket(libc, { kind: "udp", family: local.address.family, local, gro });
  return { fd, name: localName(libc, fd)! };
}

async function received(libc: Libc, fd: number, batch: ReceiveBatch): Promise<number> {
  const poller = new Poller(libc);
  poller.watch(fd, POLLIN);
  await poller.wait(5000);
  poller.close();
  return batch.receive(fd);
}

for (const [family, here, other] of [[4, "127.0.0.1", "127.0.0.2"], [6, "::1", "::1"]] as const) {
  libcTest(
    `IPv${family}: source address and TOS chosen by the sender arrive, with the address sent to`,
    async (path) => {
      const libc = openLibc(path);
      const a = bound(libc, family === 4 ? "0.0.0.0" : "::"), b = bound(libc, here);
      const tx = new SendBatch(libc, { slots: 4, slotLength: 2048 });
      const rx = new ReceiveBatch(libc, { slots: 4, slotLength: 2048 });
      const to = sendPath(libc, at(other, 0).address, b.name);
      assert.ok(tx.push(to, 0x2e, new Uint8Array(4), new Uint8Array([1, 2, 3])));
      assert.ok(tx.push(to, 0, new Uint8Array([9])));
      assert.equal(tx.pending, 2);
      assert.equal(tx.flush(a.fd), 0);
      assert.equal(await received(libc, b.fd, rx), 2);
      const from = rx.remote(0)!;
      assert.equal(formatEndpoint(from), formatEndpoint({ ...at(other, 0), port: a.name.port }));
      assert.equal(formatAddress(rx.local(0)!), here);
      assert.equal(rx.tos(0), 0x2e);
      assert.equal(rx.tos(1), 0);
      assert.deepEqual([...rx.copy(0)], [0, 0, 0, 0, 1, 2, 3]);
      assert.deepEqual([...rx.copy(0, 4)], [1, 2, 3]);
      assert.equal(rx.length(1), 1);
      assert.ok(rx.isFrom(0, encodeSockaddr(from)));
      assert.ok(!rx.isFrom(0, encodeSockaddr({ ...from, port: from.port ^ 1 })));
      assert.ok(!rx.isFrom(0, encodeSockaddr(at(family === 4 ? "127.0.0.3" : "::2", from.port))));
      assert.equal(rx.receive(b.fd), 0);
      for (const { fd } of [a, b]) libc.c.close(fd);
      libc.close();
    },
  );
}

libcTest("A message of equal datagrams is cut by UDP_SEGMENT and joined again by UDP_GRO", async (path) => {
  const libc = openLibc(path);
  const a = bound(libc, "127.0.0.1"), b = bound(libc, "127.0.0.1", true);
  const tx = new SendBatch(libc), rx = new ReceiveBatch(libc);
  for (let i = 0; i < 2500; i++) tx.data[tx.at + i] = i & 255;
  tx.commit(2500, sendPath(libc, undefined, b.name), 0, 1000);
  assert.equal(tx.flush(a.fd), 0);
  const whole: number[] = [];
  while (whole.length < 2500) {
    const count = await received(libc, b.fd, rx);
    assert.ok(count > 0);
    for (let i = 0; i < count; i++) {
      assert.ok(rx.segment(i) === 1000 || rx.segment(i) === rx.length(i));
      whole.push(...rx.copy(i));
    }
  }
  assert.deepEqual(whole, Array.from({ length: 2500 }, (_, i) => i & 255));
  for (const { fd } of [a, b]) libc.c.close(fd);
  libc.close();
});

libcTest(
  "Datagrams of 0 and of 65507 octets pass; one too long for its slot comes as empty",
  async (path) => {
    const libc = openLibc(path);
    const a = bound(libc, "127.0.0.1"), b = bound(libc, "127.0.0.1");
    const tx = new SendBatch(libc), rx = new ReceiveBatch(libc);
    const small = new ReceiveBatch(libc, { slots: 2, slotLength: 16 });
    const to = sendPath(libc, undefined, b.name);
    tx.push(to, 0);
    tx.push(to, 0, new Uint8Array(65507).fill(7));
    assert.equal(tx.flush(a.fd), 0);
    assert.equal(await received(libc, b.fd, rx), 2);
    assert.deepEqual([rx.length(0), rx.length(1)], [0, 65507]);
    tx.push(to, 0, new Uint8Array(17));
    tx.push(to, 0, new Uint8Array(16));
    tx.flush(a.fd);
    assert.equal(await received(libc, b.fd, small), 2);
    assert.deepEqual([small.length(0), small.length(1)], [0, 16]);
    for (const { fd } of [a, b]) libc.c.close(fd);
    libc.close();
  },
);

libcTest("A refused message is reported, the ones behind it are sent", async (path) => {
  const libc = openLibc(path);
  const a = bound(libc, "127.0.0.1"), b = bound(libc, "127.0.0.1");
  const tx = new SendBatch(libc, { slots: 3 }), rx = new ReceiveBatch(libc);
  const good = sendPath(libc, undefined, b.name), bad = sendPath(libc, at("192.0.2.1", 0).address, b.name);
  tx.push(bad, 0, new Uint8Array(1));
  tx.push(good, 0, new Uint8Array(65508));
  tx.push(good, 0, new Uint8Array(3));
  assert.ok(tx.full);
  const failures: (readonly [errno: number, datagrams: number])[] = [];
  assert.equal(tx.flush(a.fd, (errno, _path, datagrams) => failures.push([errno, datagrams])), 0);
  assert.equal(failures.length, 2);
  assert.deepEqual(failures[1], [ERRNO.EMSGSIZE, 1]);
  assert.equal(await received(libc, b.fd, rx), 1);
  assert.equal(rx.length(0), 3);
  for (const { fd } of [a, b]) libc.c.close(fd);
  libc.close();
});

libcTest("What is discarded or refused is counted in datagrams, not in messages", (path) => {
  const libc = openLibc(path);
  const a = bound(libc, "127.0.0.1"), b = bound(libc, "127.0.0.1");
  const tx = new SendBatch(libc, { slots: 3 });
  const good = sendPath(libc, undefined, b.name), bad = sendPath(libc, at("192.0.2.1", 0).address, b.name);
  tx.commit(2500, good, 0, 1000);
  tx.push(good, 0);
  tx.push(good, 0, new Uint8Array(3));
  assert.equal(tx.discard(), 5);
  assert.equal(tx.discard(), 0);
  tx.commit(2500, bad, 0, 1000);
  const lost: number[] = [];
  assert.equal(tx.flush(a.fd, (_errno, _path, datagrams) => lost.push(datagrams)), 0);
  assert.deepEqual(lost, [3]);
  for (const { fd } of [a, b]) libc.c.close(fd);
  libc.close();
});

libcTest("A port in use is a LibcError that says so", (path) => {
  const libc = openLibc(path);
  const { fd, name } = bound(libc, "127.0.0.1");
  assert.throws(
    () => openSocket(libc, { kind: "udp", family: 4, local: name }),
    (error) =>
      error instanceof LibcError && error.code === "EADDRINUSE" &&
      error.message === `Cannot bind UDP ${formatEndpoint(name)}: address already in use (EADDRINUSE)`,
  );
  libc.c.close(fd);
  libc.close();
});

Deno.test("Socket addresses have the layout of the kernel", () => {
  const v4 = encodeSockaddr(at("192.0.2.1", 500));
  assert.deepEqual([...v4.subarray(0, 8)], [2, 0, 1, 0xf4, 192, 0, 2, 1]);
  assert.equal(v4.length, 16);
  const v6 = encodeSockaddr(at("2001:db8::1", 4500), 3);
  assert.deepEqual([...v6], [
    10,
    0,
    0x11,
    0x94,
    0,
    0,
    0,
    0,
    0x20,
    1,
    0xd,
    0xb8,
    ...new Array(11).fill(0),
    1,
    3,
    0,
    0,
    0,
  ]);
  assert.deepEqual(decodeSockaddr(new DataView(v6.buffer), 0), at("2001:db8::1", 4500));
  assert.equal(decodeSockaddr(new DataView(new ArrayBuffer(28)), 0), undefined);
});
