import assert from "node:assert/strict";
import fc from "fast-check";
import { fromHex, toHex } from "../../../src/bytes/mod.ts";
import { formatAddress, parseAddress as address, parsePrefix } from "../../../src/ip/mod.ts";
import {
  attribute,
  attributeText,
  attributeU32,
  deleteLink,
  deleteRoute,
  deleteRule,
  dumpRoutes,
  dumpRules,
  encodeRequest,
  IFA_F_NODAD,
  IFA_F_NOPREFIXROUTE,
  lookupRoute,
  nested,
  newAddress,
  newRule,
  newVeth,
  parseAddress,
  parseAttributes,
  parseLink,
  parseMessages,
  parseOutcome,
  parseRoute,
  parseRule,
  putRoute,
  type Route,
  type Rule,
  setLink,
} from "../../../src/datapath/rtnetlink/mod.ts";
import { ANSWERS, REQUESTS } from "./captured.ts";

function octets(hex: string): Uint8Array {
  const result = fromHex(hex);
  assert.ok(result.ok);
  return result.value;
}

const prefix = (text: string) => parsePrefix(text)!;
const table = { kind: "table", table: 7296 } as const;

const ROUTE4: Route = {
  type: "unicast",
  destination: prefix("10.2.0.0/16"),
  table: 7296,
  protocol: 72,
  metric: 100,
  index: 3,
  source: address("192.0.2.1")!,
};
const BLACKHOLE4: Route = {
  type: "blackhole",
  destination: prefix("10.2.0.0/16"),
  table: 7296,
  protocol: 72,
  metric: 1_000_000,
};
const MARKED: Rule = {
  family: 4,
  priority: 196,
  protocol: 72,
  action: { kind: "goto", priority: 200 },
  mark: 0x1ced,
};
const PORTS: Rule = {
  family: 4,
  priority: 197,
  protocol: 72,
  action: table,
  source: prefix("10.1.0.0/24"),
  destination: prefix("10.2.0.0/16"),
  ipProtocol: 6,
  sourcePorts: { start: 1000, end: 2000 },
  destinationPorts: { start: 23, end: 23 },
};
const END: Rule = { family: 4, priority: 200, protocol: 72, action: { kind: "nop" } };

Deno.test("Requests are octet by octet those of ip(8)", () => {
  const route6: Route = {
    ...ROUTE4,
    destination: prefix("2001:db8:2::/48"),
    source: address("2001:db8::1")!,
  };
  const input6: Rule = {
    family: 6,
    priority: 199,
    protocol: 72,
    action: table,
    inputName: "lo",
    destination: prefix("2001:db8:2::/48"),
  };
  const made: Record<keyof typeof REQUESTS, { body: Uint8Array }> = {
    newVeth: newVeth("iva", "ivb"),
    setLink: setLink(3, { up: true, mtu: 1400 }),
    deleteLink: deleteLink(5),
    newAddress4: newAddress(3, prefix("192.0.2.1/24")),
    newAddress6: newAddress(3, prefix("2001:db8::1/64"), IFA_F_NODAD),
    route4: putRoute(ROUTE4),
    blackhole4: putRoute(BLACKHOLE4),
    route6: putRoute(route6),
    lookup: lookupRoute(address("192.0.2.2")!, 5),
    dumpRoutes: dumpRoutes(4, 7296),
    dumpRules: dumpRules(4),
    rulePorts: newRule(PORTS),
    ruleMark: newRule(MARKED),
    ruleNop: newRule(END),
    ruleInput6: newRule(input6),
  };
  for (const [name, request] of Object.entries(made)) {
    assert.equal(toHex(request.body), REQUESTS[name as keyof typeof REQUESTS], name);
  }
});

Deno.test("A request has length, type, flags and sequence number before its body", () => {
  assert.equal(
    toHex(encodeRequest(newRule(END), 0x6b021d64)),
    "2c00000020000506641d026b00000000" + REQUESTS.ruleNop,
  );
  assert.equal(
    toHex(encodeRequest(setLink(3, { up: true, mtu: 1400 }), 1).subarray(0, 16)),
    "28000000100005000100000000000000",
  );
});

Deno.test("Removing names the same as adding, with another type", () => {
  assert.equal(toHex(deleteRule(PORTS).body), REQUESTS.rulePorts);
  assert.equal(deleteRule(PORTS).type, newRule(PORTS).type + 1);
  // Scope "nowhere" leaves the scope open.
  assert.equal(toHex(deleteRoute(BLACKHOLE4).body), REQUESTS.blackhole4.replace("4800", "48ff"));
});

Deno.test("Flags of an address beyond 8 bits are an attribute of their own", () => {
  const body = newAddress(3, prefix("192.0.2.1/24"), IFA_F_NODAD | IFA_F_NOPREFIXROUTE).body;
  assert.equal(toHex(body), "02180200" + REQUESTS.newAddress4.slice(8) + "0800080002020000");
});

Deno.test("A device can be put into a namespace by process or descriptor, and lose its link-local address", () => {
  const tail = (change: Parameters<typeof setLink>[1]) => toHex(setLink(7, change).body).slice(32);
  assert.equal(tail({ namespace: { pid: 258 } }), "0800130002010000");
  assert.equal(tail({ namespace: { fd: 5 } }), "08001c0005000000");
  assert.equal(tail({ name: "in0" }), "08000300696e3000");
  assert.equal(tail({ queueLength: 2000 }), "08000d00d0070000");
  assert.equal(tail({ linkLocal: false }), "10001a000c000a000500080001000000");
  assert.ok(toHex(newVeth("a", "b", { fd: 5 }).body).endsWith("06000300620000" + "0008001c0005000000"));
});

