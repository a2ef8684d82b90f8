/** W016: policies that serve road warriors, and refuse what the clients of known systems propose. */
import { addressBits } from "../../ip/mod.ts";
import type { Policy } from "../../policy/types.ts";
import {
  type Mismatch,
  type Proposal,
  proposalsToWire,
  selectChild,
  selectIke,
  withoutKe,
} from "../../proposal/mod.ts";
import { type Diagnostics, WARNINGS } from "../diagnostics.ts";
import { KNOWN_PEERS, type KnownPeer } from "./peer_table.ts";
import { placeOf, type Subject } from "./subject.ts";

const NO_SPI = new Uint8Array(0), SPI = Uint8Array.of(0, 0, 1, 0);
const OFFERS = new Map(
  KNOWN_PEERS.map((peer) =>
    [peer, { ike: proposalsToWire(peer.ike, NO_SPI), esp: proposalsToWire(peer.esp, SPI) }] as const
  ),
);

/** Whether anybody's laptop or phone may be the peer: it waits for many, and gives them addresses or asks passwords. */
function servesRoadWarriors({ mode, evaluation, peer, auth, config, flows, encapsulation }: Policy): boolean {
  if (mode === "active" || evaluation === "skip" || encapsulation !== "esp") return false;
  if (peer.kind === "name") return false;
  if (peer.kind === "network" && peer.prefix.length === addressBits(peer.prefix.address.family)) return false;
  const gives = config?.some(({ attribute }) => attribute === "address") ?? false;
  return gives || auth.method === "eap" || flows.some(({ dynamic }) => dynamic !== undefined);
}

interface Refusal {
  readonly peer: KnownPeer;
  readonly block: "ikesa" | "childsa";
  readonly mismatch: Mismatch;
}

/** What is refused of the peers that can be set up for this way to authenticate. */
function refusalsOf(ike: readonly Proposal[], esp: readonly Proposal[], psk: boolean): Refusal[] {
  return KNOWN_PEERS.filter((peer) => peer.psk || !psk).flatMap((peer): Refusal[] => {
    const offer = OFFERS.get(peer)!;
    const first = selectIke(ike, offer.ike, 0);
    if (!first.ok) return [{ peer, block: "ikesa", mismatch: first.error }];
    const second = selectChild(withoutKe(esp), offer.esp);
    return second.ok ? [] : [{ peer, block: "childsa", mismatch: second.error }];
  });
}

/** Warns of them. Policies with the same proposals are judged once. */
export function lintPeers(subjects: readonly Subject[], diagnostics: Diagnostics): void {
  const judged = new Map<string, Refusal[]>();
  for (const subject of subjects) {
    const { policy, node } = subject;
    if (!servesRoadWarriors(policy)) continue;
    const psk = policy.auth.method === "psk";
    const key = JSON.stringify([psk, policy.ikeProposals, policy.childProposals]);
    const refusals = judged.get(key) ?? refusalsOf(policy.ikeProposals, policy.childProposals, psk);
    judged.set(key, refusals);
    for (const { peer, block, mismatch } of refusals) {
      const place = node.sas.find((one) => one.block === block)?.place ?? placeOf(subject);
      const message = `${peer.name} as it is installed cannot connect: its ${block} has ${mismatch.got}, ` +
        `and this policy wants ${mismatch.wanted}; ${peer.remedy}`;
      diagnostics.warn(WARNINGS.refusedByPeers, place, message);
    }
  }
}
