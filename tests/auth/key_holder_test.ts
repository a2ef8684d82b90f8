import assert from "node:assert/strict";
import { ascii, ikeSpi, type Result, Secret, type SecretRef, toHex } from "../../src/bytes/mod.ts";
import { type IkeSuite, keAlgorithms } from "../../src/crypto/mod.ts";
import { createPortable } from "../../src/crypto/portable/provider.ts";
import {
  type DeriveChild,
  type FinishIke,
  type HolderLimits,
  type KeHalf,
  KeyHolder,
  type KeysError,
  type SaHandle,
} from "../../src/auth/mod.ts";
import type { Keys } from "../../src/exchange/ports.ts";
import { AUTH_METHOD, ENCR, INTEG, KE, PRF } from "../../src/wire/registry.ts";

const PSK = "psk-example" as SecretRef;

const suite: IkeSuite = {
  encr: { id: ENCR.ENCR_AES_CBC, keyBits: 128 },
  prf: PRF.PRF_HMAC_SHA2_256,
  integ: INTEG.AUTH_HMAC_SHA2_256_128,
  ke: KE.CURVE25519,
};
const child: DeriveChild["suite"] = {
  protocol: 3,
  encr: { id: ENCR.ENCR_AES_GCM_16, keyBits: 256 },
  esn: false,
};
const nonces = { nonceI: new Uint8Array(32).fill(0x11), nonceR: new Uint8Array(32).fill(0x22) };
const spis = { spiI: ikeSpi(0x1111n), spiR: ikeSpi(0x2222n) };

/** Octets that differ from call to call and are the same in every run. */
function counting(seed: number) {
  let state = seed;
  return (length: number) =>
    Uint8Array.from({ length }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state >>> 24;
    });
}

function holder(
  seed: number,
  secret = "an example of a secret",
  limits: Partial<HolderLimits> = {},
): KeyHolder {
  const made: KeyHolder & Keys = new KeyHolder({ provider: createPortable(counting(seed)), limits });
  made.loadSecrets([{ ref: PSK, secret: new Secret(ascii(secret)) }]);
  return made;
}

function value<T>(result: Result<T, KeysError>): T {
  if (!result.ok) assert.fail(`unexpected error ${result.error.code}`);
  return result.value;
}

function code(result: Result<unknown, KeysError>): string {
  return result.ok ? "ok" : result.error.code;
}

function finish(half: KeHalf, peerPublicValue: Uint8Array, more: Partial<FinishIke> = {}): FinishIke {
  return { half, suite, peerPublicValue, ...nonces, ...spis, ...more };
}

/** An IKE SA on both sides. */
async function pair(i: KeyHolder, r: KeyHolder, agreed: IkeSuite = suite) {
  const started = value(await i.startKe(agreed.ke));
  const responder = value(
    await r.finishIke(finish({ fresh: agreed.ke }, started.publicValue, { suite: agreed })),
  );
  const initiator = value(
    await i.finishIke(finish({ ke: started.ke }, responder.publicValue!, { suite: agreed })),
  );
  return { initiator, responder };
}

const signer = (side: string) => ({
  message: ascii(`first message of ${side}`),
  nonce: side === "i" ? nonces.nonceR : nonces.nonceI,
  id: Uint8Array.of(2, 0, 0, 0, ...ascii(`${side}.example.com`)),
});

Deno.test("both sides get the same keys of an IKE SA, from a started and from a fresh half, by every method", async () => {
  const provider = createPortable(counting(1));
  const methods = keAlgorithms.filter((entry) => provider.hasKe(entry.id) && entry.bits <= 2048);
  assert.ok(methods.length >= 8);
  for (const { id, ianaName } of methods) {
    const { initiator, responder } = await pair(holder(1), holder(2), { ...suite, ke: id });
    assert.equal(initiator.publicValue, undefined);
    for (const name of ["ei", "er", "ai", "ar"] as const) {
      assert.equal(toHex(initiator.sk[name]), toHex(responder.sk[name]), `${ianaName} ${name}`);
    }
    assert.notEqual(toHex(initiator.sk.ei), toHex(initiator.sk.er));
  }
});