Deno.test("Answers of the kernel are read as values", () => {
  const links = parseMessages(octets(ANSWERS.link)).map(parseLink);
  assert.deepEqual(links, [{ index: 3, name: "iv0", up: false, loopback: false, mtu: 1500 }]);

  const addresses = parseMessages(octets(ANSWERS.addresses)).map(parseAddress).filter((a) => a !== undefined);
  assert.deepEqual(
    addresses.map((a) => [formatAddress(a.address), a.prefixLength, a.index, a.scope, a.usable]),
    [["192.0.2.1", 24, 3, 0, true], ["2001:db8::1", 64, 3, 0, true], [
      "fe80::80bd:31ff:fe63:142c",
      64,
      3,
      253,
      false,
    ]],
  );

  const rules = parseMessages(octets(ANSWERS.rules)).map(parseRule).filter((r) => r !== undefined);
  assert.deepEqual(rules.filter((rule) => rule.protocol === 72), [MARKED, PORTS, END]);
  assert.deepEqual(rules.map((rule) => rule.priority), [0, 196, 197, 200, 32766, 32767]);

  const routes = parseMessages(octets(ANSWERS.routes)).map(parseRoute).filter((r) => r !== undefined);
  assert.deepEqual(routes, [ROUTE4, BLACKHOLE4]);

  const [lookup] = parseMessages(octets(ANSWERS.lookup)).map(parseRoute);
  assert.equal(formatAddress(lookup!.source!), "192.0.2.1");
  assert.equal(lookup!.table, 254);
});

Deno.test("Outcomes: acknowledgement, errno, the kernel's own words, the end of a dump", () => {
  const outcome = (hex: string) => parseMessages(octets(hex)).map(parseOutcome);
  assert.deepEqual(outcome(ANSWERS.acknowledged), [{ errno: 0 }]);
  assert.deepEqual(outcome(ANSWERS.exists), [{ errno: 17 }]);
  const words = attributeText(1, "Invalid dport range");
  const body = new Uint8Array([0xea, 0xff, 0xff, 0xff, ...new Uint8Array(16), ...words]);
  const capped = { type: 2, flags: 0x300, sequence: 1, body };
  assert.deepEqual(parseOutcome(capped), { errno: 22, text: "Invalid dport range" });
  const request = encodeRequest(newRule(END), 9);
  const whole = {
    ...capped,
    flags: 0x200,
    body: new Uint8Array([0xea, 0xff, 0xff, 0xff, ...request, ...words]),
  };
  assert.deepEqual(parseOutcome(whole), { errno: 22, text: "Invalid dport range" });
  assert.deepEqual(parseOutcome({ type: 3, flags: 2, sequence: 1, body: new Uint8Array(0) }), { errno: 0 });
  assert.deepEqual(parseOutcome({ type: 3, flags: 2, sequence: 1, body: body.subarray(0, 4) }), {
    errno: 22,
  });
  assert.equal(parseOutcome({ type: 16, flags: 2, sequence: 1, body }), undefined);
});

Deno.test("Attributes: padding, nesting, unknown types, types with flags", () => {
  const inner = nested(5, [attribute(1, new Uint8Array([1, 2, 3])), attributeU32(900, 7)], true);
  assert.equal(toHex(inner), "14000580" + "0700010001020300" + "0800840307000000");
  const outer = parseAttributes(inner);
  assert.deepEqual([...outer.keys()], [5]);
  assert.deepEqual([...parseAttributes(outer.get(5)!).keys()], [1, 900]);
});

function readAll(message: Uint8Array): void {
  for (const one of parseMessages(message)) {
    for (const parse of [parseLink, parseAddress, parseRoute, parseRule, parseOutcome]) parse(one);
  }
}

Deno.test("No truncation of an answer throws, in the datagram or in a message", () => {
  for (const hex of Object.values(ANSWERS)) {
    const whole = octets(hex);
    for (let length = 0; length <= whole.length; length++) readAll(whole.slice(0, length));
    for (const message of parseMessages(whole)) {
      for (let length = 0; length <= message.body.length; length++) {
        const cut = { ...message, body: message.body.slice(0, length) };
        for (const parse of [parseLink, parseAddress, parseRoute, parseRule, parseOutcome]) parse(cut);
      }
    }
  }
});

Deno.test("No mutation of an answer throws", () => {
  fc.assert(fc.property(
    fc.constantFrom(...Object.values(ANSWERS)),
    fc.array(fc.tuple(fc.nat(2000), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 8 }),
    (hex, changes) => {
      const message = octets(hex);
      for (const [at, value] of changes) message[at % message.length] = value;
      readAll(message);
    },
  ));
});

Deno.test("An error that says to repeat a request of 2^31 octets and more is read all the same", () => {
  const NLM_F_ACK_TLVS = 0x200;
  for (const repeated of [0x7fff_ffff, 0xfe00_0000, 0xffff_ffff]) {
    const body = new Uint8Array(48);
    const view = new DataView(body.buffer);
    view.setInt32(0, -22, true);
    view.setUint32(4, repeated, true);
    assert.deepEqual(parseOutcome({ type: 2, flags: NLM_F_ACK_TLVS, sequence: 1, body }), { errno: 22 });
  }
});
