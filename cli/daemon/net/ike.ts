/** IKE datagrams: from the sockets to the engine in batches, from the engine to the sockets. */
import { type Libc, type ReceiveBatch, sendPath } from "../../../ffi/libc/mod.ts";
import {
  classify,
  NON_ESP_MARKER,
  type PacketBuffer,
  packetBufferOver,
  type PacketMemory,
} from "../../../src/datapath/mod.ts";
import type { Datagram } from "../../../src/exchange/ports.ts";
import { unspecified } from "../../../src/ip/mod.ts";
import type { EspArrival } from "./net_datapath.ts";
import type { OuterSocket } from "./sockets.ts";

const MARKER = new Uint8Array(NON_ESP_MARKER);

/** What reads the sockets: one arena after the other, IKE collected, ESP given on. */
export class Receiver {
  readonly #batch: ReceiveBatch;
  readonly #buffer: PacketBuffer;
  readonly #esp: (arrival: EspArrival, offset: number, length: number) => void;
  readonly #arrival: { -readonly [Name in keyof EspArrival]: EspArrival[Name] | undefined };
  #datagrams: Datagram[] = [];

  /** `esp` takes each ESP packet at once, in the arena, which may be part of `memory`. */
  constructor(
    batch: ReceiveBatch,
    memory: PacketMemory | undefined,
    esp: (arrival: EspArrival, offset: number, length: number) => void,
  ) {
    this.#batch = batch;
    this.#buffer = packetBufferOver(batch.data, memory);
    this.#esp = esp;
    this.#arrival = { socket: undefined, batch, buffer: this.#buffer, message: 0 };
  }

  /** Reads what a socket has, one batch of it. */
  read(socket: OuterSocket): void {
    const messages = this.#batch.receive(socket.fd);
    for (let message = 0; message < messages; message++) {
      const start = this.#batch.start(message), end = start + this.#batch.length(message);
      // UDP_GRO joins what belongs to one sender, IKE and keepalives included.
      const segment = Math.max(1, this.#batch.segment(message));
      for (let at = start; at < end; at += segment) {
        this.#take(socket, message, at, Math.min(segment, end - at));
      }
    }
  }

  /** The IKE datagrams since the last call. */
  takeDatagrams(): Datagram[] {
    if (this.#datagrams.length === 0) return this.#datagrams;
    const taken = this.#datagrams;
    this.#datagrams = [];
    return taken;
  }

  #take(socket: OuterSocket, message: number, at: number, length: number): void {
    if (socket.duty === "ike") return this.#ike(socket, message, at, length, false);
    const kind = socket.duty === "esp" ? "esp" : classify(this.#buffer, at, length);
    if (kind === "ike") {
      return this.#ike(socket, message, at + NON_ESP_MARKER, length - NON_ESP_MARKER, true);
    }
    // What is neither is too short for an ESP packet, and counted there.
    if (kind === "keepalive") return;
    this.#arrival.socket = socket;
    this.#arrival.message = message;
    this.#esp(this.#arrival as EspArrival, at, length);
  }

  #ike(socket: OuterSocket, message: number, at: number, length: number, natt: boolean): void {
    const remote = this.#batch.remote(message);
    if (remote === undefined) return;
    const address = this.#batch.local(message) ?? unspecified(socket.family);
    this.#datagrams.push({
      local: { address, port: socket.port },
      remote,
      data: this.#batch.data.slice(at, at + length),
      natt,
    });
  }
}

/** Sends the engine's datagrams from the addresses that they name; those without a socket are lost, as on any network. */
export function sendDatagrams(
  libc: Libc,
  sockets: readonly OuterSocket[],
  datagrams: readonly Datagram[],
): void {
  for (const { local, remote, data, natt } of datagrams) {
    const { family } = remote.address;
    const duty = natt ? "natt" : "ike";
    const socket = sockets.find((entry) => entry.duty === duty && entry.family === family);
    if (socket === undefined || local.address.family !== family) continue;
    const source = local.address.value === 0n ? undefined : local.address;
    const path = sendPath(libc, source, remote);
    if (natt) socket.outlet.push(path, MARKER, data);
    else socket.outlet.push(path, data);
  }
  for (const { outlet } of sockets) outlet.flush();
}
