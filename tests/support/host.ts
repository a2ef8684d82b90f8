/** One engine and what it stands on: the true key holder, a data path in memory, all in one thread. */
import { ascii, Secret, type SecretRef } from "../../src/bytes/mod.ts";
import { createPortablePackets } from "../../src/crypto/portable/packets.ts";
import { createPortable } from "../../src/crypto/portable/provider.ts";
import type { Random } from "../../src/crypto/provider.ts";
import { KeyHolder } from "../../src/auth/mod.ts";
import type { Engine, EngineOptions } from "../../src/engine/api.ts";
import { createEngine } from "../../src/engine/mod.ts";
import type { EngineEvent } from "../../src/engine/types.ts";
import type { Endpoint, IpAddress } from "../../src/ip/mod.ts";
import type { Clock } from "../../src/exchange/ports.ts";
import { countedProvider } from "./counted_provider.ts";
import { SimulatedDatapath } from "./simulated_datapath.ts";
import { SimulatedKeys } from "./simulated_keys.ts";

export interface SimulatedHost<Name extends string = string> {
  readonly name: Name;
  readonly address: IpAddress;
  readonly engine: Engine;
  readonly holder: KeyHolder;
  readonly keys: SimulatedKeys;
  readonly datapath: SimulatedDatapath;
  readonly events: EngineEvent[];
  /** Ciphers and MACs of the engine that have not been wiped. */
  keyed(): number;
}

export interface HostOptions extends Pick<EngineOptions, "timing" | "limits" | "send"> {
  readonly address: IpAddress;
  readonly clock: Clock;
  /** Randomness of the engine, and of the key holder. */
  readonly random: Random;
  readonly keyRandom: Random;
  readonly secrets: readonly { readonly ref: SecretRef; readonly psk: string }[];
}

/** A host that is not configured yet. */
export function createHost<Name extends string>(name: Name, options: HostOptions): SimulatedHost<Name> {
  const { address, clock, random, keyRandom, secrets, send, timing, limits } = options;
  const holder = new KeyHolder({ provider: createPortable(keyRandom) });
  holder.loadSecrets(secrets.map(({ ref, psk }) => ({ ref, secret: new Secret(ascii(psk)) })));
  const keys = new SimulatedKeys(holder);
  const events: EngineEvent[] = [];
  const datapath = new SimulatedDatapath(clock, (event) => engine.handleDatapath(event));
  const local: Endpoint = { address, port: 500 };
  const { provider: crypto, live: keyed } = countedProvider(createPortablePackets());
  const engine: Engine = createEngine({
    keys,
    datapath,
    clock,
    random,
    crypto,
    send,
    emit: (event) => events.push(event),
    wake: () => {},
    sourceFor: () => Promise.resolve(local),
    version: "test",
    ...(timing && { timing }),
    ...(limits && { limits }),
  });
  return { name, address, engine, holder, keys, datapath, events, keyed };
}
