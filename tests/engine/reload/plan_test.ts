import assert from "node:assert/strict";
import fc from "fast-check";
import { ascii, type EspSpi, type IkeSpi, type SecretRef } from "../../../src/bytes/mod.ts";
import { type Circumstances, planSa } from "../../../src/engine/reload/plan.ts";
import type { Policy } from "../../../src/policy/mod.ts";
import type { ChildSa, ChildState, IkeSa, IkeState } from "../../../src/sa/mod.ts";
import { ADDRESSES, ESP_MAC, flow, IKE_MAC, sideA } from "../../support/policies.ts";

const POLICY = sideA().policies[0]!;

function child(id: number, state: Exclude<ChildState, "closed">): ChildSa {
  const common = {
    id,
    policy: POLICY.name,
    suite: { protocol: 3, encr: { id: 20, keyBits: 256 }, esn: false },
    mode: "tunnel",
    initiated: true,
    spiIn: 1000 + id as EspSpi,
    spiOut: 2000 + id as EspSpi,
    localSelectors: [],
    remoteSelectors: [],
    udpEncap: false,
    createdAtMs: 0,
  } as const;
  return state === "rekeyed" ? { ...common, state, replacedBy: id + 1 } : { ...common, state };
}

/** As far as a plan looks at it. */
function sa(state: IkeState, role: IkeSa["role"], children: readonly ChildSa[]): IkeSa {
  const { a, b } = ADDRESSES[4];
  return {
    state,
    id: 1,
    role,
    policy: POLICY.name,
    spiI: 1n as IkeSpi,
    spiR: 2n as IkeSpi,
    path: { local: { address: a, port: 500 }, remote: { address: b, port: 500 }, natt: false },
    children: new Map(children.map((one) => [one.id, one])),
  } as unknown as IkeSa;
}

const AUTHENTICATED: readonly IkeState[] = ["established", "rekeying", "rekeyed", "deleting"];
const state = fc.constantFrom<IkeState>("init-sent", "auth-sent", "half-open", ...AUTHENTICATED);
const role = fc.constantFrom<IkeSa["role"]>("initiator", "responder");
const children = fc.array(
  fc.constantFrom<Exclude<ChildState, "closed">>("installed", "rekeying", "rekeyed", "deleting"),
  {
    maxLength: 4,
  },
).map((states) => states.map((one, at) => child(at + 1, one)));

/** Values that a field may have instead. */
const OTHERS: { readonly [Name in keyof Policy]?: Policy[Name] } = {
  name: "another",
  evaluation: "quick",
  mode: "passive",
  childProposals: [ESP_MAC],
  childLifetime: { ms: 1, octets: 2 },
  flows: [flow("10.8.0.0/16", "10.9.0.0/16")],
  tunnelMode: "transport",
  ikeLifetimeMs: 77,
  ikeProposals: [IKE_MAC],
  localId: { type: 2, data: ascii("c.example.com") },
  auth: { method: "psk", secret: "psk/new" as SecretRef },
  peer: { kind: "network", prefix: { address: ADDRESSES[4].nat, length: 32 } },
};
const change = fc.subarray(Object.keys(OTHERS) as (keyof Policy)[]).map((names): Policy => ({
  ...POLICY,
  ...Object.fromEntries(names.map((name) => [name, OTHERS[name]])),
}));

function circumstances(to: Policy | undefined, active = true): Circumstances {
  return { from: POLICY, to, active, couple: true };
}

const HARD = ["ikeProposals", "localId", "auth", "peer"] as const;
const differs = (to: Policy, names: readonly (keyof Policy)[]) =>
  names.some((name) => to[name] !== POLICY[name]);

Deno.test("planSa: every Child SA has its fate, and none but its own; that of its IKE SA where that one goes", () => {
  fc.assert(
    fc.property(state, role, children, fc.option(change, { nil: undefined }), fc.boolean(), (...given) => {
      const [state, role, list, to, active] = given;
      const plan = planSa(sa(state, role, list), circumstances(to, active));
      const known = AUTHENTICATED.includes(state) ? list.map(({ id }) => id) : [];
      assert.deepEqual([...plan.children.keys()], known);
      for (const one of known.length > 0 ? list : []) {
        const fate = plan.children.get(one.id)!.action;
        if (one.state === "rekeyed" || one.state === "deleting") assert.equal(fate, "keep");
        else if (plan.action === "renegotiate" || plan.action === "delete") assert.equal(fate, plan.action);
      }
    }),
  );
});

Deno.test("planSa: what is on its way out, or not authenticated yet, is left to itself", () => {
  fc.assert(fc.property(role, children, fc.option(change, { nil: undefined }), (role, list, to) => {
    for (const state of ["half-open", "rekeyed", "deleting"] as const) {
      assert.equal(planSa(sa(state, role, list), circumstances(to)).action, "keep");
    }
  }));
});

Deno.test("planSa: nothing but name, order and mode leaves everything alone", () => {
  fc.assert(fc.property(state, role, children, (state, role, list) => {
    for (const name of ["name", "evaluation", "mode"] as const) {
      const plan = planSa(sa(state, role, list), circumstances({ ...POLICY, [name]: OTHERS[name] }));
      assert.equal(plan.action, "keep");
      for (const { action } of plan.children.values()) assert.equal(action, "keep");
    }
  }));
});

Deno.test("planSa: a live IKE SA stays unless what it was authenticated with has changed, and then never stays", () => {
  fc.assert(
    fc.property(fc.constantFrom<IkeState>("established", "rekeying"), role, children, change, (...given) => {
      const [state, role, list, to] = given;
      const { action, fallback } = planSa(sa(state, role, list), circumstances(to));
      const begins = to.mode === "active" || role === "initiator";
      if (differs(to, HARD)) assert.equal(action, begins ? "renegotiate" : "delete");
      else assert.equal(action, to.ikeLifetimeMs === POLICY.ikeLifetimeMs ? "keep" : "rekey");
      assert.equal(fallback, undefined, "no word of the file is kept against its will");
    }),
  );
});

Deno.test("planSa: on an IKE SA that stays a changed flow costs the Child SA, other proposals a rekey, the rest nothing", () => {
  fc.assert(fc.property(role, children, change, (role, list, to) => {
    fc.pre(!differs(to, HARD));
    const plan = planSa(sa("established", role, list), circumstances(to));
    const begins = to.mode === "active" || role === "initiator";
    for (const { id } of list.filter((one) => one.state === "installed" || one.state === "rekeying")) {
      const wanted = differs(to, ["flows", "tunnelMode"])
        ? begins ? "renegotiate" : "delete"
        : differs(to, ["childProposals", "childLifetime"])
        ? "rekey"
        : "keep";
      assert.equal(plan.children.get(id)!.action, wanted);
    }
  }));
});

Deno.test("planSa: who is told to be passive begins nothing", () => {
  fc.assert(fc.property(role, children, change, (role, list, to) => {
    const plan = planSa(sa("established", role, list), circumstances(to, false));
    assert.notEqual(plan.action, "renegotiate");
    for (const { action } of plan.children.values()) assert.notEqual(action, "renegotiate");
  }));
});

Deno.test("planSa: an address that the policy's new words still allow keeps the SA", () => {
  const { b } = ADDRESSES[4];
  for (
    const peer of [
      { kind: "any" },
      { kind: "network", prefix: { address: { family: 4, value: b.value & ~0xffn }, length: 24 } },
      { kind: "name", name: "peer.example.com", addresses: [b] },
    ] as const
  ) {
    const to = { ...POLICY, peer };
    assert.equal(planSa(sa("established", "initiator", []), circumstances(to)).action, "keep");
  }
});