Deno.test("IKE_AUTH: each side's AUTH verifies at the other, and both derive the same first Child SA", async () => {
  const [i, r] = [holder(1), holder(2)];
  const { initiator, responder } = await pair(i, r);
  const request = { suite: child, ...nonces };
  const first = value(
    await i.authenticate({
      sa: initiator.sa,
      role: "initiator",
      sign: { secret: PSK, octets: signer("i") },
    }),
  );
  assert.equal(first.auth?.method, AUTH_METHOD.SHARED_KEY_MIC);
  const answer = value(
    await r.authenticate({
      sa: responder.sa,
      role: "responder",
      verify: { ...first.auth, secret: PSK, octets: signer("i") },
      sign: { secret: PSK, octets: signer("r") },
      child: request,
    }),
  );
  const last = value(
    await i.authenticate({
      sa: initiator.sa,
      role: "initiator",
      verify: { ...answer.auth!, secret: PSK, octets: signer("r") },
      child: request,
    }),
  );
  for (const name of ["encrI", "integI", "encrR", "integR"] as const) {
    assert.equal(toHex(last.child!.keys[name]), toHex(answer.child!.keys[name]), name);
  }
  assert.equal(last.child!.keys.encrI.length, 36);
});

Deno.test("an AUTH that does not verify gives nothing: no AUTH of ours, no keys, and no hint which part was wrong", async () => {
  const [i, r] = [holder(1), holder(2)];
  const wrongPsk = holder(3, "another secret");
  const { initiator, responder } = await pair(i, r);
  const auth = value(
    await i.authenticate({ sa: initiator.sa, role: "initiator", sign: { secret: PSK, octets: signer("i") } }),
  ).auth!;
  const verifying = (
    change: { method?: number; data?: Uint8Array; octets?: ReturnType<typeof signer>; secret?: SecretRef },
  ) =>
    r.authenticate({
      sa: responder.sa,
      role: "responder",
      verify: { ...auth, secret: PSK, octets: signer("i"), ...change },
      sign: { secret: PSK, octets: signer("r") },
      child: { suite: child, ...nonces },
    });
  const altered = auth.data.slice();
  altered[0]! ^= 1;
  assert.deepEqual(await verifying({ data: altered }), { ok: false, error: { code: "bad-auth" } });
  assert.equal(code(await verifying({ data: new Uint8Array(0) })), "bad-auth");
  assert.equal(code(await verifying({ octets: signer("r") })), "bad-auth");
  assert.deepEqual(await verifying({ method: AUTH_METHOD.RSA_SIGNATURE }), {
    ok: false,
    error: { code: "wrong-method", wanted: AUTH_METHOD.SHARED_KEY_MIC, got: AUTH_METHOD.RSA_SIGNATURE },
  });
  assert.equal(code(await verifying({ secret: "not there" as SecretRef })), "unknown-handle");
  assert.ok(value(await verifying({})).auth);

  const other = await pair(i, wrongPsk);
  const mismatch = await wrongPsk.authenticate({
    sa: other.responder.sa,
    role: "responder",
    verify: { ...auth, secret: PSK, octets: signer("i") },
  });
  assert.deepEqual(mismatch, { ok: false, error: { code: "bad-auth" } });
});

Deno.test("a peer's AUTH cannot be sent back as its own: SK_pi and SK_pr differ", async () => {
  const [i, r] = [holder(1), holder(2)];
  const { initiator, responder } = await pair(i, r);
  const same = { message: ascii("same"), nonce: ascii("same"), id: Uint8Array.of(2, 0, 0, 0) };
  const reflected = value(
    await i.authenticate({ sa: initiator.sa, role: "initiator", sign: { secret: PSK, octets: same } }),
  ).auth!;
  const verify = { ...reflected, secret: PSK, octets: same };
  assert.equal(code(await i.authenticate({ sa: initiator.sa, role: "initiator", verify })), "bad-auth");
  assert.equal(code(await r.authenticate({ sa: responder.sa, role: "responder", verify })), "ok");
});

