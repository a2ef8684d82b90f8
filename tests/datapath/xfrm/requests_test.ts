import assert from "node:assert/strict";
import { fromHex, toHex } from "../../../src/bytes/mod.ts";
import { parseAddress, parsePrefix } from "../../../src/ip/mod.ts";
import type { NetlinkRequest } from "../../../src/datapath/rtnetlink/mod.ts";
import { type KernelSelector, SA_FLAG } from "../../../src/datapath/kernel/mod.ts";
import {
  allocateSpi,
  deletePolicy,
  deleteSa,
  flushPolicies,
  flushSas,
  getPolicy,
  getPolicyCount,
  getSa,
  getSaCount,
  newPolicy,
  newSa,
  putPolicy,
  SA_EXTRA_FLAG,
  socketBypass,
  updateSa,
} from "../../../src/datapath/xfrm/mod.ts";
import { REQUESTS } from "./recorded.ts";

const address = (text: string) => parseAddress(text)!;
const KEY = Uint8Array.from({ length: 36 }, (_, at) => at);
const [HERE, THERE] = [address("192.0.2.1"), address("192.0.2.2")];
const [HERE6, THERE6] = [address("2001:db8::1"), address("2001:db8::2")];
const ANY = { port: 0, mask: 0 };
const GCM = { aead: { name: "rfc4106(gcm(aes))", key: KEY, icvLength: 16 } } as const;
const SHA1 = { name: "hmac(sha1)", key: KEY.subarray(0, 20), icvLength: 12 } as const;

function selector(from: string, to: string, more: Partial<KernelSelector> = {}): KernelSelector {
  const source = parsePrefix(from)!, destination = parsePrefix(to)!;
  const { family } = source.address;
  return { family, source, destination, protocol: 0, sourcePort: ANY, destinationPort: ANY, ...more };
}

const SITES = selector("10.1.0.0/16", "10.2.0.0/16");
const TELNET = selector("10.1.0.0/16", "10.2.0.0/16", {
  protocol: 6,
  destinationPort: { port: 23, mask: 0xffff },
});
const TUNNEL = {
  source: HERE,
  destination: THERE,
  protocol: "esp",
  mode: "tunnel",
  reqid: 7,
  spi: 0,
  optional: false,
} as const;
const comp = {
  source: HERE,
  destination: THERE,
  protocol: "ipcomp",
  mode: "tunnel",
  reqid: 7,
  spi: 0x1234,
} as const;
const gcm = {
  source: HERE,
  destination: THERE,
  protocol: "esp",
  mode: "tunnel",
  reqid: 7,
  spi: 0xc0000001,
} as const;

