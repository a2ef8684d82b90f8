import assert from "node:assert/strict";
import { espSpi } from "../../src/bytes/mod.ts";
import {
  type ChildSuite,
  type CryptoProvider,
  encrAlgorithms,
  integAlgorithms,
} from "../../src/crypto/mod.ts";
import { DROP } from "../../src/datapath/mod.ts";
import { hex, readVectorOctets, readVectors, vectorTest } from "../support/vectors.ts";
import { childPair, connected, filler, GCM, Host, ip, portable, selector, udp, V4, V6 } from "./support.ts";

const suites: [string, ChildSuite][] = [];
for (const encr of encrAlgorithms) {
  const choice = encr.keyBits === undefined ? { id: encr.id } : { id: encr.id, keyBits: encr.keyBits };
  if (!encr.child || !portable.hasEncr(choice)) continue;
  const integs = encr.aead ? [undefined] : integAlgorithms.filter((integ) => portable.hasInteg(integ.id));
  for (const integ of integs) {
    for (const esn of [false, true]) {
      suites.push([
        `${encr.ianaName} ${encr.keyBits ?? ""} ${integ?.ianaName ?? ""} ${esn ? "with ESN" : ""}`
          .replace(/ +/g, " ").trim(),
        integ === undefined
          ? { protocol: 3, encr: choice, esn }
          : { protocol: 3, encr: choice, integ: integ.id, esn },
      ]);
    }
  }
}

Deno.test("ESP: all transforms of the first issue are tried", () => {
  const names = suites.map(([name]) => name).join("\n");
  for (
    const part of ["ENCR_AES_CBC 256 AUTH_HMAC_SHA2_384", "ENCR_AES_CTR 192", "ENCR_AES_GCM_16 128 with ESN"]
  ) assert.ok(names.includes(part), part);
  for (const part of ["CHACHA20", "3DES AUTH_HMAC_SHA1_96 with ESN", "ENCR_NULL AUTH_HMAC_MD5"]) {
    assert.ok(names.includes(part), part);
  }
});

for (const [name, suite] of suites) {
  Deno.test(`ESP: ${name} carries IPv4 and IPv6, and every changed octet is noticed`, () => {
    const { here, there } = connected(suite);
    for (const length of [0, 1, 2, 3, 17, 600]) {
      for (const fields of [V4, V6]) {
        const packet = udp(fields, filler(length));
        assert.deepEqual(there.outside(here.inside(packet)), [packet]);
      }
    }
    const sealed = here.inside(udp(V4, filler(40)))[0]!;
    for (let octet = 8; octet < sealed.length; octet++) {
      const forged = sealed.slice();
      forged[octet] = forged[octet]! ^ 1;
      assert.deepEqual(there.outside([forged]), []);
    }
    assert.equal(there.esp.drops.of(DROP.forged), sealed.length - 8);
    assert.equal(there.outside([sealed]).length, 1, "a forgery moved the window");
  });
}

Deno.test("ESP: the number of octets and packets is counted inside, both ways", () => {
  const { here, there } = connected(GCM);
  there.esp.at(5000);
  const packet = udp(V4, filler(100));
  there.outside(here.inside(packet));
  assert.deepEqual(here.esp.usage([1, 99]), [
    { id: 1, octetsIn: 0, octetsOut: packet.length, packetsIn: 0, packetsOut: 1 },
  ]);
  assert.deepEqual(there.esp.usage([1]), [
    { id: 1, octetsIn: packet.length, octetsOut: 0, packetsIn: 1, packetsOut: 0, lastInMs: 5000 },
  ]);
});

Deno.test("ESP: AES-GCM sends SPI, sequence and a counter as IV, padded 1, 2, 3 (RFC 4303 §2, RFC 4106 §3)", () => {
  const { here } = connected(GCM);
  const first = here.inside(udp(V4, filler(1)))[0]!;
  const second = here.inside(udp(V4, filler(1)))[0]!;
  assert.deepEqual([...first.subarray(0, 16)], [0x20, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1]);
  assert.deepEqual([...second.subarray(4, 16)], [0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 2]);
  // 29 octets of packet, 1 of padding, 2 of trailer make whole words; then 16 of ICV.
  assert.equal(first.length, 16 + 32 + 16);
});

Deno.test("ESP: with NULL encryption the padding and trailer are readable: 1, 2, 3, length, next header", () => {
  const { here } = connected({ protocol: 3, encr: { id: 11 }, integ: 12, esn: false });
  const v4 = here.inside(udp(V4, filler(3)))[0]!;
  assert.deepEqual([...v4.subarray(8 + 31, -16)], [1, 2, 3, 3, 4].slice(0, 3).concat([3, 4]));
  const v6 = here.inside(udp(V6, filler(2)))[0]!;
  assert.deepEqual([...v6.subarray(8 + 50, -16)], [0, 41]);
});

Deno.test("ESP: CBC's IVs come from the random source and do not repeat (RFC 3602 §3)", () => {
  const { here } = connected({ protocol: 3, encr: { id: 12, keyBits: 128 }, integ: 12, esn: false });
  const seen = new Set<string>();
  for (let packet = 0; packet < 600; packet++) {
    seen.add(here.inside(udp(V4, filler(1)))[0]!.subarray(8, 24).join());
  }
  assert.equal(seen.size, 600);
});

