/** One site of the demo in memory: engine, key holder and ESP in this thread, joined to the other by calls. */
import { randomBytes } from "node:crypto";
import { KeyHolder } from "../../src/auth/mod.ts";
import { ascii, Secret } from "../../src/bytes/mod.ts";
import { compile, Diagnostics, formatDiagnostic, parse, Source } from "../../src/config/mod.ts";
import { logLineOf } from "../../src/control/mod.ts";
import { createPortable } from "../../src/crypto/portable/provider.ts";
import { Esp, OUTBOX_ROOM, packetBuffer, VNET_HEADER } from "../../src/datapath/mod.ts";
import { createEngine, type Datagram, type Datapath, type Engine } from "../../src/engine/mod.ts";
import { type Endpoint, parseAddress } from "../../src/ip/mod.ts";
import type { Site } from "./sites.ts";

const IKE_PORT = 500;
/** ESP packets begin at a multiple of four in their buffer, device headers two octets into theirs. */
const OUTSIDE_AT = 4, INSIDE_AT = 2;

/** What packets still have to do: one step never runs within another. */
class Steps {
  readonly #waiting: (() => void)[] = [];

  add(step: () => void): void {
    this.#waiting.push(step);
  }

  /** Runs all, also those that are added meanwhile. */
  run(): void {
    for (let step = this.#waiting.shift(); step !== undefined; step = this.#waiting.shift()) step();
  }
}

export class MemorySite {
  readonly engine: Engine;
  readonly esp: Esp;
  /** Called for each inner packet that came through the tunnel. */
  arrived: (packet: Uint8Array) => void = () => {};
  /** Called for each ESP packet that leaves. */
  sent: (packet: Uint8Array) => void = () => {};
  readonly #site: Site;
  readonly #conf: string;
  readonly #holder: KeyHolder;
  readonly #inside = packetBuffer(70_000);
  readonly #outside = packetBuffer(70_000);
  readonly #steps: Steps;
  #peer: MemorySite | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #news: () => void = () => {};
  #events: string[] = [];

  /** `peer` is the site that was made before, to which this one is joined. */
  constructor(site: Site, conf: string, peer?: MemorySite) {
    this.#steps = peer === undefined ? new Steps() : peer.#steps;
    if (peer !== undefined) {
      this.#peer = peer;
      peer.#peer = this;
    }
    this.#site = site;
    this.#conf = conf;
    const random = (length: number) => new Uint8Array(randomBytes(length));
    const provider = createPortable(random);
    this.#holder = new KeyHolder({ provider });
    const sending = packetBuffer(OUTBOX_ROOM);
    this.esp = new Esp({
      provider,
      random,
      outside: {
        buffer: () => sending,
        room: () => 0,
        send: (_path, length, segment) => {
          for (let at = 0; at < length; at += segment) {
            const packet = sending.octets.slice(at, Math.min(at + segment, length));
            this.sent(packet);
            this.#steps.add(() => this.#peer!.#fromOutside(packet));
          }
        },
      },
      deliver: (buffer, offset, length) => {
        const packet = buffer.octets.slice(offset + VNET_HEADER, offset + length);
        this.#steps.add(() => this.arrived(packet));
      },
      event: (event) => this.engine.handleDatapath(event),
      joinUdp: false,
    });
    this.engine = createEngine({
      keys: this.#holder,
      datapath: this.#datapath(),
      clock: { now: () => performance.now(), wall: () => Date.now() },
      random,
      send: (datagrams) => this.#carry(datagrams),
      emit: (event) => {
        const { level, text } = logLineOf(event);
        if (level !== "debug") {
          console.log(`${site.name.padEnd(5)} | iked: ${level}: ${text}`);
        }
        this.#events.push(event.kind);
        this.#news();
      },
      wake: () => this.#schedule(),
      sourceFor: () => Promise.resolve(this.#endpoint),
      version: "demo",
    });
  }

  /** The endpoint of this site. */
  get #endpoint(): Endpoint {
    return { address: parseAddress(this.#site.outer)!, port: IKE_PORT };
  }

  /** Reads its configuration and starts. */
  async start(): Promise<void> {
    const diagnostics = new Diagnostics();
    const source = new Source(`${this.#site.name}.conf`, ascii(this.#conf));
    const context = {
      macros: new Map<string, string>(),
      include: () => "there is no other file",
    };
    const { tree, wipe } = parse(source, context, diagnostics);
    const environment = {
      hostname: `${this.#site.name}.example.com`,
      protocol: () => undefined,
      service: () => undefined,
      addressesOf: () => undefined,
    };
    const compiled = compile(tree, environment, diagnostics);
    wipe();
    if (compiled === undefined) {
      throw new Error(diagnostics.finish().map(formatDiagnostic).join("\n"));
    }
    this.#holder.loadSecrets(
      compiled.secrets.map(({ ref, octets }) => ({
        ref,
        secret: new Secret(octets),
      })),
    );
    await this.engine.configure(compiled.configuration);
    this.#schedule();
  }

  /** Waits for an event of the engine. */
  async event(kind: string): Promise<void> {
    while (!this.#events.includes(kind)) {
      await new Promise<void>((resolve) => this.#news = resolve);
    }
  }

  /** Lets all packets go as far as they get. */
  settle(): void {
    this.#steps.run();
  }

  /** A packet of the inside on its way out. */
  fromInside(packet: Uint8Array): void {
    this.esp.at(performance.now());
    this.#inside.octets.fill(0, INSIDE_AT, INSIDE_AT + VNET_HEADER);
    this.#inside.octets.set(packet, INSIDE_AT + VNET_HEADER);
    this.esp.fromInside(this.#inside, INSIDE_AT, VNET_HEADER + packet.length);
    this.esp.flush();
  }

  #fromOutside(packet: Uint8Array): void {
    this.esp.at(performance.now());
    this.#outside.octets.set(packet, OUTSIDE_AT);
    const peer = this.#peer!.#endpoint;
    const arrival = { isFrom: () => true, remote: () => peer };
    this.esp.fromOutside(this.#outside, OUTSIDE_AT, packet.length, 0, arrival);
    this.esp.flush();
  }

  async stop(): Promise<void> {
    await this.engine.shutdown();
    clearTimeout(this.#timer);
    this.esp.close();
  }

  #datapath(): Datapath {
    const { esp } = this;
    return {
      setFlows: (flows) => {
        esp.setFlows(flows);
        return Promise.resolve({ ok: true, value: undefined });
      },
      install: (child) => Promise.resolve(esp.install(child)),
      activate: (id) => esp.activate(id),
      move: (ids, local, remote, udpEncap) => esp.move(ids, local, remote, udpEncap),
      remove: (ids) => Promise.resolve(esp.remove(ids)),
      usage: (ids) => Promise.resolve(esp.usage(ids)),
    };
  }

  #carry(datagrams: readonly Datagram[]): void {
    const peer = this.#peer!;
    for (const { local, remote, data, natt } of datagrams) {
      const arrived = {
        local: remote,
        remote: local,
        data: data.slice(),
        natt,
      };
      queueMicrotask(() => {
        peer.engine.handleDatagrams([arrived]);
        peer.#schedule();
      });
    }
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    const next = this.engine.nextTimeout();
    if (next === undefined) return;
    this.#timer = setTimeout(() => {
      this.engine.handleTimeout(performance.now());
      this.#schedule();
    }, Math.max(0, Math.ceil(next - performance.now())));
  }
}
