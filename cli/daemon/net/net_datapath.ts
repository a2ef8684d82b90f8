/** What the net role asks of a data path, whichever it is. */
import type { ReceiveBatch } from "../../../ffi/libc/mod.ts";
import type { Datapath } from "../../../src/exchange/ports.ts";
import type { PacketBuffer } from "../../../src/datapath/mod.ts";
import type { Handlers } from "../rpc.ts";
import type { OuterSocket } from "./sockets.ts";

/** Where an ESP packet lies that came on a socket. */
export interface EspArrival {
  readonly socket: OuterSocket;
  readonly batch: ReceiveBatch;
  readonly buffer: PacketBuffer;
  /** Which message of the batch. */
  readonly message: number;
}

/** A data path in this role. */
export interface NetDatapath extends Handlers<Datapath> {
  /** Polled for what the data path has ready by itself; absent where there is no such descriptor. */
  readonly fd?: number;
  /** An ESP packet of `length` octets at `offset` of the arrival's buffer; octets around it may be overwritten. */
  esp(arrival: EspArrival, offset: number, length: number): void;
  /** Takes what the inside has ready, sends what waits. After each round of reading the sockets. */
  turn(): void;
  /** Packets that it dropped, by cause; only causes that there were. */
  drops(): Readonly<Record<string, number>>;
  /** About once a second. */
  tick(): void;
  /** Forgets every SA, wipes the keys, takes down what it set up. */
  close(): void;
}