/** Requests of ours and what ip(8) sends for the same; its deletions and look-ups name the source, too. */
const CASES: readonly (readonly [keyof typeof REQUESTS, NetlinkRequest, "whole" | "beginning"])[] = [
  [
    "newSaGcm4",
    newSa({
      ...gcm,
      flags: SA_FLAG.anyFamily,
      selector: SITES,
      algorithms: GCM,
      replay: { window: 64, esn: false },
    }),
    "whole",
  ],
  [
    "newSaCbcUdp6",
    newSa({
      source: HERE6,
      destination: THERE6,
      protocol: "esp",
      spi: 0x1234,
      mode: "transport",
      reqid: 9,
      flags: SA_FLAG.esn,
      algorithms: {
        mac: { name: "hmac(sha256)", key: KEY.subarray(0, 32), icvLength: 16 },
        cipher: { name: "cbc(aes)", key: KEY.subarray(0, 16) },
      },
      encapsulation: { sourcePort: 4500, destinationPort: 4501 },
      replay: { window: 128, esn: true },
    }),
    "whole",
  ],
  [
    "newSaAh",
    newSa({
      source: HERE,
      destination: THERE,
      protocol: "ah",
      spi: 0x77,
      mode: "transport",
      reqid: 0,
      flags: 0,
      algorithms: { mac: SHA1 },
      limits: { softOctets: 1000n, hardOctets: 2000n, hardSeconds: 60n },
    }),
    "whole",
  ],
  [
    "newSaMarks",
    newSa({
      source: HERE,
      destination: THERE,
      protocol: "esp",
      spi: 0x78,
      mode: "tunnel",
      reqid: 0,
      flags: 0,
      extraFlags: SA_EXTRA_FLAG.dontEncapDscp,
      algorithms: { mac: SHA1, cipher: { name: "ecb(cipher_null)", key: new Uint8Array(0) } },
      interfaceId: 0x11,
      outputMark: 5,
    }),
    "whole",
  ],
  [
    "newSaComp",
    newSa({ ...comp, flags: SA_FLAG.anyFamily, algorithms: { compression: { name: "deflate" } } }),
    "whole",
  ],
  ["updateSa", updateSa({ ...gcm, flags: 0, algorithms: GCM }), "whole"],
  ["deleteSa", deleteSa(gcm), "beginning"],
  ["deleteSaComp", deleteSa(comp), "beginning"],
  ["getSa", getSa({ destination: THERE6, spi: 0x1234, protocol: "esp" }), "beginning"],
  ["flushSas", flushSas("esp"), "whole"],
  [
    "newPolicyOut",
    newPolicy({ selector: TELNET, direction: "out", action: "protect", priority: 1000, templates: [TUNNEL] }),
    "whole",
  ],
  [
    "putPolicyIn6",
    putPolicy({
      selector: selector("2001:db8:2::/48", "2001:db8:1::/48"),
      direction: "forward",
      action: "protect",
      priority: 0x500,
      templates: [{ ...TUNNEL, source: THERE, destination: HERE, optional: true }],
      interfaceId: 0x11,
    }),
    "whole",
  ],
  [
    "putPolicyComp",
    putPolicy({
      selector: selector("10.2.0.0/16", "10.1.0.0/16"),
      direction: "in",
      action: "protect",
      priority: 0x500,
      templates: [
        { ...TUNNEL, source: THERE, destination: HERE, protocol: "ipcomp", optional: true },
        { protocol: "esp", mode: "transport", reqid: 7, spi: 0, optional: false },
      ],
    }),
    "whole",
  ],
  [
    "blockPolicy",
    newPolicy({
      selector: selector("10.1.0.0/16", "0.0.0.0/0"),
      direction: "out",
      action: "block",
      priority: 9,
      templates: [],
    }),
    "whole",
  ],
  [
    "transportPolicy",
    newPolicy({
      selector: selector("192.0.2.1/32", "192.0.2.2/32", {
        protocol: 1,
        sourcePort: { port: 8, mask: 0xffff },
        destinationPort: { port: 0, mask: 0xffff },
      }),
      direction: "out",
      action: "protect",
      priority: 0,
      templates: [{ protocol: "ah", mode: "transport", reqid: 0, spi: 0, optional: false }],
    }),
    "whole",
  ],
  ["deletePolicy", deletePolicy({ selector: TELNET, direction: "out" }), "whole"],
  ["getPolicy", getPolicy({ selector: SITES, direction: "in", interfaceId: 0x11 }), "whole"],
  ["flushPolicies", flushPolicies(), "whole"],
  ["saCount", getSaCount(), "whole"],
  ["policyCount", getPolicyCount(), "whole"],
];

for (const [name, request, extent] of CASES) {
  Deno.test(`xfrm: ${name} is octet by octet what ip(8) sends`, () => {
    const ours = toHex(request.body), theirs = REQUESTS[name];
    assert.equal(ours, extent === "whole" ? theirs : theirs.slice(0, 48));
  });
}

Deno.test("xfrm: an SPI is asked for in the words of ip(8), and with no limits where it leaves zeros", () => {
  const request = allocateSpi(gcm, 0xc0000000, 0xcfffffff);
  const theirs = fromHex(REQUESTS.allocSpi);
  assert.ok(theirs.ok);
  const expected = theirs.value;
  // ip(8) asks for an SA that may carry no octet and no packet; there is nothing to carry them before UPDSA anyway.
  expected.fill(0xff, 96, 128);
  assert.equal(toHex(request.body), toHex(expected));
});

Deno.test("xfrm: a socket's bypass is a policy of 168 octets that matches all and wants nothing", () => {
  const octets = socketBypass(6, "in");
  assert.equal(octets.length, 168);
  const view = new DataView(octets.buffer);
  assert.equal(view.getUint16(40, true), 10);
  assert.deepEqual([octets[160], octets[161]], [0, 0]);
  assert.equal(socketBypass(4, "out")[160], 1);
});
