/** One Child SA as the packet path uses it: both halves, its selectors, its path, its counters (RFC 4301 §4.4.2). */
import { wipe } from "../../bytes/mod.ts";
import type { CryptoProvider, PacketCipher, PacketMac, Random } from "../../crypto/provider.ts";
import type { Endpoint } from "../../ip/mod.ts";
import { softPart } from "../soft_limit.ts";
import type { ChildInstall } from "../types.ts";
import type { PacketBuffer } from "./buffer.ts";
import { ReplayWindow } from "./replay.ts";
import { compileSelectors, type SelectorSet } from "./selectors.ts";

/** SPI and sequence number (RFC 4303 §2). */
export const ESP_HEADER = 8;

/** Random octets for CBC are drawn this many at a time. */
const IV_POOL = 4096;

/** Where ESP goes: one object as long as nothing of it changes, so that I/O can hang its own preparations on it. */
export interface OuterPath {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly udpEncap: boolean;
}

/** How packets get their IV: counters must never repeat, CBC's must not be foreseen (RFC 3602 §3). */
type IvSource = "none" | "counter" | "random";

/** What both halves have. */
interface SaHalf {
  readonly spi: number;
  readonly cipher: PacketCipher;
  /** Absent with an AEAD. */
  readonly mac: PacketMac | undefined;
  readonly esn: boolean;
  readonly ivLength: number;
  readonly icvLength: number;
  /** What the text's length is a multiple of: the cipher's block, at least 4 octets (RFC 4303 §2.4). */
  readonly alignment: number;
  /** SPI, and sequence number of 4 or (ESN) 8 octets: what an AEAD covers besides the text (RFC 4106 §5). */
  readonly aad: Uint8Array<ArrayBuffer>;
  readonly aadView: DataView<ArrayBuffer>;
}

/** What we send with. */
export interface OutboundSa extends SaHalf {
  /** The sequence number of the last packet. */
  sequence: number;
  readonly iv: IvSource;
  readonly random: Random;
  pool: Uint8Array;
  poolAt: number;
}

/** What we receive with. */
export interface InboundSa extends SaHalf {
  readonly replay: ReplayWindow;
  readonly icv: Uint8Array<ArrayBuffer>;
}

/** A pair of SAs. */
export interface Child {
  readonly id: number;
  readonly policy: string;
  readonly inbound: InboundSa;
  readonly outbound: OutboundSa;
  readonly local: SelectorSet;
  readonly remote: SelectorSet;
  readonly keepalive: boolean;
  readonly followPeer: boolean;
  /** The octets that the keys came in, so that they can be overwritten. */
  readonly keys: readonly Uint8Array[];
  path: OuterPath;
  /** Greater for the pair that was last told to send; 0 while it stands by, less where it never sends. */
  rank: number;
  /** The largest inner packet that the path takes, IPv4 and IPv6 alike; octets. */
  innerMtu: number;
  /** Where the peer was last seen elsewhere, so that it is told once. */
  movedTo: Endpoint | undefined;
  /** Inner octets that the pair may carry in either direction. */
  readonly limitOctets: number;
  /** At this part of a limit a new pair is asked for. */
  readonly softPart: number;
  softTold: boolean;
  hardTold: boolean;
  octetsIn: number;
  octetsOut: number;
  packetsIn: number;
  packetsOut: number;
  lastInMs: number | undefined;
  lastOutMs: number;
}

function ivSource(cipher: PacketCipher): IvSource {
  if (cipher.ivLength === 0) return "none";
  // AEADs and counter mode need an IV that is never used twice under a key (RFC 4106 §3.1, RFC 3686 §2.1, RFC 7634 §2);
  // they are the ones that take any number of octets.
  return cipher.blockLength === 1 ? "counter" : "random";
}

function half(
  install: ChildInstall,
  direction: "inbound" | "outbound",
  provider: CryptoProvider,
): SaHalf {
  const { suite } = install;
  const { spi, encrKey, integKey } = install[direction];
  const cipher = provider.cipher(suite.encr!, encrKey, direction === "outbound" ? "seal" : "open");
  const mac = cipher.icvLength > 0 ? undefined : provider.mac(suite.integ!, integKey);
  const aad = new Uint8Array(suite.esn ? 12 : 8);
  const aadView = new DataView(aad.buffer);
  aadView.setUint32(0, spi);
  return {
    spi,
    cipher,
    mac,
    esn: suite.esn,
    ivLength: cipher.ivLength,
    icvLength: mac === undefined ? cipher.icvLength : mac.icvLength,
    alignment: Math.max(4, cipher.blockLength),
    aad,
    aadView,
  };
}

/** Keys a pair. The caller has seen that the provider has its algorithms and that they give integrity. */
export function makeChild(install: ChildInstall, provider: CryptoProvider, random: Random): Child {
  const inbound = half(install, "inbound", provider);
  const outbound = half(install, "outbound", provider);
  return {
    id: install.id,
    policy: install.policy,
    inbound: Object.assign(inbound, {
      replay: new ReplayWindow(install.replayWindow),
      icv: new Uint8Array(inbound.icvLength),
    }),
    outbound: Object.assign(outbound, {
      sequence: 0,
      iv: ivSource(outbound.cipher),
      random,
      pool: new Uint8Array(0),
      poolAt: 0,
    }),
    local: compileSelectors(install.localSelectors),
    remote: compileSelectors(install.remoteSelectors),
    keepalive: install.keepalive,
    followPeer: install.followPeer,
    keys: [install.inbound, install.outbound].flatMap(({ encrKey, integKey }) => [encrKey, integKey]),
    path: { local: install.local, remote: install.remote, udpEncap: install.udpEncap },
    rank: install.outboundFrom === "never" ? -1 : 0,
    innerMtu: 0,
    movedTo: undefined,
    limitOctets: install.lifetimeOctets === undefined || install.lifetimeOctets === 0
      ? Infinity
      : install.lifetimeOctets,
    softPart: softPart(random(1)[0]! / 256),
    softTold: false,
    hardTold: false,
    octetsIn: 0,
    octetsOut: 0,
    packetsIn: 0,
    packetsOut: 0,
    lastInMs: undefined,
    lastOutMs: 0,
  };
}

/** Overwrites the keys of a pair. */
export function wipeChild(child: Child): void {
  for (const sa of [child.inbound, child.outbound]) {
    sa.cipher.wipe();
    sa.mac?.wipe();
  }
  wipe(child.outbound.pool, ...child.keys);
}

/** Writes a fresh IV at `at`; `sequence` is the number of the packet that gets it. */
export function writeIv(sa: OutboundSa, { octets, view }: PacketBuffer, at: number, sequence: number): void {
  switch (sa.iv) {
    case "none":
      return;
    case "counter":
      // The whole sequence number: it never repeats under a key (RFC 4106 §3.1).
      view.setUint32(at, Math.floor(sequence / 0x1_0000_0000));
      view.setUint32(at + 4, sequence >>> 0);
      return;
    case "random":
      if (sa.poolAt + sa.ivLength > sa.pool.length) {
        sa.pool = sa.random(IV_POOL);
        sa.poolAt = 0;
      }
      for (let octet = 0; octet < sa.ivLength; octet++) octets[at + octet] = sa.pool[sa.poolAt + octet]!;
      sa.poolAt += sa.ivLength;
  }
}
