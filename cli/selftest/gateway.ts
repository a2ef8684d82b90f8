/** One gateway of the self-test: engine, key holder and ESP of the product in this thread, in a time of its own. */
import { KeyHolder } from "../../src/auth/mod.ts";
import { ascii, Secret, toHex } from "../../src/bytes/mod.ts";
import { compile, Diagnostics, formatDiagnostic, parse, Source } from "../../src/config/mod.ts";
import type { CryptoProvider, Random } from "../../src/crypto/mod.ts";
import { type ChildInstall, Esp, OUTBOX_ROOM, packetBuffer, VNET_HEADER } from "../../src/datapath/mod.ts";
import {
  createEngine,
  type Datagram,
  type Datapath,
  type Engine,
  type EngineEvent,
} from "../../src/engine/mod.ts";
import { parseAddress } from "../../src/ip/mod.ts";

/** ESP packets begin at a multiple of four in their buffer, device headers two octets into theirs. */
const OUTSIDE_AT = 4, INSIDE_AT = 2;

/** Keys of a Child SA as the data path was given them, in hex. */
export interface InstalledKeys {
  readonly inbound: string;
  readonly outbound: string;
}

/** Milliseconds that pass when somebody says so. */
export interface Time {
  now: number;
}

/** What a gateway is made of. */
export interface GatewayParts {
  readonly name: string;
  readonly address: string;
  readonly provider: CryptoProvider;
  readonly random: Random;
  readonly time: Time;
}

export class Gateway {
  readonly engine: Engine;
  /** What happened, oldest first. */
  readonly events: EngineEvent[] = [];
  /** Keys of each Child SA, in the order of installation. */
  readonly installed: InstalledKeys[] = [];
  /** IKE datagrams that nobody has taken yet. */
  readonly datagrams: Datagram[] = [];
  /** ESP packets that nobody has taken yet. */
  readonly packets: Uint8Array[] = [];
  /** Inner packets that came through the tunnel. */
  readonly delivered: Uint8Array[] = [];
  readonly #parts: GatewayParts;
  readonly #holder: KeyHolder;
  readonly #esp: Esp;
  readonly #inside = packetBuffer(4096);
  readonly #outside = packetBuffer(4096);

  constructor(parts: GatewayParts) {
    this.#parts = parts;
    const { provider, random, time } = parts;
    this.#holder = new KeyHolder({ provider });
    const sending = packetBuffer(OUTBOX_ROOM);
    this.#esp = new Esp({
      provider,
      random,
      outside: {
        buffer: () => sending,
        room: () => 0,
        send: (_path, length) => void this.packets.push(sending.octets.slice(0, length)),
      },
      deliver: (buffer, offset, length) =>
        void this.delivered.push(buffer.octets.slice(offset + VNET_HEADER, offset + length)),
      event: (event) => this.engine.handleDatapath(event),
      joinUdp: false,
    });
    this.engine = createEngine({
      keys: this.#holder,
      datapath: this.#datapath(),
      clock: { now: () => time.now, wall: () => time.now },
      random,
      send: (datagrams) => void this.datagrams.push(...datagrams),
      emit: (event) => void this.events.push(event),
      wake: () => {},
      sourceFor: () => Promise.resolve({ address: parseAddress(parts.address)!, port: 500 }),
      version: "selftest",
    });
  }

  /** Reads its configuration, as from a file, and begins. */
  async start(conf: string): Promise<void> {
    const diagnostics = new Diagnostics();
    const source = new Source(`${this.#parts.name}.conf`, ascii(conf));
    const include = () => "there is no other file";
    const { tree, wipe } = parse(source, { macros: new Map(), include }, diagnostics);
    const nothing = () => undefined;
    const hostname = `${this.#parts.name}.example.com`;
    const environment = { hostname, protocol: nothing, service: nothing, addressesOf: nothing };
    const compiled = compile(tree, environment, diagnostics);
    wipe();
    if (compiled === undefined) throw new Error(diagnostics.finish().map(formatDiagnostic).join("\n"));
    const secrets = compiled.secrets.map(({ ref, octets }) => ({ ref, secret: new Secret(octets) }));
    this.#holder.loadSecrets(secrets);
    await this.engine.configure(compiled.configuration);
  }

  has(kind: EngineEvent["kind"]): boolean {
    return this.events.some((event) => event.kind === kind);
  }

  /** An inner packet on its way out. */
  fromInside(packet: Uint8Array): void {
    this.#esp.at(this.#parts.time.now);
    this.#inside.octets.fill(0, INSIDE_AT, INSIDE_AT + VNET_HEADER);
    this.#inside.octets.set(packet, INSIDE_AT + VNET_HEADER);
    this.#esp.fromInside(this.#inside, INSIDE_AT, VNET_HEADER + packet.length);
    this.#esp.flush();
  }

  /** An ESP packet from the peer. */
  fromOutside(packet: Uint8Array): void {
    this.#esp.at(this.#parts.time.now);
    this.#outside.octets.set(packet, OUTSIDE_AT);
    const arrival = {
      isFrom: () => true,
      remote: () => ({ address: parseAddress("192.0.2.3")!, port: 500 }),
    };
    this.#esp.fromOutside(this.#outside, OUTSIDE_AT, packet.length, 0, arrival);
    this.#esp.flush();
  }

  /** Wipes all keys. */
  close(): void {
    this.#esp.close();
  }

  #datapath(): Datapath {
    const esp = this.#esp;
    return {
      setFlows(flows) {
        esp.setFlows(flows);
        return Promise.resolve({ ok: true, value: undefined });
      },
      install: (child) => {
        this.installed.push(keysOf(child));
        return Promise.resolve(esp.install(child));
      },
      activate: (id) => esp.activate(id),
      move: (ids, local, remote, udpEncap) => esp.move(ids, local, remote, udpEncap),
      remove: (ids) => Promise.resolve(esp.remove(ids)),
      usage: (ids) => Promise.resolve(esp.usage(ids)),
    };
  }
}

function keysOf({ inbound, outbound }: ChildInstall): InstalledKeys {
  const text = ({ spi, encrKey, integKey }: ChildInstall["inbound"]) =>
    `${spi} ${toHex(encrKey)} ${toHex(integKey)}`;
  return { inbound: text(inbound), outbound: text(outbound) };
}
