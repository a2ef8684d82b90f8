/** IKE SAs and Child SAs as `show sa` prints them (contracts.md). */
import { hexOf } from "../bytes/mod.ts";
import { type Endpoint, formatAddress } from "../ip/mod.ts";
import { ENCR, INTEG, IPCOMP, KE, nameOf, PRF } from "../wire/mod.ts";
import { formatSelector } from "../selector/mod.ts";
import { formatIdentity, formatMark } from "../policy/mod.ts";
import { type ChildSa, type IkeSa, isAuthenticated, isKeyed, type PeerIdentity } from "../sa/mod.ts";
import type { ChildUsage } from "../exchange/ports.ts";
import type { ChildSnapshot, EndpointSnapshot, IkeSnapshot } from "./types.ts";

/** One IKE SA; `usage` by id of the Child SA. */
export function snapshotOf(sa: IkeSa, usage: ReadonlyMap<number, ChildUsage>): IkeSnapshot {
  const suite = isKeyed(sa) ? sa.suite : undefined;
  const known = isAuthenticated(sa) ? sa : undefined;
  return {
    id: sa.id,
    policy: sa.policy,
    role: sa.role,
    state: stateOf(sa),
    spiI: hexOf(sa.spiI, 8),
    spiR: hexOf(sa.spiR, 8),
    local: endpointOf(sa.path.local, known?.localId),
    peer: endpointOf(sa.path.remote, known?.peerId),
    nat: natOf(sa),
    encr: suite === undefined ? null : nameOf(ENCR, suite.encr.id),
    keyLength: suite?.encr.keyBits ?? null,
    prf: suite === undefined ? null : nameOf(PRF, suite.prf),
    integ: suite?.integ === undefined ? null : nameOf(INTEG, suite.integ),
    ke: suite === undefined ? null : nameOf(KE, suite.ke),
    establishedAt: known === undefined ? null : new Date(known.establishedAtWallMs).toISOString(),
    children: known === undefined
      ? []
      : [...known.children.values()].map((one) => childOf(one, usage.get(one.id))),
  };
}

function stateOf(sa: IkeSa): IkeSnapshot["state"] {
  switch (sa.state) {
    case "established":
    case "rekeying":
      return sa.state;
    case "rekeyed":
    case "deleting":
    case "closed":
      return "deleting";
    default:
      return "connecting";
  }
}

function natOf({ nat }: IkeSa): IkeSnapshot["nat"] {
  if (nat.local) return nat.remote ? "both" : "local";
  return nat.remote ? "remote" : "none";
}

function endpointOf({ address, port }: Endpoint, id: PeerIdentity | undefined): EndpointSnapshot {
  return { address: formatAddress(address), port, id: id === undefined ? null : formatIdentity(id) };
}

function childOf(child: ChildSa, usage: ChildUsage | undefined): ChildSnapshot {
  const { suite } = child;
  return {
    state: child.state === "rekeyed" ? "deleting" : child.state,
    protocol: suite.protocol === 3 ? "ESP" : "AH",
    mode: child.mode,
    encap: child.udpEncap ? "udp" : "none",
    spiIn: hexOf(child.spiIn, 4),
    spiOut: hexOf(child.spiOut, 4),
    encr: nameOf(ENCR, suite.encr?.id ?? ENCR.ENCR_NULL),
    keyLength: suite.encr?.keyBits ?? null,
    integ: suite.integ === undefined ? null : nameOf(INTEG, suite.integ),
    esn: suite.esn,
    ipcomp: child.ipcomp === undefined ? null : nameOf(IPCOMP, child.ipcomp.transform),
    tag: child.tag?.text ?? null,
    mark: child.tag === undefined ? null : formatMark(child.tag.mark),
    tsLocal: child.localSelectors.map(formatSelector),
    tsRemote: child.remoteSelectors.map(formatSelector),
    bytesIn: usage?.octetsIn ?? 0,
    bytesOut: usage?.octetsOut ?? 0,
    packetsIn: usage?.packetsIn ?? 0,
    packetsOut: usage?.packetsOut ?? 0,
  };
}
