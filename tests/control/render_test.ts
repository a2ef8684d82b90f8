import assert from "node:assert/strict";
import fc from "fast-check";
import type { ChildSnapshot, EngineEvent, FailureReport, IkeSnapshot } from "../../src/engine/types.ts";
import {
  fieldValue,
  logLineOf,
  monitorEventOf,
  printable,
  quoted,
  renderDatapath,
  renderEvent,
  renderSas,
} from "../../src/control/mod.ts";

const CHILD: ChildSnapshot = {
  state: "installed",
  protocol: "ESP",
  mode: "tunnel",
  encap: "udp",
  spiIn: "c1000001",
  spiOut: "c2000002",
  encr: "ENCR_AES_GCM_16",
  keyLength: 256,
  integ: null,
  esn: true,
  ipcomp: null,
  tag: null,
  mark: null,
  tsLocal: ["10.1.0.0/16"],
  tsRemote: ["10.2.0.0/16[tcp/23]"],
  bytesIn: 840,
  bytesOut: 1680,
  packetsIn: 10,
  packetsOut: 20,
};

const SA: IkeSnapshot = {
  id: 3,
  policy: "site-b",
  role: "initiator",
  state: "established",
  spiI: "00112233445566aa",
  spiR: "00112233445566bb",
  local: { address: "192.0.2.1", port: 4500, id: "a.example.com" },
  peer: { address: "2001:db8::2", port: 4500, id: "b.example.com" },
  nat: "local",
  encr: "ENCR_AES_CBC",
  keyLength: 128,
  prf: "PRF_HMAC_SHA2_256",
  integ: "AUTH_HMAC_SHA2_256_128",
  ke: "Curve25519",
  establishedAt: "2026-11-21T12:00:00.000Z",
  children: [CHILD],
};

Deno.test("renderSas: an SA and its children read as text", () => {
  assert.equal(
    renderSas({ version: 1, ikeSas: [SA] }),
    [
      "site-b #3: established since 2026-11-21T12:00:00.000Z, initiator, NAT local",
      "  192.0.2.1:4500 (a.example.com) ... [2001:db8::2]:4500 (b.example.com)",
      "  IKE SPIs 00112233445566aa 00112233445566bb, ENCR_AES_CBC-128, PRF_HMAC_SHA2_256, AUTH_HMAC_SHA2_256_128, Curve25519",
      "  ESP tunnel in UDP: installed, SPI in c1000001 out c2000002, ENCR_AES_GCM_16-256, ESN",
      "    10.1.0.0/16 === 10.2.0.0/16[tcp/23]",
      "    in 840 octets, 10 packets; out 1680 octets, 20 packets",
    ].join("\n"),
  );
});

Deno.test("renderSas: compression is told behind the algorithms", () => {
  const text = renderSas({
    version: 1,
    ikeSas: [{ ...SA, children: [{ ...CHILD, ipcomp: "IPCOMP_DEFLATE" }] }],
  });
  assert.match(text, /ENCR_AES_GCM_16-256, ESN, IPCOMP_DEFLATE\n/);
});

Deno.test("renderSas: a tag is told with its mark", () => {
  const tagged = { ...CHILD, tag: "road-\u001b[1m", mark: "0x0000002a" };
  const text = renderSas({ version: 1, ikeSas: [{ ...SA, children: [tagged] }] });
  assert.match(text, /\n {4}tag road-\\x1b\[1m, mark 0x0000002a\n/);
});

Deno.test("renderSas: an SA that is still connecting has no suite, and no SAs are said to be none", () => {
  const connecting: IkeSnapshot = {
    ...SA,
    state: "connecting",
    encr: null,
    keyLength: null,
    prf: null,
    integ: null,
    ke: null,
    establishedAt: null,
    children: [],
  };
  assert.equal(
    renderSas({ version: 1, ikeSas: [connecting] }).split("\n")[2],
    "  IKE SPIs 00112233445566aa 00112233445566bb",
  );
  assert.equal(renderSas({ version: 1, ikeSas: [] }), "no IKE SA");
});

Deno.test("renderSas: an identity with terminal escapes cannot act on the terminal", () => {
  const evil = { ...SA, peer: { ...SA.peer, id: "\x1b[2J\u202eb.example\n.com" } };
  // deno-lint-ignore no-control-regex
  assert.doesNotMatch(renderSas({ version: 1, ikeSas: [evil] }), /[\x00-\x09\x0b-\x1f\x7f]|\u202e/);
  assert.match(renderSas({ version: 1, ikeSas: [evil] }), /\\x1b\[2J\\u\{202e\}b\.example\\x0a\.com/);
});

Deno.test("renderDatapath: the choice and why, and a line for each cause of drops", () => {
  const state = { version: 1, datapath: "userland", reason: "the default", drops: {} } as const;
  assert.equal(renderDatapath(state), "userland: the default");
  const dropped = { ...state, drops: { heldBack: 12, forged: 1 } };
  assert.equal(renderDatapath(dropped), "userland: the default\n  dropped heldBack: 12\n  dropped forged: 1");
});

Deno.test("printable, quoted, fieldValue: no text can end its line or its quotes", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    assert.doesNotMatch(printable(text), /\p{Cc}|\p{Cf}|\u2028|\u2029/u);
    assert.match(quoted(text), /^"(?:[^"\\]|\\.)*"$/u);
    assert.match(fieldValue(text), /^(?:[\w.:/[\]@+-]+|"(?:[^"\\]|\\.)*")$/u);
  }));
});