Deno.test("a rekeyed IKE SA has keys of its own that depend on the old SK_d, and outlives the old", async () => {
  const [i, r] = [holder(1), holder(2)];
  const old = await pair(i, r);
  const stranger = await pair(i, holder(5));
  const started = value(await i.startKe(KE.CURVE25519));
  const newSuite = { ...suite, prf: PRF.PRF_HMAC_SHA2_512 };
  const more = { suite: newSuite, spiI: ikeSpi(7n), spiR: ikeSpi(8n) };
  const theirs = value(
    await r.finishIke(
      finish({ fresh: KE.CURVE25519 }, started.publicValue, { ...more, rekeyOf: old.responder.sa }),
    ),
  );
  const ours = value(
    await i.finishIke(
      finish({ ke: started.ke }, theirs.publicValue!, { ...more, rekeyOf: old.initiator.sa }),
    ),
  );
  assert.equal(toHex(ours.sk.ei), toHex(theirs.sk.ei));
  const again = value(await i.startKe(KE.CURVE25519));
  const unrelated = value(
    await i.finishIke(
      finish({ ke: again.ke }, theirs.publicValue!, { ...more, rekeyOf: stranger.initiator.sa }),
    ),
  );
  assert.notEqual(toHex(unrelated.sk.ei), toHex(theirs.sk.ei));

  i.release({ sa: [old.initiator.sa] });
  r.release({ sa: [old.responder.sa] });
  const request = { suite: child, ...nonces };
  const a = value(await i.deriveChild(ours.sa, request));
  const b = value(await r.deriveChild(theirs.sa, request));
  assert.equal(toHex(a.keys.encrR), toHex(b.keys.encrR));
});

Deno.test("Child SAs: PFS changes the keys and both sides agree on them", async () => {
  const [i, r] = [holder(1), holder(2)];
  const { initiator, responder } = await pair(i, r);
  const plain = value(await i.deriveChild(initiator.sa, { suite: child, ...nonces }));
  const pfsSuite = { ...child, ke: KE.ECP_256 };
  const started = value(await i.startKe(KE.ECP_256));
  const theirs = value(
    await r.deriveChild(responder.sa, {
      suite: pfsSuite,
      ...nonces,
      pfs: { half: { fresh: KE.ECP_256 }, peerPublicValue: started.publicValue },
    }),
  );
  const ours = value(
    await i.deriveChild(initiator.sa, {
      suite: pfsSuite,
      ...nonces,
      pfs: { half: { ke: started.ke }, peerPublicValue: theirs.publicValue! },
    }),
  );
  assert.equal(toHex(ours.keys.encrI), toHex(theirs.keys.encrI));
  assert.notEqual(toHex(ours.keys.encrI), toHex(plain.keys.encrI));
});

Deno.test("a key exchange serves once, whatever comes of it", async () => {
  const [i, r] = [holder(1), holder(2)];
  const { initiator } = await pair(i, r);
  const peer = value(await r.startKe(KE.CURVE25519)).publicValue;
  const start = async () => ({ ke: value(await i.startKe(KE.CURVE25519)).ke });

  const used = await start();
  assert.equal(code(await i.finishIke(finish(used, peer))), "ok");
  assert.equal(code(await i.finishIke(finish(used, peer))), "unknown-handle");

  const zeros = await start();
  assert.equal(code(await i.finishIke(finish(zeros, new Uint8Array(32)))), "bad-public-value");
  assert.equal(code(await i.finishIke(finish(zeros, peer))), "unknown-handle");

  const noSa = await start();
  assert.equal(code(await i.finishIke(finish(noSa, peer, { rekeyOf: 999 as SaHandle }))), "unknown-handle");
  const noAlgorithm = await start();
  const strange = { ...suite, encr: { id: 9999 } };
  assert.equal(code(await i.finishIke(finish(noAlgorithm, peer, { suite: strange }))), "unsupported");
  const otherMethod = await start();
  const ecp = { ...suite, ke: KE.ECP_256 };
  assert.equal(code(await i.finishIke(finish(otherMethod, peer, { suite: ecp }))), "unknown-handle");

  const pfs = async () => ({ half: await start(), peerPublicValue: peer });
  const unknownSa = await i.deriveChild(999 as SaHandle, { suite: child, ...nonces, pfs: await pfs() });
  assert.equal(code(unknownSa), "unknown-handle");
  const refused = await i.authenticate({
    sa: initiator.sa,
    role: "initiator",
    verify: {
      method: AUTH_METHOD.SHARED_KEY_MIC,
      data: new Uint8Array(32),
      secret: PSK,
      octets: signer("r"),
    },
    child: { suite: child, ...nonces, pfs: await pfs() },
  });
  assert.equal(code(refused), "bad-auth");
  assert.equal(i.stats().pendingKe, 0);
});

