/** Messages that no correct peer sends, sealed with the keys of a simulated SA, or in the clear. */
import { createPortable } from "../../src/crypto/portable/provider.ts";
import { type IkeRole, Protection } from "../../src/sa/mod.ts";
import { emitMessage, type HeaderFields, type Payload } from "../../src/wire/mod.ts";
import type { Datagram } from "../../src/exchange/ports.ts";
import type { Host, Pair } from "./pair.ts";
import { createRng } from "./rng.ts";
import type { RecordedSa } from "./simulated_keys.ts";

/** What a forged message says of itself; the SPIs come with the SA. */
export type Forged = Pick<HeaderFields, "exchange" | "messageId"> & {
  readonly response?: boolean;
  readonly majorVersion?: number;
  readonly minorVersion?: number;
};

/** A protected message of `role`, sealed with the keys of this SA. */
export function sealMessage(
  sa: RecordedSa,
  role: IkeRole,
  forged: Forged,
  payloads: readonly Payload[],
): Uint8Array {
  const { ei, er, ai, ar } = sa.sk;
  const keys = { ei: ei.slice(), er: er.slice(), ai: ai.slice(), ar: ar.slice() };
  const random = createRng(forged.messageId, "forge").octets;
  return new Protection(createPortable(random), random, sa.suite, keys, role)
    .seal(headerOf(sa, role, forged), payloads);
}

/** A message in the clear with the SPIs of this SA. */
export function clearMessage(
  sa: Pick<RecordedSa, "spiI" | "spiR">,
  role: IkeRole,
  forged: Forged,
  payloads: readonly Payload[],
): Uint8Array {
  return emitMessage(headerOf(sa, role, forged), payloads);
}

/** Puts octets on the way from one host to the other, outside of any NAT. */
export function datagramTo(pair: Pair, to: Host, data: Uint8Array, port = 500): Datagram {
  const from = to === pair.a ? pair.b : pair.a;
  return {
    local: { address: to.address, port },
    remote: { address: from.address, port },
    data,
    natt: port === 4500,
  };
}

function headerOf(sa: Pick<RecordedSa, "spiI" | "spiR">, role: IkeRole, forged: Forged): HeaderFields {
  const { exchange, messageId, response = false, majorVersion = 2, minorVersion = 0 } = forged;
  const flags = { initiator: role === "initiator", response, higherVersion: false };
  return { spiI: sa.spiI, spiR: sa.spiR, exchange, messageId, flags, majorVersion, minorVersion };
}
