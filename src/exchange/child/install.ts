/** Puts an agreed Child SA into the data path: both directions or nothing. */
import { fail, ok, type Result, wipe } from "../../bytes/mod.ts";
import type { ChildKeys } from "../../auth/requests.ts";
import { expandTag } from "../../policy/tag.ts";
import { type ChildSa, isAuthenticated, type PeerIdentity } from "../../sa/mod.ts";
import type { SaContext } from "../context.ts";
import type { ChildInstall } from "../ports.ts";
import type { Failure } from "../reasons.ts";
import type { AgreedChild } from "./agreed.ts";
import { logIpcomp } from "./compression.ts";

/** Packets that the anti-replay window holds: room for what a multi-queue path reorders. */
const REPLAY_WINDOW = 1024;

/** Which side of the exchange we are, and when outgoing packets take the new SA. */
export interface InstallOptions {
  /** We sent the request: our outgoing packets use the keys from initiator to responder (RFC 7296 §2.17). */
  readonly initiated: boolean;
  readonly outboundFrom: ChildInstall["outboundFrom"];
  /** Of an IKE SA that is being authenticated; else it knows that by itself. */
  readonly peerId?: PeerIdentity;
}

/**
 * Installs and returns the Child SA; the caller puts it into the state of its IKE SA. The keys go away with it. On a
 * failure nothing is installed and the SPI is free again.
 */
export async function installChild(
  context: SaContext,
  agreed: AgreedChild,
  keys: ChildKeys,
  options: InstallOptions,
): Promise<Result<ChildSa, Failure>> {
  const { sa, world, policy } = context;
  const { initiated } = options;
  const { suite } = agreed.chosen;
  const { ipcomp } = agreed;
  const forward = { encrKey: keys.encrI, integKey: keys.integI };
  const backward = { encrKey: keys.encrR, integKey: keys.integR };
  const localSelectors = initiated ? agreed.lists.tsi : agreed.lists.tsr;
  const remoteSelectors = initiated ? agreed.lists.tsr : agreed.lists.tsi;
  const id = world.nextChildId();
  const peerId = options.peerId ?? (isAuthenticated(sa) ? sa.peerId : undefined);
  const tag = policy.tag === undefined ? undefined : expandTag(policy.tag, policy.name, peerId);
  const child: ChildSa = {
    state: "installed",
    id,
    policy: policy.name,
    suite,
    mode: agreed.mode,
    initiated,
    spiIn: agreed.spiIn,
    spiOut: agreed.spiOut,
    localSelectors,
    remoteSelectors,
    udpEncap: sa.udpEncap,
    ...(ipcomp && { ipcomp }),
    ...(tag && { tag }),
    createdAtMs: world.clock.now(),
  };
  logIpcomp(context, agreed);
  if (!world.globals.couple) {
    wipe(keys.encrI, keys.integI, keys.encrR, keys.integR);
    return ok({ ...child, decoupled: true });
  }
  const installed = await world.datapath.install({
    id,
    policy: world.tagOf(policy),
    suite,
    mode: agreed.mode,
    local: sa.path.local,
    remote: sa.path.remote,
    udpEncap: sa.udpEncap,
    ...(ipcomp && {
      ipcomp: { transform: ipcomp.transform, inboundCpi: ipcomp.cpiIn, outboundCpi: ipcomp.cpiOut },
    }),
    ...(tag && { mark: tag.mark }),
    ...(policy.iface !== undefined && { iface: policy.iface }),
    keepalive: sa.nat.local,
    followPeer: sa.nat.remote && !sa.nat.local,
    replayWindow: REPLAY_WINDOW,
    lifetimeOctets: policy.childLifetime.octets,
    inbound: { spi: agreed.spiIn, ...(initiated ? backward : forward) },
    outbound: { spi: agreed.spiOut, ...(initiated ? forward : backward) },
    localSelectors,
    remoteSelectors,
    outboundFrom: options.outboundFrom,
  });
  if (installed.ok) return ok(child);
  world.inboundSpis.release(agreed.spiIn);
  return fail({ code: "datapath", wanted: "to install a Child SA", got: installed.error.message });
}