Deno.test("what a peer may send as a public value never throws", async () => {
  const i = holder(1);
  for (const { id, family, publicLength } of keAlgorithms) {
    for (const length of [0, 1, publicLength - 1, publicLength, publicLength + 1, 4096]) {
      for (const fill of [0x00, 0x01, 0x04, 0xff]) {
        if (length < 0) continue;
        const peer = new Uint8Array(length).fill(fill);
        const result = await i.finishIke(finish({ fresh: id }, peer, { suite: { ...suite, ke: id } }));
        if (length !== publicLength || fill === 0 || fill === 0xff) {
          // Values of p and above are reduced there, not refused (RFC 7748 §5)
          const reduced = family === "montgomery" && length === publicLength && fill === 0xff;
          const acceptable = reduced ? "ok" : undefined;
          assert.ok(
            ["bad-public-value", "unsupported", acceptable].includes(code(result)),
            `${id} ${length} ${fill}`,
          );
        }
      }
    }
  }
});

Deno.test("handles: double release is harmless, unknown ones are passed over, and nothing is left behind", async () => {
  const [i, r] = [holder(1), holder(2)];
  const { initiator } = await pair(i, r);
  const { ke } = value(await i.startKe(KE.MODP_1024));
  assert.deepEqual(i.stats(), { pendingKe: 1, sas: 1, secrets: 1 });
  for (let n = 0; n < 2; n++) i.release({ ke: [ke, 77 as typeof ke], sa: [initiator.sa, 78 as SaHandle] });
  i.release({});
  assert.deepEqual(i.stats(), { pendingKe: 0, sas: 0, secrets: 1 });
  assert.equal(code(await i.deriveChild(initiator.sa, { suite: child, ...nonces })), "unknown-handle");
  assert.equal(
    code(await i.authenticate({ sa: initiator.sa, role: "initiator", child: { suite: child, ...nonces } })),
    "unknown-handle",
  );
});

Deno.test("a full holder refuses what is new and keeps what is there", async () => {
  const i = holder(1, "example", { pendingKe: 2, sas: 1 });
  const first = value(await i.startKe(KE.CURVE25519));
  value(await i.startKe(KE.CURVE25519));
  assert.equal(code(await i.startKe(KE.CURVE25519)), "too-many");
  const peer = value(await holder(2).startKe(KE.CURVE25519)).publicValue;
  const sa = value(await i.finishIke(finish({ ke: first.ke }, peer))).sa;
  assert.equal(code(await i.finishIke(finish({ fresh: KE.CURVE25519 }, peer))), "too-many");
  i.release({ sa: [sa] });
  assert.equal(code(await i.finishIke(finish({ fresh: KE.CURVE25519 }, peer))), "ok");
});

Deno.test("secrets that are replaced or forgotten are wiped", async () => {
  const i = holder(1);
  const [old, next] = [new Secret(ascii("old example")), new Secret(ascii("new example"))];
  const octets = old.expose();
  i.loadSecrets([{ ref: PSK, secret: old }]);
  i.loadSecrets([{ ref: PSK, secret: next }]);
  assert.deepEqual(octets, new Uint8Array(octets.length));
  assert.equal(next.length, 11);
  i.forgetSecrets([PSK, "unknown" as SecretRef]);
  assert.equal(next.length, 0);
  const { initiator } = await pair(i, holder(2));
  const sign = { secret: PSK, octets: signer("i") };
  assert.equal(code(await i.authenticate({ sa: initiator.sa, role: "initiator", sign })), "unknown-handle");
});
