import assert from "node:assert/strict";
import fc from "fast-check";
import {
  acceptChild,
  acceptIke,
  answerProposal,
  keMethodsOf,
  offersIke,
  type Proposal,
  proposalsToWire,
  selectChild,
  selectIke,
  withoutKe,
} from "../../src/proposal/mod.ts";
import type { WireProposal, WireTransform } from "../../src/wire/payload/types.ts";

const NO_SPI = new Uint8Array(0);
const SPI = Uint8Array.of(1, 2, 3, 4);
const GCM256 = { id: 20, keyBits: 256 }, GCM128 = { id: 20, keyBits: 128 };
const CBC128 = { id: 12, keyBits: 128 }, CBC256 = { id: 12, keyBits: 256 }, TRIPLE_DES = { id: 3 };

const ike = (over: Partial<Proposal> = {}): Proposal => ({
  protocol: 1,
  encr: [GCM256, GCM128],
  prf: [5],
  integ: [],
  ke: [31, 19],
  esn: [],
  ...over,
});
const esp = (over: Partial<Proposal> = {}): Proposal => ({
  protocol: 3,
  encr: [CBC256, CBC128],
  prf: [],
  integ: [12],
  ke: [],
  esn: [1, 0],
  ...over,
});
const wire = (transforms: readonly (readonly [type: number, id: number, keyBits?: number])[], over = {}) => ({
  number: 1,
  protocol: 1,
  spi: NO_SPI,
  transforms: transforms.map(([type, id, keyBits]): WireTransform => ({
    type,
    id,
    attributes: keyBits === undefined ? [] : [{ type: 14, value: keyBits }],
  })),
  ...over,
} as WireProposal);

Deno.test("an AEAD proposal goes to the wire with Key Length and without INTEG (RFC 5282 §8)", () => {
  assert.deepEqual(proposalsToWire([ike()], NO_SPI), [
    wire([[1, 20, 256], [1, 20, 128], [2, 5], [4, 31], [4, 19]]),
  ]);
});

Deno.test("an ESP proposal has INTEG, ESN and a KE only with PFS; 3DES has no Key Length", () => {
  const [plain, pfs] = proposalsToWire([esp(), esp({ encr: [TRIPLE_DES], ke: [31, 0], esn: [0] })], SPI);
  assert.deepEqual(
    plain,
    wire([[1, 12, 256], [1, 12, 128], [3, 12], [5, 1], [5, 0]], { protocol: 3, spi: SPI }),
  );
  assert.deepEqual(
    pfs,
    wire([[1, 3], [3, 12], [4, 31], [4, 0], [5, 0]], { number: 2, protocol: 3, spi: SPI }),
  );
});

Deno.test("the responder's order of proposals and of alternatives decides", () => {
  const own = [ike({ encr: [GCM128, GCM256], ke: [19, 31] }), ike({ encr: [CBC128], integ: [12] })];
  const offered = proposalsToWire([ike({ encr: [CBC128], integ: [12] }), ike()], NO_SPI);
  const chosen = selectIke(own, offered, 0);
  assert.ok(chosen.ok);
  assert.deepEqual(chosen.value.suite, { encr: GCM128, prf: 5, ke: 19 });
  assert.deepEqual(
    answerProposal(chosen.value, NO_SPI),
    wire([[1, 20, 128], [2, 5], [4, 19]], { number: 2 }),
  );
});

Deno.test("a transform with an unknown attribute is passed over, the proposal is not (RFC 7296 §3.3.6)", () => {
  const base = wire([[1, 20, 256], [1, 20, 128], [2, 5], [4, 31]]);
  const odd: WireTransform = {
    type: 1,
    id: 20,
    attributes: [{ type: 14, value: 256 }, { type: 99, value: 1 }],
  };
  const chosen = selectIke([ike()], [{ ...base, transforms: [odd, ...base.transforms.slice(1)] }], 0);
  assert.ok(chosen.ok);
  assert.deepEqual(chosen.value.suite.encr, GCM128);
});

Deno.test("a proposal with a transform type that is not understood is passed over whole (RFC 7296 §3.3.6)", () => {
  const good = wire([[1, 20, 128], [2, 5], [4, 31]], { number: 2 });
  const odd = wire([[1, 20, 256], [2, 5], [4, 31], [6, 36]]);
  const chosen = selectIke([ike()], [odd, good], 0);
  assert.ok(chosen.ok && chosen.value.number === 2);
  const none = selectIke([ike()], [odd], 0);
  assert.ok(!none.ok);
  assert.equal(none.error.got, "one with ADDKE1");
});

