import assert from "node:assert/strict";
import { ascii, ikeSpi, type SecretRef, toHex } from "../../src/bytes/mod.ts";
import { createPortable } from "../../src/crypto/portable/provider.ts";
import { KeyHolder, type SaHandle } from "../../src/auth/mod.ts";
import type { Keys } from "../../src/exchange/ports.ts";
import { ENCR, KE, PRF } from "../../src/wire/registry.ts";
import { KEYS, KEYS_FOR_MAIN, type KeysForMain } from "../../cli/daemon/ports.ts";
import type { FromRole } from "../../cli/daemon/role.ts";
import { Link } from "../../cli/daemon/rpc.ts";
import { LIBCRYPTO_PATHS } from "../../ffi/libcrypto/mod.ts";
import { counted } from "../crypto/conformance.ts";

const suite = {
  encr: { id: ENCR.ENCR_AES_GCM_16, keyBits: 256 },
  prf: PRF.PRF_HMAC_SHA2_256,
  ke: KE.CURVE25519,
};
const exchange = {
  nonceI: new Uint8Array(32).fill(1),
  nonceR: new Uint8Array(32).fill(2),
  spiI: ikeSpi(1n),
  spiR: ikeSpi(2n),
};
const PSK = "example" as SecretRef;

/** Role keys in a worker with the grants that it has in the daemon, and what it said first. */
async function started(
  libcrypto: string | undefined,
  body: (keys: Keys, main: KeysForMain, worker: Worker) => Promise<void>,
): Promise<FromRole> {
  const worker = new Worker(new URL("../../cli/daemon/keys_worker.ts", import.meta.url), {
    type: "module",
    deno: { permissions: libcrypto === undefined ? "none" : { ffi: [libcrypto] } },
  });
  const engine = new MessageChannel();
  const main = new MessageChannel();
  const links = [new Link(engine.port1), new Link(main.port1)] as const;
  try {
    const said = next(worker);
    worker.postMessage({
      start: libcrypto === undefined ? {} : { libcrypto },
      ports: { engine: engine.port2, main: main.port2 },
    }, [engine.port2, main.port2]);
    const first = await said;
    if ("ready" in first) {
      await body(links[0].connect<Keys>(KEYS), links[1].connect<KeysForMain>(KEYS_FOR_MAIN), worker);
    }
    return first;
  } finally {
    for (const link of links) link.close();
    worker.terminate();
  }
}

function next(worker: Worker): Promise<FromRole> {
  return new Promise((resolve, reject) => {
    worker.onmessage = (event: MessageEvent<FromRole>) => resolve(event.data);
    worker.onerror = (event) => reject(new Error(event.message));
  });
}

/** An IKE SA between the worker and a holder of the test's own, authenticated both ways. */
async function handshake(keys: Keys, main: KeysForMain, prf: number = PRF.PRF_HMAC_SHA2_256): Promise<void> {
  const common = { ...exchange, suite: { ...suite, prf } };
  const [psk, ...others] = await main.loadSecrets([
    { ref: PSK, octets: ascii("an example of a secret") },
    { ref: "psk:twin" as SecretRef, octets: ascii("an example of a secret") },
    { ref: "psk:other" as SecretRef, octets: ascii("another example") },
  ]);
  assert.ok(psk !== undefined);
  assert.equal(others[0], psk, "the same octets have the same name");
  assert.notEqual(others[1], psk);
  const peer = new KeyHolder({ provider: createPortable(counted(7)) });
  const half = await peer.startKe(KE.CURVE25519);
  assert.ok(half.ok);
  const ours = await keys.finishIke({
    ...common,
    half: { fresh: KE.CURVE25519 },
    peerPublicValue: half.value.publicValue,
  });
  assert.ok(ours.ok);
  const theirs = await peer.finishIke({
    ...common,
    half: { ke: half.value.ke },
    peerPublicValue: ours.value.publicValue!,
  });
  assert.ok(theirs.ok);
  assert.equal(toHex(ours.value.sk.ei), toHex(theirs.value.sk.ei));
  assert.equal(ours.value.sk.er.length, 36);

  const octets = { message: ascii("message"), nonce: common.nonceI, id: Uint8Array.of(2, 0, 0, 0, 65) };
  const answer = await keys.authenticate({
    sa: ours.value.sa,
    role: "responder",
    sign: { secret: psk, octets },
    child: {
      suite: { protocol: 3, encr: suite.encr, esn: false },
      nonceI: common.nonceI,
      nonceR: common.nonceR,
    },
  });
  assert.ok(answer.ok);
  assert.equal(answer.value.auth?.data.length, prf === PRF.PRF_AES128_XCBC ? 16 : 32);
  assert.equal(answer.value.child?.keys.encrI.length, 36);
  const child = await keys.deriveChild(ours.value.sa, {
    suite: { protocol: 3, encr: suite.encr, esn: false },
    nonceI: common.nonceR,
    nonceR: common.nonceI,
  });
  assert.ok(child.ok);
  assert.notEqual(toHex(child.value.keys.encrI), toHex(answer.value.child!.keys.encrI));

  await main.forgetSecrets([psk]);
  const forgotten = await keys.authenticate({
    sa: ours.value.sa,
    role: "responder",
    sign: { secret: psk, octets },
  });
  assert.deepEqual(forgotten, { ok: false, error: { code: "unknown-handle" } });
  keys.release({ sa: [ours.value.sa] });
  const released = await keys.deriveChild(ours.value.sa as SaHandle, {
    suite: { protocol: 3, encr: suite.encr, esn: false },
    nonceI: common.nonceI,
    nonceR: common.nonceR,
  });
  assert.deepEqual(released, { ok: false, error: { code: "unknown-handle" } });
}

Deno.test("role keys without any permission: a handshake on the portable algorithms, and a pong", async () => {
  const first = await started(undefined, async (keys, main, worker) => {
    await handshake(keys, main);
    const pong = next(worker);
    worker.postMessage({ ping: 5 });
    const answer = await pong;
    assert.ok("pong" in answer);
    assert.equal(answer.pong, 5);
  });
  assert.deepEqual(first, { ready: true });
});

const libcrypto = LIBCRYPTO_PATHS.find((path) => {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
});
const needs = libcrypto === undefined ? " [needs libcrypto.so.3]" : "";

Deno.test({
  name: `role keys with a grant of libcrypto's path alone: a handshake${needs}`,
  ignore: libcrypto === undefined,
  fn: async () =>
    assert.deepEqual(await started(libcrypto, (keys, main) => handshake(keys, main)), { ready: true }),
});

Deno.test({
  name: `role keys with libcrypto: a PRF that it lacks comes from the portable algorithms${needs}`,
  ignore: libcrypto === undefined,
  fn: async () =>
    assert.deepEqual(
      await started(libcrypto, (keys, main) => handshake(keys, main, PRF.PRF_AES128_XCBC)),
      { ready: true },
    ),
});

Deno.test("role keys says in one line that its libcrypto cannot be used", async () => {
  const first = await started("/nonexistent/libcrypto.so.3", () => assert.fail("must not be ready"));
  assert.ok("failed" in first);
  assert.match(first.failed, /^Cannot use \/nonexistent\/libcrypto\.so\.3: [^\n]+$/);
});
