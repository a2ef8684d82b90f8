/**
 * NAT detection and floating to the NAT-T port (RFC 7296 §2.23, RFC 3948).
 *
 * Each side sends SHA-1(SPIi | SPIr | address | port) of both endpoints as it sees them; what does not match was
 * rewritten on the way.
 */
import { sha1 } from "@noble/hashes/legacy.js";
import { type IkeSpi, sameOctets } from "../bytes/mod.ts";
import { addressToOctets, type Endpoint } from "../ip/mod.ts";
import type { NatPlace, Path } from "../sa/mod.ts";
import type { Globals, Policy } from "../policy/types.ts";
import { NOTIFY, type NotifyPayload, type Payload } from "../wire/mod.ts";
import type { World } from "./context.ts";
import { notify } from "./notifies.ts";

/** SPIs of an IKE SA; `spiR` is 0 in an IKE_SA_INIT request. */
export interface SpiPair {
  readonly spiI: IkeSpi;
  readonly spiR: IkeSpi;
}

/** The data of a NAT_DETECTION_*_IP notification: 20 octets. */
export function natDetectionHash({ spiI, spiR }: SpiPair, { address, port }: Endpoint): Uint8Array {
  const host = addressToOctets(address);
  const octets = new Uint8Array(2 * 8 + host.length + 2);
  const view = new DataView(octets.buffer);
  view.setBigUint64(0, spiI);
  view.setBigUint64(8, spiR);
  octets.set(host, 16);
  view.setUint16(16 + host.length, port);
  return sha1(octets);
}

/** Whether ESP is to go into UDP in spite of a path without NAT. There is no AH in UDP. */
export function forcesNatt(globals: Globals, policy: Policy): boolean {
  return policy.encapsulation === "esp" && globals.natt !== "off" &&
    (globals.natt === "force" || policy.forceNatt);
}

/**
 * Both notifications, none with NAT-T off. To force UDP encapsulation the source is said to be another than it is:
 * the peer then takes us for one behind a NAT.
 */
export function natDetection(world: World, policy: Policy, spis: SpiPair, path: Path): NotifyPayload[] {
  if (world.globals.natt === "off") return [];
  const source = forcesNatt(world.globals, policy) ? world.random(20) : natDetectionHash(spis, path.local);
  return [
    notify(NOTIFY.NAT_DETECTION_SOURCE_IP, source),
    notify(NOTIFY.NAT_DETECTION_DESTINATION_IP, natDetectionHash(spis, path.remote)),
  ];
}

/**
 * Who is behind a NAT, by the peer's notifications; undefined where it sent none (it does no NAT-T). A sender with
 * several addresses sends several sources: one match is enough.
 */
export function findNat(payloads: readonly Payload[], spis: SpiPair, path: Path): NatPlace | undefined {
  const sources = hashes(payloads, NOTIFY.NAT_DETECTION_SOURCE_IP);
  const destinations = hashes(payloads, NOTIFY.NAT_DETECTION_DESTINATION_IP);
  if (sources.length === 0 || destinations.length === 0) return undefined;
  const remote = natDetectionHash(spis, path.remote);
  const local = natDetectionHash(spis, path.local);
  return {
    remote: !sources.some((hash) => sameOctets(hash, remote)),
    local: !destinations.some((hash) => sameOctets(hash, local)),
  };
}

function hashes(payloads: readonly Payload[], notifyType: number): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (const one of payloads) if (one.type === "N" && one.notifyType === notifyType) found.push(one.data);
  return found;
}

/** The same endpoints on the NAT-T port, as the initiator uses them from IKE_AUTH on. */
export function floated(path: Path, ports: World["ports"]): Path {
  if (path.natt) return path;
  return {
    local: { address: path.local.address, port: ports.natt },
    remote: { address: path.remote.address, port: ports.natt },
    natt: true,
  };
}
