import assert from "node:assert/strict";
import fc from "fast-check";
import { parseAddress } from "../../../src/ip/mod.ts";
import { compile, Diagnostics, parse, Source } from "../../../src/config/mod.ts";
import { lintUnreachable, Precedence } from "../../../src/config/lint/unreachable.ts";
import type { Subject } from "../../../src/config/lint/subject.ts";
import { createLookup, type Policy } from "../../../src/policy/mod.ts";
import { covers } from "../../../src/selector/mod.ts";
import { environment, octetsOf } from "../support.ts";
import { check, codesOf } from "./support.ts";

const KEY = 'psk "Wq7-tuX2pLz9-vRm4kDs8-hYb3nGf6"';
const FLOW = "from 10.1.0.0/16 to 10.2.0.0/16";

/** Names of the policies that W012 is said of. */
function unreachable(...policies: readonly string[]): string[] {
  const text = policies.map((one) => `ikev2 ${one} ${one.includes("from ") ? "" : FLOW} ${KEY}\n`).join("");
  return codesOf(text).filter((one) => one.endsWith("W012")).map((one) => one.split(":")[0]!)
    .map((line) => policies[Number(line) - 1]!.split(" ")[0]!);
}

Deno.test("a policy that a later one takes all peers of is told, with the place of the other and why", () => {
  const { text } = check(
    `ikev2 first ${FLOW} peer 192.0.2.0/24 srcid a.example.com ${KEY}\n` +
      `ikev2 last ${FLOW} peer any srcid a.example.com ${KEY}\n`,
  );
  assert.ok(
    text.startsWith(
      'iked.conf:1:7: warning: no incoming peer gets this policy: "last" (iked.conf:2:7) matches all of them, too, ' +
        "and comes later: the last match wins [W012]\nikev2 first ",
    ),
    text,
  );
});

Deno.test("what counts is the order of evaluation: the last match, quick, default", () => {
  const cases: readonly (readonly [policies: readonly string[], told: readonly string[]])[] = [
    [["a peer 192.0.2.1", "b peer any"], ["a"]],
    [["b peer any", "a peer 192.0.2.1"], []],
    [["a quick peer 192.0.2.1", "b peer any"], []],
    [["a quick peer any", "b quick peer 192.0.2.1"], ["b"]],
    [["b quick peer 192.0.2.1", "a quick peer any"], []],
    [["a quick peer any", "b peer 192.0.2.1"], ["b"]],
    [["b peer 192.0.2.1", "a quick peer any"], ["b"]],
    [["d default peer 192.0.2.1", "n peer any"], ["d"]],
    [["d default peer any", "n peer 192.0.2.1"], []],
    [["d default peer any", "e default peer 192.0.2.1"], []],
    [["e default peer 192.0.2.1", "d default peer any"], ["e"]],
    [["n peer any", "d default peer any"], ["d"]],
    [["a peer 192.0.2.1", "b peer any", "c peer any"], ["a", "b"]],
    [["s skip peer 192.0.2.1"], []],
    [["s skip peer any"], ["s"]],
    [["a peer 192.0.2.1", "s skip peer any"], ["s"]],
    [["a active peer 192.0.2.1", "b peer any"], []],
  ];
  for (const [policies, told] of cases) {
    assert.deepEqual(unreachable(...policies), told, policies.join(" | "));
  }
});

Deno.test("a policy that may match where the other does not is not told", () => {
  const other = "b peer any srcid a.example.com";
  for (
    const one of [
      "srcid z.example.com",
      `srcid a.example.com ikesa enc 3des auth hmac-md5 group modp768`,
      `srcid a.example.com childsa enc aes-256 auth hmac-md5`,
      `srcid a.example.com from 10.1.0.0/16 to 10.3.0.0/16`,
      `srcid a.example.com from 10.1.0.0/16 to 10.2.0.0/15`,
      `srcid a.example.com proto tcp ${FLOW}`,
    ]
  ) {
    const both = [`a peer 192.0.2.1 ${one}`, other];
    const expected = one.includes("proto tcp") ? ["a"] : [];
    assert.deepEqual(unreachable(...both), expected, one);
  }
  assert.deepEqual(unreachable("a peer 192.0.2.1", "b peer any local 203.0.113.1"), []);
  assert.deepEqual(unreachable("a peer 192.0.2.1", "b peer any inet6"), []);
  assert.deepEqual(unreachable("a peer 192.0.2.1", "b peer any inet"), ["a"]);
  assert.deepEqual(unreachable("a peer any", "b peer any inet"), []);
  assert.deepEqual(unreachable("a peer any", "b peer any dstid x.example.com"), []);
  assert.deepEqual(unreachable("a peer any dstid X.example.com", "b peer any dstid x.example.com"), ["a"]);
  assert.deepEqual(unreachable("a peer gw.example.com", "b peer 192.0.2.0/24"), []);
  assert.deepEqual(unreachable("a peer gw.example.com", "b peer any"), ["a"]);
  assert.deepEqual(unreachable("a peer gw.example.com", "b peer gw.example.com"), ["a"]);
  const psk = `ikev2 a ${FLOW} peer any ${KEY}\n`, rsa = `ikev2 b ${FLOW} peer any rsa\n`;
  assert.deepEqual(codesOf(psk + rsa).filter((one) => one.endsWith("W012")), []);
});

