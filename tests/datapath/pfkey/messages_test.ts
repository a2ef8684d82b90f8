import assert from "node:assert/strict";
import fc from "fast-check";
import { fromHex, toHex } from "../../../src/bytes/mod.ts";
import { formatAddress, formatPrefix, parseAddress, parsePrefix } from "../../../src/ip/mod.ts";
import type { KernelPolicy, KernelSa } from "../../../src/datapath/kernel/mod.ts";
import {
  addSa,
  deletePolicy,
  deleteSa,
  dumpPolicies,
  dumpSas,
  encodeMessage,
  getPolicy,
  getSpi,
  parseEvent,
  parseMessage,
  parsePolicy,
  parseSa,
  type PfkeyRequest,
  readSaName,
  register,
  SADB,
  sayable,
  socketBypass,
  unsayable,
  updatePolicy,
  updateSa,
} from "../../../src/datapath/pfkey/mod.ts";
import { ANSWERS, OWN_REQUESTS, REQUESTS } from "./recorded.ts";

function octets(hex: string): Uint8Array {
  const made = fromHex(hex);
  assert.ok(made.ok);
  return made.value;
}

const message = (hex: string) => parseMessage(octets(hex))!;

/** A recorded request without the extensions of these types. */
function without(hex: string, ...types: number[]): string {
  const all = octets(hex), view = new DataView(all.buffer), kept = [all.slice(0, 16)];
  for (let at = 16; at < all.length;) {
    const length = 8 * view.getUint16(at, true);
    if (!types.includes(view.getUint16(at + 2, true))) kept.push(all.slice(at, at + length));
    at += length;
  }
  const joined = new Uint8Array(kept.flatMap((part) => [...part]));
  new DataView(joined.buffer).setUint16(4, joined.length / 8, true);
  return toHex(joined);
}

/** The request with the sequence and process of a recorded one. */
function asIn(hex: string, request: PfkeyRequest): string {
  const { sequence, pid } = message(hex);
  return toHex(encodeMessage(request, sequence, pid));
}

function numbersOf(sa: KernelSa) {
  const numbers = sayable(sa);
  assert.ok(!("message" in numbers), JSON.stringify(numbers));
  return numbers;
}

const ADDED = parseSa(message(REQUESTS.addSa))!;
const NO_SA2 = 19;

for (const [name, make, type] of [["addSa", addSa, SADB.ADD], ["updateSa", updateSa, SADB.UPDATE]] as const) {
  Deno.test(`pfkey: ${name} is octet by octet what OpenIKED sends`, () => {
    const sa = parseSa(message(REQUESTS[name]))!;
    const request = make(sa, numbersOf(sa));
    assert.equal(request.type, type);
    assert.equal(asIn(REQUESTS[name], request), REQUESTS[name]);
  });
}

Deno.test("pfkey: deleteSa and the policies are what OpenIKED sends, but for its SADB_X_EXT_SA2 and fields without meaning", () => {
  const name = readSaName(message(REQUESTS.deleteSa))!;
  const asked = deleteSa(name);
  // It says a window, and the source that is no part of the name.
  const theirs = message(REQUESTS.deleteSa).extensions,
    ours = message(asIn(REQUESTS.deleteSa, asked)).extensions;
  assert.deepEqual([...ours.keys()], [1, 5, 6]);
  assert.deepEqual(ours.get(6), theirs.get(6));
  assert.deepEqual(ours.get(1)!.subarray(0, 4), theirs.get(1)!.subarray(0, 4));
  const policy = parsePolicy(message(REQUESTS.putPolicy))!;
  assert.equal(asIn(REQUESTS.putPolicy, updatePolicy(policy)), without(REQUESTS.putPolicy, NO_SA2));
  // It repeats the templates in a deletion.
  const gone = message(
    asIn(REQUESTS.deletePolicy, deletePolicy(parsePolicy(message(REQUESTS.deletePolicy))!)),
  );
  const whole = message(REQUESTS.deletePolicy);
  for (const type of [5, 6]) assert.deepEqual(gone.extensions.get(type), whole.extensions.get(type));
  assert.equal(gone.extensions.get(18)![2], whole.extensions.get(18)![2]);
});

Deno.test("pfkey: what nobody else sends is what the kernel took", () => {
  assert.equal(asIn(OWN_REQUESTS.registerAh, register("ah")), OWN_REQUESTS.registerAh);
  assert.equal(asIn(OWN_REQUESTS.dumpSas, dumpSas()), OWN_REQUESTS.dumpSas);
  assert.equal(asIn(OWN_REQUESTS.dumpPolicies, dumpPolicies()), OWN_REQUESTS.dumpPolicies);
  const empty = message(OWN_REQUESTS.addNull);
  const sa = parseSa(empty)!;
  assert.deepEqual(sa.algorithms.cipher, { name: "ecb(cipher_null)", key: new Uint8Array(0) });
  const again = message(asIn(OWN_REQUESTS.addNull, addSa(sa, numbersOf(sa))));
  assert.deepEqual(again.extensions.get(9), empty.extensions.get(9));
  assert.deepEqual(again.extensions.get(1), empty.extensions.get(1));
  const index = message(asIn(OWN_REQUESTS.getPolicy, getPolicy(0x10000)));
  assert.equal(index.type, SADB.X_SPDGET);
  const spi = message(asIn(REQUESTS.getSpi, getSpi({ ...ADDED, protocol: "esp" }, 0x100, 0xffff_ffff)));
  assert.deepEqual(spi.extensions.get(16), message(REQUESTS.getSpi).extensions.get(16));
});

