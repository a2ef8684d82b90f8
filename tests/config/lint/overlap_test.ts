import assert from "node:assert/strict";
import { compile, Diagnostics, parse, Source } from "../../../src/config/mod.ts";
import { lintOverlap } from "../../../src/config/lint/overlap.ts";
import { environment, octetsOf } from "../support.ts";
import { check, codesOf } from "./support.ts";

const KEY = 'psk "Wq7-tuX2pLz9-vRm4kDs8-hYb3nGf6"';

/** Each line is what stands between the name and the key of a policy; what is said of W014 and W015. */
function said(...policies: readonly string[]): string[] {
  const text = policies.map((one, at) => `ikev2 p${at} ${one} ${KEY}\n`).join("");
  return codesOf(text).filter((one) => /W01[45]$/.test(one));
}

Deno.test("the same flow in two policies is told at the later one, with the place of the first", () => {
  const { text } = check(
    `ikev2 a from 10.1.0.0/16 to 10.2.0.0/16 peer 192.0.2.1 ${KEY}\n` +
      `ikev2 b from 10.1.0.0/16 to 10.2.0.0/16 peer 192.0.2.2 ${KEY}\n`,
  );
  assert.match(
    text,
    /^iked.conf:2:9: warning: this flow gets no traffic: policy "a" \(iked.conf:1:7\) comes first with the same one \[W014\]\n/,
  );
});

Deno.test("flows of which each is narrower at one end are told with what they have in common", () => {
  const { text } = check(
    `ikev2 a from 10.0.0.0/8 to 172.16.1.0/24 peer 192.0.2.1 ${KEY}\n` +
      `ikev2 b from 10.1.0.0/16 to 172.16.0.0/12 peer 192.0.2.2 ${KEY}\n`,
  );
  assert.match(
    text,
    /^iked.conf:2:9: warning: this flow and one of policy "a" \(iked.conf:1:7\) have traffic in common/,
  );
  assert.match(text, /: from 10.1.0.0\/16 to 172.16.1.0\/24 \[W014\]/);
});

Deno.test("exceptions, other protocols, ports, families and domains are no overlap", () => {
  const wide = "from 10.0.0.0/8 to 172.16.0.0/12 peer 192.0.2.1";
  for (
    const other of [
      "from 10.1.0.0/16 to 172.16.1.0/24 peer 192.0.2.2",
      "from 10.0.0.0/8 to 172.16.1.0/24 peer 192.0.2.2",
      "from 11.0.0.0/8 to 172.16.0.0/12 peer 192.0.2.2",
      "from 2001:db8::/32 to any peer 192.0.2.2",
      "rdomain 1 from 10.0.0.0/8 to 172.16.0.0/12 peer 192.0.2.2",
      "proto tcp from 10.0.0.0/8 to 172.16.0.0/12 port 23 peer 192.0.2.2",
      "from 10.0.0.0/8 to dynamic peer 192.0.2.2",
    ]
  ) {
    assert.deepEqual(said(wide, other), [], other);
    assert.deepEqual(said(other, wide), [], other);
  }
  const dynamic = "from any to dynamic peer any";
  assert.deepEqual(said(`${dynamic} dstid a.example.com`, `${dynamic} dstid b.example.com`), []);
  assert.deepEqual(
    said(
      "from 10.9.0.1 (10.1.0.0/16) to 172.16.0.0/12 peer 192.0.2.1",
      "from 10.9.0.1 to 172.16.0.0/12 peer 192.0.2.2",
    ),
    [],
  );
  assert.deepEqual(
    said(
      "from 10.9.0.1 (10.1.0.0/16) to 172.16.0.0/12 peer 192.0.2.1",
      "from 10.1.0.0/16 to 172.16.0.0/12 peer 192.0.2.2",
    ),
    ["2:10 W014"],
  );
});

Deno.test("a policy that is never used has no part in it", () => {
  const flow = "from 10.1.0.0/16 to 10.2.0.0/16";
  assert.deepEqual(said(`${flow} peer 192.0.2.1`, `${flow} peer any`), []);
});

Deno.test("a flow within another one of its policy is told, all of its addresses and protocols considered", () => {
  assert.deepEqual(said("from 10.0.0.0/8 to any from 10.1.0.0/16 to 172.16.0.0/12 peer 192.0.2.1"), [
    "1:33 W015",
  ]);
  assert.deepEqual(said("from 10.1.0.0/16 to any from 10.0.0.0/8 to any peer 192.0.2.1"), ["1:10 W015"]);
  assert.deepEqual(said("from 10.1.0.0/16 to any from 10.0.0.0/8 to 172.16.0.0/12 peer 192.0.2.1"), []);
  assert.deepEqual(said("proto { tcp, udp } from any port 53 to any from any to any peer 192.0.2.1"), [
    "1:29 W015",
  ]);
  // The name has an address of IPv6, too
  assert.deepEqual(said("from any to 192.0.2.0/24 from any to gw.example.com peer 192.0.2.1"), []);
  assert.deepEqual(said("from any to 192.0.2.0/24 from any to v4.example.com peer 192.0.2.1"), ["1:35 W015"]);
});

Deno.test("the steps for ten times the policies are ten times as many", () => {
  const v4 = (at: number) => `10.${at >> 16}.${(at >> 8) & 255}.${at & 255}`;
  const shapes: readonly (readonly [string, (at: number) => string])[] = [
    ["a network each", (at) => `from 192.0.2.0/24 to ${v4(at * 4)}/30`],
    ["all the same", () => "from 192.0.2.0/24 to 10.0.0.0/8"],
    ["one wide, many narrow", (at) => at === 0 ? "from any to any" : `from 192.0.2.0/24 to ${v4(at)}`],
    [
      "crossing",
      (at) => at % 2 === 0 ? `from 172.16.0.0/12 to ${v4(at)}` : `from 172.16.${at & 255}.0/24 to 10.0.0.0/8`,
    ],
    ["every length", (at) => `from ${v4(at * 97)}/${8 + (at % 25)} to ${v4(at * 31)}/${8 + (at % 23)}`],
  ];
  for (const [what, flow] of shapes) {
    const steps = (size: number) => {
      const text = Array.from({ length: size }, (_, at) => `ikev2 ${flow(at)} peer 192.0.2.1 ${KEY}\n`).join(
        "",
      );
      const diagnostics = new Diagnostics();
      const { tree } = parse(
        new Source("f", octetsOf(text)),
        { macros: new Map(), include: () => "no" },
        diagnostics,
      );
      const { configuration } = compile(tree, environment, diagnostics)!;
      const subjects = configuration.policies.map((policy, position) => ({
        position,
        policy,
        node: tree.policies[position]!,
      }));
      return lintOverlap(subjects, new Set(), diagnostics);
    };
    const [few, many] = [steps(100), steps(1000)];
    assert.ok(many <= 15 * few && many <= 400 * 1000, `${what}: ${few}, ${many}`);
  }
});