Deno.test("AES without Key Length, with a wrong one, and 3DES with one are not chosen", () => {
  const tail = [[2, 5], [3, 12], [4, 31]] as const;
  const own = [ike({ encr: [CBC128, TRIPLE_DES], integ: [12] })];
  for (const transform of [[1, 12], [1, 12, 100], [1, 3, 192]] as const) {
    assert.ok(!selectIke(own, [wire([transform, ...tail])], 0).ok, transform.join("-"));
  }
  assert.ok(selectIke(own, [wire([[1, 3], ...tail])], 0).ok);
});

Deno.test("INTEG NONE with an AEAD is as good as none and is answered as it was offered", () => {
  const chosen = selectIke([ike()], [wire([[1, 20, 256], [2, 5], [3, 0], [4, 31]])], 0);
  assert.ok(chosen.ok && chosen.value.suite.integ === undefined);
  assert.deepEqual(chosen.value.transforms.map((one) => [one.type, one.id]), [[1, 20], [2, 5], [3, 0], [
    4,
    31,
  ]]);
});

Deno.test("an AEAD together with a real INTEG only is not chosen (RFC 5282 §8)", () => {
  assert.ok(!selectIke([ike()], [wire([[1, 20, 256], [2, 5], [3, 12], [4, 31]])], 0).ok);
});

Deno.test("a missing mandatory type, a wrong SPI length and another protocol make a proposal unacceptable", () => {
  const cases: [WireProposal, string][] = [
    [wire([[1, 20, 256], [4, 31]]), "one without PRF"],
    [wire([[1, 20, 256], [2, 5]]), "one without KE"],
    [wire([[1, 20, 256], [2, 5], [4, 31]], { spi: SPI }), "an SPI of 4 octets"],
    [wire([[1, 20, 256], [2, 5], [4, 31]], { protocol: 3 }), "one for ESP"],
    [wire([[1, 20, 256], [2, 5], [4, 31], [5, 0]]), "one with ESN"],
  ];
  for (const [offered, got] of cases) {
    const refused = selectIke([ike()], [offered], 0);
    assert.ok(!refused.ok);
    assert.equal(refused.error.got, got);
  }
});

Deno.test("the explanation names what was wanted, what came and the words of iked.conf", () => {
  const refused = selectIke([ike({ encr: [CBC256], integ: [12] }), ike()], [
    wire([[1, 3], [2, 2], [3, 2], [4, 2]]),
    wire([[1, 20, 256], [2, 5], [4, 2], [4, 14]]),
  ], 0);
  assert.deepEqual(refused, {
    ok: false,
    error: {
      wanted: "Curve25519, 256-bit random ECP group",
      got: "1024-bit MODP Group, 2048-bit MODP Group",
      fix: "write `ikesa group modp1024` in the policy, or let the peer propose what is wanted",
    },
  });
});

Deno.test("the explanation stays short whatever the peer sends", () => {
  const many = Array.from({ length: 3000 }, (_, i) => [1, 1000 + i, 8] as const);
  const refused = selectIke([ike()], [wire([...many, [2, 5], [4, 31]])], 0);
  assert.ok(!refused.ok && refused.error.got.length < 300 && refused.error.got.endsWith("and 2988 more"));
  assert.match(refused.error.fix, /cannot do/);
});

Deno.test("ESP: a peer that leaves ESN out gets no extended sequence numbers, and none in the answer", () => {
  const offered = wire([[1, 12, 128], [3, 12]], { protocol: 3, spi: SPI });
  const chosen = selectChild([esp()], [offered]);
  assert.ok(chosen.ok);
  assert.deepEqual(chosen.value.suite, { protocol: 3, encr: CBC128, integ: 12, esn: false });
  assert.deepEqual(chosen.value.transforms, offered.transforms);
  assert.ok(!selectChild([esp({ esn: [1] })], [offered]).ok);
});

