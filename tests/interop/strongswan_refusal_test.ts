/** What does not fit is refused with the right notification on the wire, and explained in our log. */
import assert from "node:assert/strict";
import { Iked } from "./iked.ts";
import { whyNot, Wire } from "./lab.ts";
import { StrongSwan } from "./peers.ts";
import { type Choices, ikedConf, PATHS, PSK, type Suite, SUITES, swanctlConf } from "./suites.ts";

const why = whyNot();
const skipped = why === undefined ? "" : ` [skipped: ${why}]`;
const path = PATHS[0]!;

interface Refusal {
  readonly what: string;
  readonly theirSuite?: Partial<Suite>;
  readonly theirs?: Choices;
  /** In strongSwan's log: what it received from us as responder, and what it sent to us as initiator. */
  readonly received: RegExp;
  readonly sent: RegExp;
  /** Our reason as responder and as initiator. */
  readonly asResponder: string;
  readonly asInitiator: string;
  /** Whether the IKE SA stays (RFC 7296 §1.2, §2.21.2). */
  readonly ikeStays: boolean;
}

const WRONG_PSK = "another example secret";

const REFUSALS: readonly Refusal[] = [
  {
    what: "a wrong PSK",
    theirs: { psk: WRONG_PSK },
    received: /parsed IKE_AUTH response 1 \[ N\(AUTH_FAILED\) \]/,
    sent: /generating IKE_AUTH response 1 \[ N\(AUTH_FAILED\) \]/,
    asResponder: "auth-failed",
    asInitiator: "refused-auth",
    ikeStays: false,
  },
  {
    what: "no common proposal for the IKE SA",
    theirSuite: { ike: "aes192-sha512-modp4096" },
    received: /parsed IKE_SA_INIT response 0 \[ N\(NO_PROP\)/,
    sent: /generating IKE_SA_INIT response 0 \[ N\(NO_PROP\) \]/,
    asResponder: "no-ike-proposal",
    asInitiator: "refused-ike",
    ikeStays: false,
  },
  {
    what: "no common proposal for the Child SA",
    theirSuite: { esp: "aes192-sha512" },
    received: /parsed IKE_AUTH response 1 \[ IDr AUTH .*N\(NO_PROP\)/,
    sent: /generating IKE_AUTH response 1 \[ IDr AUTH .*N\(NO_PROP\)/,
    asResponder: "no-child-proposal",
    asInitiator: "refused-child",
    ikeStays: true,
  },
  {
    what: "no common selector",
    theirs: { leftNet: "10.7.0.0/16" },
    received: /parsed IKE_AUTH response 1 \[ IDr AUTH .*N\(TS_UNACCEPT\)/,
    sent: /generating IKE_AUTH response 1 \[ IDr AUTH .*N\(TS_UNACCEPT\)/,
    asResponder: "no-selectors",
    asInitiator: "refused-child",
    ikeStays: true,
  },
];

function assertExplained(iked: Iked, line: string): void {
  assert.match(line, /policy="gw"/);
  assert.match(line, / peer=192\.0\.2\.\d/);
  assert.match(line, / fix="(?:[^"\\]|\\.){10,}"/);
  for (const secret of [PSK, WRONG_PSK]) assert.ok(!iked.process.log.includes(secret), "a PSK is in the log");
}

async function assertIke(iked: Iked, stays: boolean): Promise<void> {
  const { ikeSas } = await iked.ctl("show", "sa");
  // deno-lint-ignore no-explicit-any
  const established = ikeSas.filter((sa: any) => sa.state === "established");
  assert.equal(established.length, stays ? 1 : 0, JSON.stringify(ikeSas));
  if (stays) assert.equal(established[0].children.length, 0);
}

for (const refusal of REFUSALS) {
  const suite: Suite = SUITES[0]!;
  const theirSuite: Suite = { ...suite, ...refusal.theirSuite };

  Deno.test({
    name: `strongSwan initiates with ${refusal.what}: refused and explained${skipped}`,
    ignore: why !== undefined,
    fn: async () => {
      await using wire = await Wire.create("ikn-", "direct");
      await using peer = await StrongSwan.start(wire.left, "userland");
      await using iked = await Iked.start(wire.right, ikedConf("right", path, suite));
      await peer.load(swanctlConf("left", path, theirSuite, refusal.theirs));
      const initiated = await peer.swanctl("--initiate", "--child", "net", "--timeout", "20");
      assert.notEqual(initiated.code, 0);
      assertExplained(iked, await iked.process.line(new RegExp(`reason=${refusal.asResponder} `)));
      assert.match(await peer.log(), refusal.received);
      await assertIke(iked, refusal.ikeStays);
    },
  });

  Deno.test({
    name: `we initiate and strongSwan has ${refusal.what}: understood and explained${skipped}`,
    ignore: why !== undefined,
    fn: async () => {
      await using wire = await Wire.create("ikm-", "direct");
      await using peer = await StrongSwan.start(wire.right, "userland");
      await peer.load(swanctlConf("right", path, theirSuite, refusal.theirs));
      await using iked = await Iked.start(wire.left, ikedConf("left", path, suite));
      assertExplained(iked, await iked.process.line(new RegExp(`reason=${refusal.asInitiator} `)));
      assert.match(await peer.log(), refusal.sent);
      await assertIke(iked, refusal.ikeStays);
    },
  });
}
