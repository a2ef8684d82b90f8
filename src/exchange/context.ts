/**
 * What the code of an exchange works with.
 *
 * An IKE SA has one turn. Handlers of the peer's requests and our own exchanges run in it, one at a time, so what
 * stands between two awaits of keys or data path is never seen half-done by another. `request` gives the turn up while
 * it waits for the response: afterwards look at `context.sa` again, the peer's requests may have changed it.
 */
import type { EspSpi, IkeSpi, Result } from "../bytes/mod.ts";
import type { CryptoProvider, Random } from "../crypto/provider.ts";
import type { Endpoint } from "../ip/mod.ts";
import type { EstablishedSa, IkeSa, InboundSpis, Path, PeerIdentity, Timer } from "../sa/mod.ts";
import type { Globals, Policy, PolicyLookup } from "../policy/mod.ts";
import type { Header, Message, Payload } from "../wire/payload/types.ts";
import type { Clock, Datapath, Keys } from "./ports.ts";
import type { Failure } from "./reasons.ts";

/** A message of an IKE SA that was authentic and obeys the rules of its exchange: what stood inside SK. */
export interface Opened {
  readonly header: Header;
  readonly payloads: readonly Payload[];
  readonly path: Path;
}

/** What a handler answers. */
export interface Reply {
  readonly payloads: readonly Payload[];
  /** Runs in the same turn once the response went out: close the SA, start an exchange of our own. */
  readonly after?: () => void | Promise<void>;
}

/** Handles a request of the peer. */
export type RequestHandler = (context: SaContext, request: Opened) => Promise<Reply>;

/** Handles a timer of an IKE SA; `sub` is the id of the Child SA where the timer belongs to one, else 0. */
export type TimerHandler = (context: SaContext, sub: number) => void | Promise<void>;

/** A message that is not protected: an IKE_SA_INIT request or response, with its octets as they came. */
export interface InitReply {
  readonly message: Message;
  readonly octets: Uint8Array;
  readonly path: Path;
}

/** Whether an IKE_SA_INIT response ends the waiting; one that anybody could have forged is better passed over. */
export type InitJudge = (reply: InitReply) => boolean;

/** Why our request got no usable response. */
export type RequestFailure =
  /** The peer did not answer in spite of all retransmissions. The caller closes the SA. */
  | { readonly code: "timeout" }
  /** The SA was closed meanwhile. There is nothing left to do. */
  | { readonly code: "closed" }
  /** The response is authentic but malformed (RFC 7296 §2.21.3). The caller closes the SA. */
  | { readonly code: "malformed"; readonly message: string };

/** Something for people, without the fields that the SA fills in. */
export type Notice =
  | { readonly kind: "ike-up" | "ike-down" | "ike-rekeyed"; readonly reason?: string }
  | {
    readonly kind: "child-up" | "child-down" | "child-rekeyed";
    readonly reason?: string;
    readonly text?: string;
  };

/** One IKE SA as its exchanges see it. */
export interface SaContext {
  /** The present state. */
  readonly sa: IkeSa;
  readonly policy: Policy;
  readonly world: World;
  /** Monotonic time of the last authentic message or of good ESP that liveness learnt of. */
  readonly lastHeardMs: number;

  /** Changes the state, as `IKE_TABLE` allows; anything else is a bug and throws. */
  become(next: IkeSa): void;
  /** Responder in IKE_AUTH: another policy fits better than the one chosen by addresses. */
  usePolicy(policy: Policy): void;
  /** Liveness: the peer sent good ESP at this monotonic time. */
  heard(atMs: number): void;
  /** New endpoints, for the SA and its Child SAs in the data path (RFC 7296 §2.23). */
  move(path: Path): void;

  /**
   * Queues an exchange of our own; they run one after the other, because the window is 1. `name` is for logs; a task
   * of the same name that has not begun is not queued twice.
   */
  start(name: string, task: (context: SaContext) => Promise<void>): void;
  /** Sends a request, retransmits, and resolves with what stood inside the response. Only within a task. */
  request(
    exchange: number,
    payloads: readonly Payload[],
  ): Promise<Result<readonly Payload[], RequestFailure>>;
  /** Sends a whole IKE_SA_INIT request; retransmits it until `judge` takes a response. Only within a task. */
  requestInit(octets: Uint8Array, judge: InitJudge): Promise<Result<InitReply, RequestFailure>>;
  /** The successor of a rekey is there: what is queued to end this SA ends that one. */
  handOver(heir: SaContext): void;
  /** Whether an exchange of our own is under way or queued. */
  readonly busy: boolean;