Deno.test("pfkey: an SA that OpenIKED made is read: ends, algorithms with keys, limits, usage", () => {
  for (const hex of [ANSWERS.addSa, ANSWERS.dumpedSa, ANSWERS.lastDumpedSa, ANSWERS.deletedSa]) {
    const sa = parseSa(message(hex))!;
    assert.deepEqual([sa.protocol, sa.mode, sa.reqid], ["esp", "tunnel", 0]);
    assert.deepEqual([sa.algorithms.cipher?.name, sa.algorithms.cipher?.key.length], ["cbc(aes)", 32]);
    const { mac } = sa.algorithms;
    assert.deepEqual([mac?.name, mac?.key.length, mac?.icvLength], ["hmac(sha512)", 64, 32]);
    assert.deepEqual([sa.limits?.hardOctets, sa.limits?.hardSeconds], [0x1_0000_0000n, 10_800n]);
    assert.equal(sa.replay?.window, 32);
  }
  const gone = parseSa(message(ANSWERS.deletedSa))!;
  assert.deepEqual([gone.usage.packets, gone.usage.octets], [3n, 252n]);
  assert.equal(formatAddress(gone.destination), "192.0.2.2");
  assert.deepEqual([message(ANSWERS.dumpedSa).sequence, message(ANSWERS.lastDumpedSa).sequence], [1, 0]);
});

Deno.test("pfkey: UDP encapsulation, AH, aes-ctr and small reqids are read", () => {
  const natt = parseSa(message(ANSWERS.natTSa))!;
  assert.deepEqual(natt.encapsulation, { sourcePort: 4500, destinationPort: 4500 });
  assert.deepEqual([natt.reqid, natt.spi, natt.limits?.softPackets], [0x3001, 0x1001, 1n]);
  assert.equal(natt.limits?.softUseSeconds, 0x1ced_0000n);
  const ah = parseSa(message(ANSWERS.ahSa))!;
  assert.deepEqual([ah.protocol, ah.mode, ah.algorithms.cipher], ["ah", "transport", undefined]);
  const ctr = parseSa(message(ANSWERS.ctrSa))!;
  assert.deepEqual([ctr.algorithms.cipher?.name, ctr.algorithms.mac?.name], [
    "rfc3686(ctr(aes))",
    "xcbc(aes)",
  ]);
  assert.equal(parseSa(message(ANSWERS.getSpi))!.spi, 0xe42a08cf);
});

Deno.test("pfkey: policies of the kernel are read; those of sockets are none", () => {
  const forward = parsePolicy(message(ANSWERS.putPolicy))!;
  assert.deepEqual([forward.direction, forward.action, forward.index], ["forward", "protect", 0x42]);
  assert.equal(formatPrefix(forward.selector.source), "10.1.0.0/16");
  const [template] = forward.templates;
  assert.deepEqual([template!.protocol, template!.mode, template!.reqid], ["esp", "tunnel", 0]);
  assert.equal(formatAddress(template!.destination!), "192.0.2.2");
  const ports = parsePolicy(message(ANSWERS.portPolicy))!;
  assert.deepEqual([ports.action, ports.selector.protocol], ["block", 6]);
  assert.deepEqual([ports.selector.sourcePort, ports.selector.destinationPort], [
    { port: 23, mask: 0xffff },
    { port: 0, mask: 0 },
  ]);
  const transport = parsePolicy(message(ANSWERS.transportPolicy))!;
  assert.deepEqual(transport.templates[0], {
    protocol: "ah",
    mode: "transport",
    reqid: 0x3003,
    spi: 0,
    optional: false,
  });
  assert.equal(transport.priority, 0x1ced_0001);
  assert.equal(parsePolicy(message(ANSWERS.socketPolicy)), undefined);
});

Deno.test("pfkey: an ACQUIRE says the policy's priority and the template's ends; the note of it has no SPI", () => {
  const event = parseEvent(message(ANSWERS.acquire));
  assert.ok(event?.kind === "acquire");
  assert.deepEqual(
    [event.protocol, event.sequence, event.priority, event.selector, formatAddress(event.destination)],
    ["esp", 1, 0x1ced_0001, undefined, "192.0.2.1"],
  );
  const note = parseSa(message(ANSWERS.unfinishedSa))!;
  assert.deepEqual([note.spi, note.reqid, note.mode], [0, 0x3001, "tunnel"]);
  assert.equal(message(ANSWERS.empty).errno, 2);
});

