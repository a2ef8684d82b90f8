import assert from "node:assert/strict";
import { ClosedError, Link, type MethodTable, RemoteError, transfer } from "../../cli/daemon/rpc.ts";

interface Sums {
  add(a: number, b: number): Promise<number>;
  later(): Promise<string>;
  refuse(): Promise<void>;
  octets(data: Uint8Array): Promise<Uint8Array>;
  odd(): Promise<unknown>;
  count(by: number): void;
}

const SUMS: MethodTable<Sums> = {
  add: "call",
  later: "call",
  refuse: "call",
  octets: "call",
  odd: "call",
  count: "note",
};

class Server implements Sums {
  counted: number[] = [];
  release!: (text: string) => void;
  add(a: number, b: number) {
    return Promise.resolve(a + b);
  }
  later() {
    return new Promise<string>((resolve) => this.release = resolve);
  }
  refuse(): Promise<void> {
    throw new Error("No such handle");
  }
  octets(data: Uint8Array) {
    return Promise.resolve(transfer(data, [data]));
  }
  odd(): Promise<unknown> {
    return Promise.resolve(() => 1);
  }
  count(by: number) {
    this.counted.push(by);
  }
}

/** Two linked ends, and how many messages each end put on the port. */
async function linked(
  body: (sums: Sums, server: Server, ends: { near: Link; far: Link; posted: () => number }) => Promise<void>,
): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  let posted = 0;
  const post = port1.postMessage.bind(port1) as (message: unknown, moved: Transferable[]) => void;
  port1.postMessage = (message: unknown, moved: unknown) => {
    posted++;
    post(message, moved as Transferable[]);
  };
  const near = new Link(port1), far = new Link(port2), server = new Server();
  far.serve<Sums>(SUMS, server);
  try {
    await body(near.connect<Sums>(SUMS), server, { near, far, posted: () => posted });
  } finally {
    near.close();
    far.close();
  }
}

Deno.test("Link: a call is answered with the handler's value", () =>
  linked(async (sums) => {
    assert.equal(await sums.add(2, 3), 5);
  }));

Deno.test("Link: all calls and notes of one turn go out in one message, in order", () =>
  linked(async (sums, server, { posted }) => {
    sums.count(1);
    const first = sums.add(1, 1);
    sums.count(2);
    assert.deepEqual(await Promise.all([first, sums.add(2, 2)]), [2, 4]);
    assert.deepEqual(server.counted, [1, 2]);
    assert.equal(posted(), 1);
  }));

Deno.test("Link: what later microtasks of the turn say goes out with it", () =>
  linked(async (sums, server, { posted }) => {
    sums.count(1);
    await Promise.resolve().then(() => {}).then(() => sums.count(2));
    await sums.add(1, 1);
    assert.deepEqual(server.counted, [1, 2]);
    assert.equal(posted(), 1);
  }));

Deno.test("Link: answers find their callers in whatever order they come", () =>
  linked(async (sums, server) => {
    const slow = sums.later();
    assert.equal(await sums.add(4, 4), 8);
    server.release("done");
    assert.equal(await slow, "done");
  }));

Deno.test("Link: a handler that throws rejects its caller alone", () =>
  linked(async (sums) => {
    const refused = sums.refuse();
    assert.equal(await sums.add(1, 2), 3);
    await assert.rejects(refused, (error) =>
      error instanceof RemoteError && error.message === "No such handle");
  }));

Deno.test("Link: of transferred octets nothing stays, in both directions", () =>
  linked(async (sums) => {
    const data = new Uint8Array([1, 2, 3]);
    const back = sums.octets(transfer(data, [data]));
    assert.deepEqual(await back, new Uint8Array([1, 2, 3]));
    assert.deepEqual(data, new Uint8Array(3));
  }));

Deno.test("Link: what only structured clone takes arrives as well, with transferred octets beside it", () =>
  linked(async (_sums, _server, { near, far }) => {
    type Odd = { both(map: Map<string, number>, data: Uint8Array): Promise<number> };
    far.serve<Odd>({ both: "call" }, { both: (map, data) => map.get("a")! + data[2]! });
    const data = new Uint8Array([1, 2, 3]);
    const args = transfer(data, [data]);
    assert.equal(await near.connect<Odd>({ both: "call" }).both(new Map([["a", 4]]), args), 7);
    assert.equal(data.byteLength, 0);
  }));

Deno.test("Link: a value that cannot be cloned fails alone, the rest of its batch arrives", () =>
  linked(async (sums, server) => {
    const bad = sums.add((() => 1) as unknown as number, 1);
    const good = sums.add(1, 1);
    sums.count(7);
    await assert.rejects(bad, RemoteError);
    assert.equal(await good, 2);
    assert.deepEqual(server.counted, [7]);
    await assert.rejects(sums.odd(), RemoteError);
  }));

Deno.test("Link: a name that is not in the table is not callable, not even one that every object has", () =>
  linked(async (_sums, _server, { near }) => {
    const odd = near.connect<{ constructor(): Promise<void> }>(
      { constructor: "call" } as unknown as MethodTable<{ constructor(): Promise<void> }>,
    );
    await assert.rejects(odd.constructor(), /Nothing serves "constructor"/);
  }));

Deno.test("Link: what is asked before the other side serves is answered once it does", async () => {
  const { port1, port2 } = new MessageChannel();
  const near = new Link(port1), far = new Link(port2), probe = near.connect<Sums>(SUMS);
  const answer = probe.add(20, 1);
  const served = far.connect<Sums>(SUMS);
  near.serve<Sums>(SUMS, new Server());
  assert.equal(await served.add(1, 1), 2);
  far.serve<Sums>(SUMS, new Server());
  assert.equal(await answer, 21);
  near.close();
  far.close();
});

Deno.test("Link: closing rejects what waits, at both ends, and what is asked afterwards", () =>
  linked(async (sums, _server, { near, far }) => {
    const waiting = sums.later();
    await sums.add(0, 0);
    far.close();
    await assert.rejects(waiting, ClosedError);
    await near.closed;
    await assert.rejects(sums.add(1, 1), ClosedError);
    sums.count(1);
  }));

Deno.test("Link: what was said before closing still arrives", () =>
  linked(async (sums, server, { near, far }) => {
    sums.count(3);
    near.close();
    await far.closed;
    assert.deepEqual(server.counted, [3]);
  }));