  setTimer(timer: Timer, atMs: number, sub?: number): void;
  stopTimer(timer: Timer, sub?: number): void;

  /**
   * Ends the SA at once, without a message: `closed`, keys wiped and released, its Child SAs out of the data path,
   * timers stopped, `child-down` and `ike-down` emitted (those only where it was established).
   */
  close(reason: string): Promise<void>;
  /** `close` of another SA than the one whose turn it is: in that SA's own turn. */
  closeLater(reason: string): void;

  emit(notice: Notice): void;
  log(level: "debug" | "info" | "notice" | "warning" | "error", text: string): void;
  /** The one line of a failed negotiation. */
  failed(failure: Failure): void;
}

/** What all IKE SAs share. */
export interface World {
  readonly keys: Keys;
  readonly datapath: Datapath;
  readonly clock: Clock;
  readonly random: Random;
  /** Synchronous: ciphers and MACs of packets. */
  readonly crypto: CryptoProvider;
  readonly version: string;
  readonly globals: Globals;
  readonly timing: Timing;
  readonly policies: readonly Policy[];
  readonly lookup: PolicyLookup;
  /** What the data path knows a policy by: it stays the same when a reload renames the policy. */
  tagOf(policy: Policy): string;
  /** SPIs of Child SAs that come in. Who chose one and does not install it releases it. */
  readonly inboundSpis: InboundSpis;

  /** Ids of Child SAs, unique in the life of the engine. */
  nextChildId(): number;
  /** An SPI for an IKE SA to come (rekey). Either `adopt` takes it over or `releaseIkeSpi` gives it back. */
  reserveIkeSpi(): IkeSpi;
  releaseIkeSpi(spi: IkeSpi): void;
  /** Takes up a finished IKE SA whose SPI was reserved: the successor of a rekey. Its message ids begin at 0. */
  adopt(sa: EstablishedSa, policy: Policy): SaContext;
  nextIkeId(): number;
  /** Every IKE SA that there is. */
  contexts(): Iterable<SaContext>;
  /** The authenticated ones whose peer has this identity. */
  withPeer(peerId: PeerIdentity): Iterable<SaContext>;
  /** UDP ports: ours, and the peer's that we send to first. `natt` is the one with the non-ESP marker. */
  readonly ports: { readonly ike: number; readonly natt: number };
  /** Our address towards a peer. */
  sourceFor(peer: Endpoint): Promise<Endpoint | undefined>;
  /** A random number from 0 up to, not including, 1. */
  fraction(): number;
}

/** Times of the engine in milliseconds, and numbers of tries. */
export interface Timing {
  /** Before the first retransmission; doubles each time. */
  readonly retransmitMs: number;
  /** Retransmissions before giving up. */
  readonly retransmitTries: number;
  /** A half-open IKE SA is dropped after this. */
  readonly halfOpenMs: number;
  /** An active policy without IKE SA is started again after this. */
  readonly retryPolicyMs: number;
  /** The longest wait to which the starts of an active policy back off. */
  readonly retryPolicyMaxMs: number;
  /** A replaced or deleted SA that the peer does not delete is dropped after this. */
  readonly lingerMs: number;
  /** A stored response is kept this long. */
  readonly responseMs: number;
  /** Time within which `shutdown` resolves. */
  readonly shutdownMs: number;
}

/** What OpenIKED's users are used to; a response is kept longer than any peer retransmits. */
export const DEFAULT_TIMING: Timing = {
  retransmitMs: 2_000,
  retransmitTries: 5,
  halfOpenMs: 30_000,
  retryPolicyMs: 60_000,
  retryPolicyMaxMs: 600_000,
  lingerMs: 120_000,
  responseMs: 120_000,
  shutdownMs: 3_000,
};

/** The SPI of a Child SA as a payload carries it: 4 octets. */
export function espSpiOctets(spi: EspSpi): Uint8Array {
  const octets = new Uint8Array(4);
  new DataView(octets.buffer).setUint32(0, spi);
  return octets;
}

/** The SPI of an IKE SA as a payload carries it: 8 octets. */
export function ikeSpiOctets(spi: IkeSpi): Uint8Array {
  const octets = new Uint8Array(8);
  new DataView(octets.buffer).setBigUint64(0, spi);
  return octets;
}