Deno.test("pfkey: limits, and what is removed, are events; a refusal is none", () => {
  const events = [ANSWERS.expiredSoft, ANSWERS.expiredHard].map((hex) => parseEvent(message(hex)));
  assert.deepEqual(events.map((event) => event?.kind === "expire" && [event.hard, event.sa.spi]), [
    [false, 0x77],
    [true, 0x77],
  ]);
  const gone = parseEvent(message(ANSWERS.deletedSa));
  assert.equal(gone?.kind === "sa-gone" && gone.sa.spi, 0xe42a08cf);
  const policy = parseEvent(message(ANSWERS.deletedPolicy));
  assert.equal(policy?.kind === "policy-gone" && policy.policy.direction, "forward");
  for (const hex of [ANSWERS.exists, ANSWERS.noSuchSa, ANSWERS.noAlgorithm]) {
    assert.equal(parseEvent(message(hex)), undefined);
  }
  assert.deepEqual(
    [ANSWERS.exists, ANSWERS.noSuchSa, ANSWERS.noAlgorithm].map((hex) => message(hex).errno),
    [17, 3, 38],
  );
});

Deno.test("pfkey: what the interface has no word for is said, not left out", () => {
  const said = (more: Partial<KernelSa>) => {
    const made = sayable({ ...ADDED, ...more });
    return "message" in made ? made.message : "";
  };
  const key = new Uint8Array(32);
  assert.equal(said({}), "");
  const mac = (name: string, icvLength: number) => ({ ...ADDED.algorithms, mac: { name, key, icvLength } });
  assert.match(said({ algorithms: mac("hmac(sha256)", 16) }), /to 96 bits, where IKEv2 has 128/);
  assert.match(said({ algorithms: mac("cmac(aes)", 12) }), /no number for cmac/);
  assert.match(
    said({ algorithms: { aead: { name: "rfc4106(gcm(aes))", key, icvLength: 16 } } }),
    /combined-mode/,
  );
  assert.match(said({ replay: { window: 1, esn: true } }), /noesn/);
  assert.match(said({ interfaceId: 1 }), /interfaces/);
  assert.match(said({ outputMark: 1 }), /marks/);
  assert.match(said({ protocol: "ipcomp" }), /IPComp/);
  assert.match(said({ protocol: "ah" }), /pads AH over IPv4/);
  assert.equal(said({ protocol: "ah", algorithms: { mac: { name: "hmac(sha1)", key, icvLength: 12 } } }), "");
  const policy = parsePolicy(message(ANSWERS.putPolicy))!;
  const cannot = (selector: Partial<KernelPolicy["selector"]>, more: Partial<KernelPolicy> = {}) =>
    unsayable({ ...policy, selector: { ...policy.selector, ...selector }, ...more }) ?? "";
  assert.equal(cannot({}), "");
  assert.match(cannot({ sourcePort: { port: 1024, mask: 0xfc00 } }), /ranges of ports/);
  assert.match(cannot({ protocol: 1, sourcePort: { port: 0, mask: 0xffff } }), /ICMP type or code 0/);
  assert.match(cannot({}, { interfaceId: 3 }), /interfaces/);
  const there = { address: parseAddress("2001:db8::2")!, prefix: parsePrefix("fd01::/64")! };
  assert.match(cannot({ family: 6, source: there.prefix, destination: there.prefix }), /IPv4 in IPv6/);
  const [template] = policy.templates;
  assert.match(cannot({}, { templates: [{ ...template!, reqid: 0x4000 }] }), /no such name/);
});

Deno.test("pfkey: a socket's bypass is a policy of 16 octets", () => {
  assert.equal(toHex(socketBypass("out")), "02001200040002000000000000000000");
  assert.equal(toHex(socketBypass("in")), "02001200040001000000000000000000");
});

Deno.test("pfkey: no message cut short, and none with changed octets, makes a parser throw", () => {
  const all = [...Object.values(ANSWERS), ...Object.values(REQUESTS)].map(octets);
  const read = (input: Uint8Array) => {
    const parsed = parseMessage(input);
    if (parsed === undefined) return;
    parseSa(parsed);
    parsePolicy(parsed);
    for (const type of [parsed.type, SADB.ACQUIRE, SADB.EXPIRE, SADB.X_NAT_T_NEW_MAPPING, SADB.X_SPDDELETE]) {
      parseEvent({ ...parsed, type, errno: 0 });
    }
  };
  for (const whole of all) {
    for (let length = 0; length < whole.length; length++) {
      const cut = whole.slice(0, length);
      assert.equal(parseMessage(cut), undefined);
      // The same with lengths that agree.
      if (length < 16 || length % 8 !== 0) continue;
      new DataView(cut.buffer).setUint16(4, length / 8, true);
      read(cut);
    }
  }
  fc.assert(
    fc.property(
      fc.constantFrom(...all),
      fc.array(fc.tuple(fc.nat(500), fc.nat(255)), { minLength: 1, maxLength: 6 }),
      (whole, changes) => {
        const changed = whole.slice();
        for (const [at, value] of changes) changed[16 + at % (changed.length - 16 || 1)] = value;
        read(changed.slice(0, whole.length));
      },
    ),
    { numRuns: 2000 },
  );
});
