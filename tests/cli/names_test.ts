import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { Resolver } from "node:dns/promises";
import { formatAddress } from "../../src/ip/mod.ts";
import { NAME_LIMITS, type NameAnswer, NameWatch } from "../../src/policy/name_watch.ts";
import { resolveNames } from "../../cli/config/names.ts";
import { NameWatcher } from "../../cli/daemon/name_watcher.ts";
import { address } from "../support/policies.ts";

/** Records of a name: A, AAAA and the TTL in seconds of each. */
interface Zone {
  readonly [name: string]: {
    readonly a?: readonly string[];
    readonly aaaa?: readonly string[];
    readonly ttl: number;
  };
}

function labels(octets: Uint8Array): [name: string, end: number] {
  const parts: string[] = [];
  let at = 12;
  for (; octets[at] !== 0; at += octets[at]! + 1) {
    parts.push(new TextDecoder().decode(octets.subarray(at + 1, at + 1 + octets[at]!)));
  }
  return [parts.join("."), at + 1];
}

function rdata(text: string): number[] {
  const { family, value } = address(text);
  return Array.from({ length: family === 4 ? 4 : 16 }, (_, at) => Number((value >> BigInt(8 * at)) & 0xffn))
    .reverse();
}

/** What a server says to a query (RFC 1035 §4.1). */
function reply(query: Uint8Array, zone: Zone): Uint8Array {
  const [name, end] = labels(query);
  const type = query[end + 1]!, known = zone[name];
  const texts = (type === 1 ? known?.a : type === 28 ? known?.aaaa : undefined) ?? [];
  const ttl = new Uint8Array(4);
  new DataView(ttl.buffer).setUint32(0, known?.ttl ?? 0);
  const records = texts.flatMap((text) => {
    const data = rdata(text);
    return [0xc0, 12, 0, type, 0, 1, ...ttl, 0, data.length, ...data];
  });
  const header = [
    query[0]!,
    query[1]!,
    0x81,
    known === undefined ? 0x83 : 0x80,
    0,
    1,
    0,
    texts.length,
    0,
    0,
    0,
    0,
  ];
  return Uint8Array.from([...header, ...query.subarray(12, end + 4), ...records]);
}

/** A name server on loopback that answers from a zone. */
async function served(
  zone: Zone,
  body: (dns: () => Promise<Resolver>) => Promise<void>,
): Promise<void> {
  const socket = createSocket("udp4");
  socket.on("message", (query: Uint8Array, { port, address }: { port: number; address: string }) => {
    socket.send(reply(new Uint8Array(query), zone), port, address);
  });
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  const resolver = new Resolver();
  resolver.setServers([`127.0.0.1:${socket.address().port}`]);
  try {
    await body(() => Promise.resolve(resolver));
  } finally {
    await new Promise<void>((resolve) => socket.close(() => resolve()));
  }
}

function shown(answer: NameAnswer | undefined): unknown {
  return answer && [answer.addresses.map(formatAddress), answer.ttlMs];
}

Deno.test("resolveNames: addresses of both families in an order of our own, and the shortest TTL", () =>
  served({
    "both.example.com": { a: ["192.0.2.9", "192.0.2.1"], aaaa: ["2001:db8::1", "fe80::1"], ttl: 77 },
    "long.example.com": { a: ["192.0.2.3"], ttl: 2 ** 31 - 1 },
  }, async (dns) => {
    const found = await resolveNames(
      ["both.example.com", "long.example.com", "none.example.com"],
      20_000,
      dns,
    );
    assert.deepEqual(shown(found.get("both.example.com")), [
      ["192.0.2.1", "192.0.2.9", "2001:db8::1"],
      77_000,
    ]);
    assert.deepEqual(shown(found.get("long.example.com")), [["192.0.2.3"], (2 ** 31 - 1) * 1000]);
    assert.deepEqual(found.get("none.example.com")!.addresses, []);
  }));

Deno.test("resolveNames: 300 names are all found", () => {
  const names = Array.from({ length: 300 }, (_, at) => `n${at}.example.com`);
  return served(
    Object.fromEntries(names.map((name) => [name, { a: ["192.0.2.1"], ttl: 60 }])),
    async (dns) => {
      const found = await resolveNames(names, 60_000, dns);
      assert.ok(names.every((name) => found.get(name)!.addresses.length === 1));
    },
  );
});

/** A watcher whose names are due at once, and what it tells. */
function watcher(lookUp: (names: readonly string[]) => Promise<ReadonlyMap<string, NameAnswer>>) {
  const told: string[] = [];
  let next: (() => void) | undefined;
  const tell = (text: string) => {
    told.push(text);
    next?.();
  };
  const limits = { ...NAME_LIMITS, leastMs: 0, mostMs: 0, failedMs: 0, failedMostMs: 0 };
  const subject = new NameWatcher(new NameWatch(limits), lookUp, {
    moved: () => tell("moved"),
    lost: (name) => tell(`lost ${name}`),
  });
  const until = async (text: string) => {
    while (!told.includes(text)) await new Promise<void>((resolve) => next = resolve);
  };
  return { subject, told, until };
}

Deno.test("NameWatcher: asks again and again, tells a move and a loss, and ends when it is closed", async () => {
  const A = address("192.0.2.1"), B = address("192.0.2.2");
  const answers: NameAnswer[] = [
    { addresses: [A], ttlMs: 1 },
    { addresses: [B], ttlMs: 1 },
    { addresses: [], ttlMs: 0 },
  ];
  let asked = 0;
  const { subject, told, until } = watcher((names) => {
    asked++;
    const answer = answers.shift() ?? { addresses: [], ttlMs: 0 };
    return Promise.resolve(new Map(names.map((name) => [name, answer])));
  });
  subject.watch(new Map([["peer.example.com", { addresses: [A], ttlMs: 1 }]]));
  await until("moved");
  assert.deepEqual(subject.addresses().get("peer.example.com"), [B]);
  await until("lost peer.example.com");
  assert.deepEqual(told, ["moved", "lost peer.example.com"]);
  assert.deepEqual(subject.addresses().get("peer.example.com"), [B]);
  subject.close();
  const before = asked;
  subject.hurry("peer.example.com");
  assert.equal(asked, before);
});