Deno.test("ESP: PFS that only one side has, in IKE_AUTH and after it", () => {
  const pfs = esp({ ke: [31] });
  const offered = proposalsToWire([esp()], SPI);
  assert.ok(!selectChild([pfs], offered).ok);
  const chosen = selectChild(withoutKe([pfs]), offered);
  assert.ok(chosen.ok && chosen.value.suite.ke === undefined);
  const optional = selectChild([esp({ ke: [31, 0] })], offered);
  assert.ok(optional.ok && optional.value.suite.ke === undefined);
  assert.deepEqual(keMethodsOf([esp({ ke: [31, 0] }), pfs, esp({ ke: [14] })]), [31, 14]);
});

Deno.test("the initiator accepts exactly one proposal with exactly one transform of each type", () => {
  const sent = [ike(), ike({ encr: [CBC128], integ: [12] })];
  const answer = wire([[1, 12, 128], [2, 5], [3, 12], [4, 19]], { number: 2 });
  const accepted = acceptIke(sent, [answer], 0);
  assert.ok(accepted.ok);
  assert.deepEqual(accepted.value.suite, { encr: CBC128, prf: 5, integ: 12, ke: 19 });
  const refusals: [readonly WireProposal[], string][] = [
    [[], "not-one-proposal"],
    [[answer, answer], "not-one-proposal"],
    [[{ ...answer, number: 3 }], "unknown-number"],
    [[{ ...answer, number: 0 }], "unknown-number"],
    [[{ ...answer, number: 1 }], "not-proposed"],
    [[{ ...answer, transforms: [...answer.transforms, answer.transforms[0]!] }], "not-one-transform"],
    [[wire([[1, 12, 256], [2, 5], [3, 12], [4, 19]], { number: 2 })], "not-proposed"],
    [[wire([[1, 12, 128], [2, 5], [3, 12]], { number: 2 })], "not-proposed"],
  ];
  for (const [answered, code] of refusals) {
    const refused = acceptIke(sent, answered, 0);
    assert.ok(!refused.ok, code);
    assert.equal(refused.error.code, code);
  }
});

Deno.test("whatever the responder selects, the initiator accepts, with the same suite", () => {
  const some = <T>(values: readonly T[]) => fc.shuffledSubarray([...values], { minLength: 1 });
  const proposal = fc.oneof(
    fc.record({ encr: some([CBC256, CBC128, TRIPLE_DES]), integ: some([12, 13, 2]) }),
    fc.record({ encr: some([GCM128, GCM256, { id: 28 }]), integ: fc.constant([]) }),
  ).chain((part) =>
    fc.record({ ke: fc.oneof(fc.constant([]), some([31, 14, 0])), esn: some([0, 1] as const) })
      .map((rest) => esp({ ...part, ...rest }))
  );
  const proposals = fc.array(proposal, { minLength: 1, maxLength: 3 });
  let agreed = 0;
  fc.assert(
    fc.property(proposals, proposals, (own, sent) => {
      const chosen = selectChild(own, proposalsToWire(sent, SPI));
      if (!chosen.ok) return;
      agreed++;
      const accepted = acceptChild(sent, [answerProposal(chosen.value, Uint8Array.of(9, 9, 9, 9))]);
      assert.ok(accepted.ok);
      assert.deepEqual(accepted.value.suite, chosen.value.suite);
    }),
    { numRuns: 500 },
  );
  assert.ok(agreed > 20);
});

Deno.test("select: 255 proposals of a stranger cost no more than 64, with and without a reason for the log", () => {
  let looks = 0;
  const offered = Array.from({ length: 255 }, (_, at): WireProposal => ({
    number: at + 1,
    protocol: 1,
    spi: NO_SPI,
    get transforms() {
      looks++;
      return [{ type: 1, id: 99, attributes: [] }];
    },
  }));
  const own = [ike(), ike({ encr: [CBC128], integ: [12] })];
  assert.equal(offersIke(own, offered, 0), false);
  assert.ok(looks > 0 && looks <= 64 * own.length * 2, `${looks} looks`);
  looks = 0;
  assert.equal(selectIke(own, offered, 0).ok, false);
  assert.ok(looks <= 64 * own.length * 6, `${looks} looks`);
});

Deno.test("offersIke: says the same as the choice", () => {
  const fits = proposalsToWire([ike()], NO_SPI);
  assert.equal(offersIke([ike()], fits, 0), true);
  assert.equal(offersIke([ike({ prf: [7] })], fits, 0), false);
  assert.equal(offersIke([ike()], fits, 8), false);
});
