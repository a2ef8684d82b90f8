/** What is asked of a kernel's IPsec, whichever interface it is reached by. */
import type { Result } from "../../bytes/mod.ts";
import type { Endpoint } from "../../ip/mod.ts";
import type { KernelFailure } from "./failure.ts";
import type { ReqidRange } from "./reqids.ts";
import { selectorKey } from "./selector.ts";
import type {
  Encapsulation,
  KernelPolicy,
  KernelPolicyState,
  KernelSa,
  KernelSaState,
  PolicyName,
  SaName,
} from "./values.ts";

/** Outer endpoints of an SA. */
export interface Way extends Pick<KernelSa, "source" | "destination"> {
  readonly encapsulation?: Encapsulation;
}

/** A text that is the same for SAs that are one to the kernel. */
export function saKey({ destination, spi, protocol }: SaName): string {
  return `${destination.family} ${destination.value.toString(16)} ${spi} ${protocol}`;
}

/** A text that is the same for policies that are one to the kernel. */
export function policyKey({ selector, direction, interfaceId }: PolicyName): string {
  return `${direction} ${interfaceId ?? 0} ${selectorKey(selector)}`;
}

/** The same SA on another way. */
export function relocated<T extends KernelSa>(sa: T, way: Way): T {
  const { encapsulation: _old, ...rest } = sa;
  const { encapsulation, ...addresses } = way;
  // IPComp has no UDP around it: it is inside of ESP, which has.
  const inUdp = encapsulation !== undefined && sa.protocol !== "ipcomp";
  return { ...rest, ...addresses, ...(inUdp ? { encapsulation } : {}) } as T;
}

/** The kernel's tables, behind one of its interfaces. Octets with keys are wiped once they were sent or read. */
export interface KernelPort {
  /** What the kernel lacks where it does not know this interface: a module, an option. */
  readonly module: string;
  /** Numbers that SAs and policies may have. */
  readonly reqids: ReqidRange;
  /** Makes an SA; EEXIST where its name is taken, errno 0 where the interface has no word for it. The keys stay the caller's. */
  addSa(sa: KernelSa): Result<void, KernelFailure>;
  /** ESRCH where there is none. */
  removeSa(name: SaName): Result<void, KernelFailure>;
  /** One SA without its keys; undefined where it is not there. */
  sa(name: SaName): KernelSaState | undefined;
  /** All SAs of the kernel, whoever made them, without keys; undefined where it would not tell. */
  sas(): readonly KernelSaState[] | undefined;
  /** Moves an SA with its sequence numbers and window; what it was before, undefined where it is lost. */
  relocateSa(name: SaName, way: Way): KernelSaState | undefined;
  /** Makes a policy, or puts it in the place of the one with its name, with no moment in between. */
  putPolicy(policy: KernelPolicy): Result<void, KernelFailure>;
  /** ENOENT where there is none. */
  removePolicy(name: PolicyName): Result<void, KernelFailure>;
  /** All policies of the kernel but those of sockets; undefined where it would not tell. */
  policies(): readonly KernelPolicyState[] | undefined;
}

/** Where an SA's packets come from and go to. */
export function waySa(source: Endpoint, destination: Endpoint, udpEncap: boolean): Way {
  const encapsulation = { sourcePort: source.port, destinationPort: destination.port };
  return {
    source: source.address,
    destination: destination.address,
    ...(udpEncap ? { encapsulation } : {}),
  };
}

/** Entries by what names them. */
export function keyed<T>(
  entries: readonly T[] | undefined,
  key: (entry: T) => string,
): Map<string, T> | undefined {
  return entries && new Map(entries.map((entry) => [key(entry), entry]));
}
