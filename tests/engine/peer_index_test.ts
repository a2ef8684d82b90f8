import assert from "node:assert/strict";
import { ascii } from "../../src/bytes/mod.ts";
import type { IkeSa, PeerIdentity } from "../../src/sa/mod.ts";
import { PeerIndex } from "../../src/engine/peer_index.ts";
import { parseIdentity } from "../../src/policy/mod.ts";

interface Entry {
  sa: IkeSa;
}

function entry(peerId: PeerIdentity, state = "established"): Entry {
  return { sa: { state, peerId } as unknown as IkeSa };
}

const fqdn = (name: string): PeerIdentity => ({ type: 2, data: ascii(name) });

Deno.test("PeerIndex: finds whose peer is the same, and forgets what is deleted", () => {
  const index = new PeerIndex<Entry>();
  const one = entry(fqdn("a.example.com")),
    same = entry(fqdn("A.Example.COM")),
    other = entry(fqdn("b.example.com"));
  for (const each of [one, same, other, one]) index.add(each);
  assert.deepEqual(index.find(fqdn("a.example.com")), [one, same]);
  index.delete(one);
  index.delete(one);
  assert.deepEqual(index.find(fqdn("a.example.com")), [same]);
  assert.deepEqual(index.find(fqdn("c.example.com")), []);
});

Deno.test("PeerIndex: an SA whose peer is not authenticated has no place in it", () => {
  const index = new PeerIndex<Entry>();
  index.add(entry(fqdn("a.example.com"), "half-open"));
  assert.deepEqual(index.find(fqdn("a.example.com")), []);
});

Deno.test("PeerIndex: types are not mixed up, and names are compared as names", () => {
  const index = new PeerIndex<Entry>();
  const text = entry(fqdn("192.0.2.1")), address = entry(parseIdentity("192.0.2.1")!);
  const name = entry(parseIdentity("/C=XX/CN=a.example.com")!),
    another = entry(parseIdentity("/C=XX/CN=b.example.com")!);
  for (const each of [text, address, name, another]) index.add(each);
  assert.deepEqual(index.find(parseIdentity("192.0.2.1")!), [address]);
  assert.deepEqual(index.find(parseIdentity("/C=XX/CN=a.example.com")!), [name]);
});
