import assert from "node:assert/strict";
import { cString, openLibc, Poller, POLLIN, POLLOUT } from "../../ffi/libc/mod.ts";
import { libcTest } from "./support.ts";

const O_NONBLOCK = 0x800;

libcTest(
  "A wait ends with the descriptor that has something, and serves other events meanwhile",
  async (path) => {
    const libc = openLibc(path);
    const ends = new Int32Array(2);
    libc.unwrap(libc.c.pipe2(ends, O_NONBLOCK), "make a pipe");
    const poller = new Poller(libc);
    const reader = poller.watch(ends[0]!, POLLIN), writer = poller.watch(ends[1]!, 0);
    assert.equal(poller.now(), 0);
    const waiting = poller.wait(-1);
    const channel = new MessageChannel();
    const served = new Promise<unknown>((resolve) =>
      channel.port2.onmessage = (event) => resolve(event.data)
    );
    channel.port1.postMessage("meanwhile");
    assert.equal(await served, "meanwhile");
    libc.c.write_buffer(ends[1]!, cString("x"), 1);
    assert.equal(await waiting, 1);
    assert.equal(reader.ready, POLLIN);
    assert.equal(writer.ready, 0);
    writer.events = POLLOUT;
    assert.equal(poller.now(), 2);
    assert.equal(writer.ready, POLLOUT);
    reader.stop();
    assert.equal(poller.now(), 1);
    assert.equal(reader.ready, 0);
    for (const port of [channel.port1, channel.port2]) port.close();
    poller.close();
    for (const fd of ends) libc.c.close(fd);
    libc.close();
  },
);

libcTest("Wake and close end a wait with nothing ready, and a time-out does", async (path) => {
  const libc = openLibc(path);
  const poller = new Poller(libc);
  assert.equal(await poller.wait(0), 0);
  poller.wake();
  assert.equal(await poller.wait(-1), 0);
  const waiting = poller.wait(-1);
  assert.throws(() => poller.now(), /under way/);
  poller.wake();
  assert.equal(await waiting, 0);
  const last = poller.wait(-1);
  poller.close();
  poller.close();
  assert.equal(await last, 0);
  await assert.rejects(poller.wait(0), /closed/);
  libc.close();
});

libcTest("Watches may outgrow the first arena", (path) => {
  const libc = openLibc(path);
  const ends = new Int32Array(2);
  libc.unwrap(libc.c.pipe2(ends, O_NONBLOCK), "make a pipe");
  const poller = new Poller(libc);
  const watches = Array.from({ length: 40 }, () => poller.watch(ends[1]!, POLLOUT));
  assert.equal(poller.now(), 40);
  assert.ok(watches.every((watch) => watch.ready === POLLOUT));
  poller.close();
  for (const fd of ends) libc.c.close(fd);
  libc.close();
});
