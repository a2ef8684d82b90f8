/** The states of one IKE SA (RFC 7296 §1.2, §2.8) as values; `ike_table.ts` says which may follow which. */
import type { Branded, IkeSpi } from "../bytes/mod.ts";
import type { Endpoint } from "../ip/mod.ts";
import type { IkeSuite } from "../crypto/suite.ts";
import type { ChildSa } from "./child.ts";
import type { Protection } from "./protection.ts";

/** Who sent the IKE_SA_INIT request, or for a rekeyed IKE SA the CREATE_CHILD_SA request (RFC 7296 §2.18). */
export type IkeRole = "initiator" | "responder";

/** Names SK_d, SK_pi and SK_pr at the holder of keys. */
export type KeysHandle = Branded<number, "SaHandle">;

/** Between which endpoints an IKE SA talks. */
export interface Path {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  /** Messages carry the non-ESP marker (RFC 3948 §2.2): the NAT-T port. */
  readonly natt: boolean;
}

/** Which ends stand behind a NAT, as NAT_DETECTION_*_IP showed (RFC 7296 §2.23). */
export interface NatPlace {
  readonly local: boolean;
  readonly remote: boolean;
}

/** An authenticated identity: ID type of RFC 7296 §3.5 and the data of its payload. */
export interface PeerIdentity {
  readonly type: number;
  readonly data: Uint8Array;
}

interface Common {
  /** Unique in the life of the engine. */
  readonly id: number;
  readonly role: IkeRole;
  /** Name of the policy that governs it; a responder's choice is final only with IKE_AUTH. */
  readonly policy: string;
  readonly spiI: IkeSpi;
  /** 0 until the responder chose one. */
  readonly spiR: IkeSpi;
  readonly path: Path;
  readonly nat: NatPlace;
  /** ESP goes into UDP: NAT was found or is forced. */
  readonly udpEncap: boolean;
  readonly createdAtMs: number;
}

/** What stands once g^ir is known. */
export interface Keyed {
  readonly suite: IkeSuite;
  readonly handle: KeysHandle;
  readonly protection: Protection;
}

/** What AUTH covers (RFC 7296 §2.15), and what the keys of the first Child SA are made of (§2.17). */
export interface Transcript {
  readonly nonceI: Uint8Array;
  readonly nonceR: Uint8Array;
  /** The IKE_SA_INIT messages as they went over the wire, without non-ESP marker. */
  readonly initRequest: Uint8Array;
  readonly initResponse: Uint8Array;
}

/** Initiator: the IKE_SA_INIT request is on its way. */
export interface InitSentSa extends Common {
  readonly state: "init-sent";
  readonly role: "initiator";
}

/** Initiator: keys are there, the IKE_AUTH request is on its way. */
export interface AuthSentSa extends Common, Keyed {
  readonly state: "auth-sent";
  readonly role: "initiator";
  readonly transcript: Transcript;
}

/** Responder: the IKE_SA_INIT response went out, the peer is not authenticated. */
export interface HalfOpenSa extends Common, Keyed {
  readonly state: "half-open";
  readonly role: "responder";
  readonly transcript: Transcript;
}

/** What every authenticated IKE SA has. */
export interface Authenticated extends Common, Keyed {
  readonly localId: PeerIdentity;
  readonly peerId: PeerIdentity;
  /** Monotonic. */
  readonly establishedAtMs: number;
  /** Wall time, milliseconds since 1970. */
  readonly establishedAtWallMs: number;
  readonly children: ReadonlyMap<number, ChildSa>;
  /**
   * SPIs that the peer deleted and we do not know, while a CREATE_CHILD_SA request of ours waits: the response may be
   * late that makes one of them.
   */
  readonly deletedEarly?: ReadonlySet<number>;
}

/** Both ends are authenticated. */
export interface EstablishedSa extends Authenticated {
  readonly state: "established";
}

/** We have sent a CREATE_CHILD_SA request that is to replace it. */
export interface RekeyingSa extends Authenticated {
  readonly state: "rekeying";
}

/** Another IKE SA took over its Child SAs; it lives until its DELETE is answered or received. */
export interface RekeyedSa extends Authenticated {
  readonly state: "rekeyed";
  /** Id of the IKE SA that replaces it. */
  readonly replacedBy: number;
}

/** Our DELETE is on its way; its Child SAs are out of the data path. */
export interface DeletingSa extends Authenticated {
  readonly state: "deleting";
  /** Id of the IKE SA that replaced it before. */
  readonly replacedBy?: number;
  readonly reason: string;
}

/** Gone: keys are wiped, no message is sent or taken any more. */
export interface ClosedSa extends Common {
  readonly state: "closed";
  readonly reason: string;
}

export type IkeSa =
  | InitSentSa
  | AuthSentSa
  | HalfOpenSa
  | EstablishedSa
  | RekeyingSa
  | RekeyedSa
  | DeletingSa
  | ClosedSa;

export type IkeState = IkeSa["state"];

/** An IKE SA whose peer is authenticated. */
export type AuthenticatedSa = EstablishedSa | RekeyingSa | RekeyedSa | DeletingSa;

/** An IKE SA that has keys. */
export type KeyedSa = AuthSentSa | HalfOpenSa | AuthenticatedSa;

/** Whether the peer is authenticated. */
export function isAuthenticated(sa: IkeSa): sa is AuthenticatedSa {
  return sa.state === "established" || sa.state === "rekeying" || sa.state === "rekeyed" ||
    sa.state === "deleting";
}

/** Whether messages of it are protected. */
export function isKeyed(sa: IkeSa): sa is KeyedSa {
  return sa.state === "auth-sent" || sa.state === "half-open" || isAuthenticated(sa);
}

/** The SPI that we chose: the one by which a message that comes in finds its SA. */
export function localSpi(sa: IkeSa): IkeSpi {
  return sa.role === "initiator" ? sa.spiI : sa.spiR;
}

/** The SPI that the peer chose; 0 while we do not know it. */
export function remoteSpi(sa: IkeSa): IkeSpi {
  return sa.role === "initiator" ? sa.spiR : sa.spiI;
}

/** The same IKE SA with this Child SA added or replaced. */
export function withChild<Sa extends AuthenticatedSa>(sa: Sa, child: ChildSa): Sa {
  return { ...sa, children: new Map(sa.children).set(child.id, child) };
}

/** The same IKE SA without this Child SA. */
export function withoutChild<Sa extends AuthenticatedSa>(sa: Sa, id: number): Sa {
  const children = new Map(sa.children);
  children.delete(id);
  return { ...sa, children };
}

/** The state `closed` of any IKE SA. */
export function closedFrom(sa: IkeSa, reason: string): ClosedSa {
  const { id, role, policy, spiI, spiR, path, nat, udpEncap, createdAtMs } = sa;
  return { state: "closed", id, role, policy, spiI, spiR, path, nat, udpEncap, createdAtMs, reason };
}
