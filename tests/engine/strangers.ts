/** Peers that only ever send IKE_SA_INIT: what a flood, or twenty hosts behind one NAT, look like to a responder. */
import { type IkeSpi, ikeSpi } from "../../src/bytes/mod.ts";
import { createPortable } from "../../src/crypto/portable/provider.ts";
import type { IpAddress } from "../../src/ip/mod.ts";
import { proposalsToWire } from "../../src/proposal/mod.ts";
import {
  emitMessage,
  EXCHANGE,
  type Message,
  nameOf,
  NOTIFY,
  parseMessage,
  type Payload,
} from "../../src/wire/mod.ts";
import type { Datagram } from "../../src/exchange/ports.ts";
import { notify } from "../../src/exchange/notifies.ts";
import { ADDRESSES, IKE_AEAD } from "../support/policies.ts";
import { createRng } from "../support/rng.ts";

const random = createRng(7, "strangers").octets;
const X25519 = createPortable(random).keyExchange(31).publicValue.slice();

/** One request of a stranger. */
export interface InitOptions {
  readonly spiI: IkeSpi | bigint;
  readonly from: IpAddress;
  readonly port?: number;
  readonly nonce?: Uint8Array;
  readonly cookie?: Uint8Array;
  readonly group?: number;
  readonly publicValue?: Uint8Array;
  readonly proposals?: Parameters<typeof proposalsToWire>[0];
  readonly extra?: readonly Payload[];
}

/** An IKE_SA_INIT request to host `b`. */
export function initRequest(options: InitOptions): Datagram {
  const { cookie, extra = [] } = options;
  const payloads: Payload[] = [
    ...(cookie === undefined ? [] : [notify(NOTIFY.COOKIE, cookie)]),
    {
      type: "SA",
      critical: false,
      proposals: proposalsToWire(options.proposals ?? [IKE_AEAD], new Uint8Array(0)),
    },
    { type: "KE", critical: false, group: options.group ?? 31, data: options.publicValue ?? X25519 },
    { type: "Nonce", critical: false, data: options.nonce ?? new Uint8Array(32).fill(Number(options.spiI)) },
    ...extra,
  ];
  const data = emitMessage({
    spiI: ikeSpi(options.spiI),
    spiR: ikeSpi(0n),
    exchange: EXCHANGE.IKE_SA_INIT,
    flags: { initiator: true, response: false, higherVersion: false },
    messageId: 0,
  }, payloads);
  const local = { address: ADDRESSES[4].b, port: 500 };
  return { local, remote: { address: options.from, port: options.port ?? 500 }, data, natt: false };
}

/** A message, for what it says; what is none fails the test. */
export function parsed(octets: Uint8Array): Message {
  const result = parseMessage(octets);
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}

/** `SA,KE,Nonce` or `N(COOKIE)`: the payloads in short. */
export function brief(octets: Uint8Array): string {
  return parsed(octets).payloads
    .map((one) => one.type === "N" ? `N(${nameOf(NOTIFY, one.notifyType)})` : one.type)
    .join();
}

/** The data of the first notification. */
export function notifyData(octets: Uint8Array): Uint8Array {
  const found = parsed(octets).payloads.find((one) => one.type === "N");
  if (found?.type !== "N") throw new Error("No notification");
  return found.data.slice();
}