Deno.test("ESP: a packet of 65,535 octets is refused as too big, and one that fits a datagram goes through", () => {
  const { here, there } = connected(GCM);
  assert.deepEqual(here.inside(ip({ ...V4, fragment: 0 }, filler(65_515))), []);
  assert.equal(here.esp.drops.of(DROP.tooBig), 1);
  const packet = ip({ ...V4, fragment: 0 }, filler(65_400));
  const sealed = here.inside(packet);
  assert.equal(here.sent[0]!.dontFragment, false);
  assert.deepEqual(there.outside(sealed), [packet]);
});

Deno.test("ESP: keys of the wrong length, missing integrity, transport mode and AH are refused with a reason", () => {
  const { here } = childPair(GCM);
  const host = new Host();
  const refused = (changes: object) => {
    const result = host.esp.install({ ...here, ...changes });
    assert.ok(!result.ok);
    assert.equal(result.error.code, "unsupported");
    return result.error.message;
  };
  assert.match(refused({ mode: "transport" }), /tunnel mode/);
  assert.match(refused({ suite: { protocol: 2, integ: 12, esn: false } }), /ESP only/);
  assert.match(refused({ suite: { protocol: 3, encr: { id: 12, keyBits: 128 }, esn: false } }), /integrity/);
  assert.match(refused({ suite: { protocol: 3, encr: { id: 99 }, esn: false } }), /encryption 99/);
  assert.match(refused({ inbound: { ...here.inbound, encrKey: new Uint8Array(35) } }), /length/);
  assert.ok(host.esp.install(here).ok);
  const again = host.esp.install({ ...here, id: 2 });
  assert.ok(!again.ok && again.error.code === "spi-in-use");
});

Deno.test("ESP: removal overwrites the keys and forgets the SPI", () => {
  const { here, there } = childPair(GCM);
  const sender = new Host(), host = new Host();
  assert.ok(sender.esp.install(here).ok && host.esp.install(there).ok);
  const sealed = sender.inside(udp(V4, filler(1)));
  host.esp.remove([1, 2]);
  for (const key of [there.inbound.encrKey, there.outbound.encrKey]) {
    assert.ok(key.every((octet) => octet === 0));
  }
  assert.deepEqual(host.outside(sealed), []);
  assert.equal(host.esp.drops.of(DROP.unknownSpi), 1);
  assert.deepEqual(host.esp.usage([1]), []);
});

interface AeadVector {
  readonly case: string;
  readonly key: string;
  readonly salt: string;
  readonly aad: string;
  readonly iv: string;
  readonly plaintext: string;
  readonly ciphertext: string;
  readonly icv: string;
}

/** A host that has the inbound half of one SA, open to all addresses. */
function receiver(suite: ChildSuite, spi: number, encrKey: Uint8Array, provider: CryptoProvider): Host {
  const host = new Host(provider);
  const { there } = childPair(suite);
  const result = host.esp.install({
    ...there,
    inbound: { spi: espSpi(spi), encrKey, integKey: there.inbound.integKey },
    localSelectors: [selector("0.0.0.0/0")],
    remoteSelectors: [selector("0.0.0.0/0")],
  });
  assert.ok(result.ok);
  return host;
}

vectorTest("ESP: the packet of RFC 7634 Appendix A opens", () => {
  const { tests } = readVectors<{ tests: AeadVector[] }>("rfc/rfc7634-chacha20-poly1305.json");
  const vector = tests.find((test) => test.case === "ESP example from RFC 7634")!;
  const header = hex(vector.aad);
  const spi = new DataView(header.buffer).getUint32(0);
  const suite = { protocol: 3, encr: { id: 28 }, esn: false } as const;
  const host = receiver(suite, spi, hex(vector.key + vector.salt), portable);
  const inner = hex(vector.plaintext);
  const length = (inner[2]! << 8) | inner[3]!;
  const packet = hex(vector.aad + vector.iv + vector.ciphertext + vector.icv);
  assert.deepEqual(host.outside([packet]), [inner.slice(0, length)]);
});

vectorTest("ESP: eight 3DES packets of a published capture open to the pings that tcpdump prints", () => {
  const capture = readVectorOctets("pcap/tcpdump/02-sunrise-sunset-esp.pcap");
  // The capture's key file has no integrity keys: here the ICV counts as right.
  const trusting: CryptoProvider = {
    ...portable,
    mac: () => ({ icvLength: 12, write: () => {}, verify: () => true, wipe: () => {} }),
  };
  const key = hex("4043434545464649494a4a4c4c4f4f515152525454575758");
  const suite = { protocol: 3, encr: { id: 3 }, integ: 2, esn: false } as const;
  const host = receiver(suite, 0x1234_5678, key, trusting);
  const view = new DataView(capture.buffer, capture.byteOffset, capture.length);
  const little = view.getUint32(0, true) === 0xa1b2c3d4;
  const packets: Uint8Array[] = [];
  for (let at = 24; at < capture.length;) {
    const length = view.getUint32(at + 8, little);
    const frame = capture.slice(at + 16, at + 16 + length);
    packets.push(frame.slice(14 + (frame[14]! & 15) * 4));
    at += 16 + length;
  }
  const pings = host.outside(packets);
  assert.equal(pings.length, 8);
  for (const [index, ping] of pings.entries()) {
    const octets = new DataView(ping.buffer);
    assert.deepEqual([...ping.subarray(12, 20)], [192, 0, 2, 1, 192, 0, 1, 1]);
    assert.deepEqual([ping[20], octets.getUint16(24), octets.getUint16(26)], [8, 28416, 1280 + 256 * index]);
  }
});
