/** Whether the kernel can do what Child SAs need: an SA to nowhere is made of each, and removed. */
import { wipe } from "../../bytes/mod.ts";
import { encrAlgorithm, integAlgorithm } from "../../crypto/algorithms.ts";
import { ENCR, INTEG, IPCOMP } from "../../wire/registry.ts";
import type { Family } from "../../ip/mod.ts";
import type { ChildNeed } from "../need.ts";
import { kernelAlgorithms, kernelCompression, wantedModules } from "./algorithms.ts";
import { ERRNO, type KernelFailure, whatIsMissing } from "./failure.ts";
import type { KernelPort } from "./port.ts";
import { probeReqid, type ReqidRange } from "./reqids.ts";
import { type KernelSa, SA_FLAG } from "./values.ts";

const PROBE_SPI = 0x1ced_0001;
/** Not one that two ends may agree on (RFC 3173 §3.3): no Child SA has it. */
const PROBE_CPI = 0xffff;

/** A need with the algorithms that every kernel with this protocol has. */
function plain({ suite: { protocol }, family }: ChildNeed): ChildNeed {
  const esp = protocol === 3 ? { encr: { id: ENCR.ENCR_NULL } } : {};
  return { suite: { protocol, ...esp, integ: INTEG.AUTH_HMAC_SHA1_96, esn: false }, family };
}

/** What is asked where nothing is needed yet. */
const PLAIN_ESP = plain({ suite: { protocol: 3, esn: false }, family: 4 });

/** What the kernel cannot do. */
export interface Lack {
  /** Which of the needs; 0 where there are none. */
  readonly at: number;
  /** One line: what was tried, the kernel's answer, and which module or option it lacks. */
  readonly message: string;
}

function loopback(family: Family): KernelSa["source"] {
  return { family, value: family === 4 ? 0x7f00_0001n : 1n };
}

/** The SA of a need with these keys, or why the kernel has no word for it. */
function saOf(
  { suite, family }: ChildNeed,
  reqids: ReqidRange,
  encrKey: Uint8Array,
  integKey: Uint8Array,
): KernelSa | string {
  const algorithms = kernelAlgorithms(suite, encrKey, integKey);
  if ("message" in algorithms) return algorithms.message;
  return {
    source: loopback(family),
    destination: loopback(family),
    spi: PROBE_SPI,
    protocol: suite.protocol === 2 ? "ah" : "esp",
    mode: "tunnel",
    reqid: probeReqid(reqids),
    flags: SA_FLAG.anyFamily | (suite.esn ? SA_FLAG.esn : 0),
    algorithms,
    ...(suite.esn ? { replay: { window: 1, esn: true } } : {}),
  };
}

/** Why the kernel does not take an SA; it is removed at once where it does. */
function refusedSa(port: KernelPort, sa: KernelSa): KernelFailure | undefined {
  // What a probe left that was killed.
  port.removeSa(sa);
  const added = port.addSa(sa);
  if (added.ok) {
    port.removeSa(sa);
    return undefined;
  }
  const { errno, message } = added.error;
  const { protocol } = sa;
  const algorithms = wantedModules(sa.algorithms);
  const missing = whatIsMissing(errno, { protocol, algorithms, module: port.module });
  return { errno, message: missing === undefined ? message : `${message}: ${missing}` };
}

/** Why the kernel cannot meet this one need. */
function refusalOf(
  port: KernelPort,
  need: ChildNeed,
  random: (length: number) => Uint8Array,
): KernelFailure | undefined {
  const { encr, integ } = need.suite;
  const cipher = encr && encrAlgorithm(encr), mac = integ === undefined ? undefined : integAlgorithm(integ);
  const encrKey = random((cipher?.keyLength ?? 0) + (cipher?.saltLength ?? 0));
  const integKey = random(mac?.keyLength ?? 0);
  const sa = saOf(need, port.reqids, encrKey, integKey);
  if (typeof sa === "string") return { errno: 0, message: sa };
  const refused = refusedSa(port, sa);
  wipe(encrKey, integKey);
  return refused;
}

/** Why the kernel cannot compress; undefined where it can, or need not. */
function ipcompRefusal(port: KernelPort, { ipcomp, family }: ChildNeed): KernelFailure | undefined {
  if (ipcomp !== true) return undefined;
  const algorithms = kernelCompression(IPCOMP.IPCOMP_DEFLATE);
  if ("message" in algorithms) return { errno: 0, message: algorithms.message };
  return refusedSa(port, {
    source: loopback(family),
    destination: loopback(family),
    spi: PROBE_CPI,
    protocol: "ipcomp",
    mode: "tunnel",
    reqid: probeReqid(port.reqids),
    flags: SA_FLAG.anyFamily,
    algorithms,
  });
}

/** The first of these needs that the kernel cannot meet. `random` gives keys, which are wiped. */
export function probeKernel(
  port: KernelPort,
  needs: readonly ChildNeed[],
  random: (length: number) => Uint8Array,
): Lack | undefined {
  for (const [at, need] of (needs.length === 0 ? [PLAIN_ESP] : needs).entries()) {
    const refused = refusalOf(port, need, random) ?? ipcompRefusal(port, need);
    if (refused === undefined) continue;
    // A host without IPv6 gets no peer that comes with it.
    if (need.family === 6 && refused.errno === ERRNO.EAFNOSUPPORT) continue;
    // The kernel looks for the algorithms before the protocol, whose want is the greater one.
    const without = refusalOf(port, plain(need), random);
    const { message } = without?.errno === ERRNO.EPROTONOSUPPORT ? without : refused;
    return { at, message };
  }
  return undefined;
}