Deno.test("logLineOf: a failed negotiation is the one line of contracts.md", () => {
  const line = logLineOf({
    kind: "failed",
    report: {
      code: "no-proposal",
      policy: "site-b",
      peer: "192.0.2.2",
      wanted: "aes-256-gcm curve25519",
      got: 'what "it" sent',
      fix: "use one of theirs",
    },
  });
  assert.deepEqual(line, {
    level: "warning",
    text:
      'failed negotiation reason=no-proposal policy="site-b" peer=192.0.2.2 wanted="aes-256-gcm curve25519" ' +
      'got="what \\"it\\" sent" fix="use one of theirs"',
  });
});

const NO_POLICY: FailureReport = {
  code: "no-policy",
  peer: "192.0.2.2",
  wanted: "a policy",
  got: "none",
  fix: "write one",
};
const NO_POLICY_TEXT =
  'failed negotiation reason=no-policy policy="" peer=192.0.2.2 wanted="a policy" got="none" fix="write one"';

Deno.test("logLineOf: a negotiation that failed before a policy was found has all fields, an empty policy", () => {
  const line = logLineOf({ kind: "failed", report: NO_POLICY });
  assert.equal(line.text, NO_POLICY_TEXT);
});

Deno.test("logLineOf: events and remarks keep their level and their fields", () => {
  const up: EngineEvent = { kind: "ike-up", policy: "a b", peer: "192.0.2.2", id: 4 };
  assert.deepEqual(logLineOf(up), {
    level: "notice",
    text: 'ike-up id=4 policy="a b" peer=192.0.2.2',
  });
  const child: EngineEvent = {
    kind: "child-down",
    policy: "p",
    peer: "::1",
    reason: "expired",
    text: "c1 c2",
  };
  assert.equal(logLineOf(child).text, 'child-down policy=p peer=::1 reason=expired child="c1 c2"');
  const log: EngineEvent = { kind: "log", level: "debug", text: "Odd\nthing", peer: "192.0.2.9" };
  assert.deepEqual(logLineOf(log), { level: "debug", text: "Odd\\x0athing peer=192.0.2.9" });
});

Deno.test("monitorEventOf: each kind of event has time, event, policy and peer", () => {
  const time = "2026-11-21T12:00:00.000Z";
  assert.deepEqual(
    monitorEventOf({ kind: "ike-down", policy: "p", peer: "192.0.2.2", id: 1, reason: "dpd" }, time),
    {
      time,
      event: "ike-down",
      policy: "p",
      peer: "192.0.2.2",
      reason: "dpd",
    },
  );
  const failed = monitorEventOf({ kind: "failed", report: NO_POLICY }, time);
  assert.deepEqual(failed, {
    time,
    event: "failed",
    policy: null,
    peer: "192.0.2.2",
    reason: "no-policy",
    text: NO_POLICY_TEXT,
  });
  const log = monitorEventOf({ kind: "log", level: "info", text: "hello" }, time);
  assert.deepEqual(log, { time, event: "log", policy: null, peer: null, text: "hello" });
  assert.equal(renderEvent(log), `${time} log text=hello`);
});