/** Compiles policies without an error. */
function subjectsOf(text: string): Subject[] {
  const diagnostics = new Diagnostics();
  const { tree } = parse(
    new Source("f", octetsOf(text)),
    { macros: new Map(), include: () => "no" },
    diagnostics,
  );
  const compiled = compile(tree, environment, diagnostics)!;
  return compiled.configuration.policies.map((policy, position) => ({
    position,
    policy,
    node: tree.policies[position]!,
  }));
}

Deno.test("no peer whatever is given a policy that is told, by the lookup of the engine itself", () => {
  const entry = fc.record({
    evaluation: fc.constantFrom("", "quick", "default"),
    peer: fc.constantFrom("any", "192.0.2.1", "192.0.2.0/24", "2001:db8::1", "gw.example.com"),
    local: fc.constantFrom("", "", "local 192.0.2.254"),
    dstid: fc.constantFrom("", "", "dstid a.example.com", "dstid b.example.com"),
    flow: fc.constantFrom(FLOW, "from 10.1.0.0/16 to any", "from 10.1.1.0/24 to 10.2.0.0/16"),
    ikesa: fc.constantFrom("", "", "ikesa enc aes-256-gcm"),
  }).filter(({ peer, local }) => local === "" || !peer.includes("::"));
  let told = 0;
  fc.assert(
    fc.property(fc.array(entry, { minLength: 1, maxLength: 8, size: "max" }), (list) => {
      const text = list.map((one, at) =>
        `ikev2 p${at} ${one.evaluation} ${one.flow} ${one.local} peer ${one.peer} srcid s.example.com ${one.dstid} ` +
        `${one.ikesa} ${KEY}\n`
      ).join("");
      const subjects = subjectsOf(text);
      const useless = lintUnreachable(subjects, new Diagnostics());
      told += useless.size;
      const policies = subjects.map(({ policy }) => policy);
      const lookup = createLookup(policies);
      for (const subject of useless) {
        const { policy } = subject;
        for (const address of ["192.0.2.1", "192.0.2.9", "198.51.100.1", "2001:db8::1", "2001:db8::10"]) {
          const peer = parseAddress(address)!;
          for (
            const peerId of [undefined, policy.peerId, subjects[0]!.policy.peerId, policies.at(-1)!.peerId]
          ) {
            const local = parseAddress(peer.family === 4 ? "192.0.2.254" : "2001:db8::fe")!;
            // What the peer wants is what the policy has
            const accepts = (one: Policy) =>
              policy.flows.every((flow) =>
                one.flows.some((other) =>
                  covers(other.local, flow.local) && covers(other.remote, flow.remote)
                )
              );
            const acceptsIke = (own: Policy["ikeProposals"]) =>
              own.some((one) =>
                policy.ikeProposals[0]!.encr.some(({ keyBits }) =>
                  one.encr.some((other) => other.keyBits === keyBits)
                )
              );
            const found = lookup.incoming({
              peer,
              local,
              localId: policy.localId,
              ...(peerId === undefined ? {} : { peerId }),
              accepts,
              acceptsIke,
            });
            assert.notEqual(found, policy, text);
          }
        }
      }
    }),
    { numRuns: 300 },
  );
  assert.ok(told > 100, String(told));
});

Deno.test("the steps for ten times the policies are ten times as many", () => {
  const v4 = (at: number) => `10.${at >> 16}.${(at >> 8) & 255}.${at & 255}`;
  const shapes: readonly (readonly [string, (at: number) => string])[] = [
    ["a host each", (at) => `ikev2 ${FLOW} peer ${v4(at)} ${KEY}\n`],
    ["a flow each", (at) => `ikev2 from 172.16.0.0/12 to ${v4(at)} peer 192.0.2.1 ${KEY}\n`],
    ["an identity each", (at) => `ikev2 ${FLOW} peer any dstid u${at}.example.com ${KEY}\n`],
    ["all the same", () => `ikev2 ${FLOW} peer any ${KEY}\n`],
    [
      "all the same but for proposals",
      (at) =>
        `ikev2 ${FLOW} peer any ikelifetime ${at} ikesa enc ${
          ["aes-128", "aes-192", "aes-256"][at % 3]
        } ${KEY}\n`,
    ],
    [
      "nested networks",
      (at) =>
        `ikev2 from 172.16.0.0/12 to ${v4(at)}/${8 + (at % 25)} peer ${v4(at * 7)}/${8 + (at % 24)} ${KEY}\n`,
    ],
  ];
  for (const [what, line] of shapes) {
    const steps = (size: number) => {
      const subjects = subjectsOf(Array.from({ length: size }, (_, at) => line(at)).join(""));
      const precedence = new Precedence(subjects);
      for (const one of subjects) precedence.before(one);
      return precedence.steps;
    };
    const [few, many] = [steps(100), steps(1000)];
    assert.ok(many <= 15 * few && many <= 400 * 1000, `${what}: ${few}, ${many}`);
  }
});
