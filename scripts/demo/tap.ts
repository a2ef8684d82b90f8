/** What passes a wire, as the kernel shows it to a packet socket (packet(7)). */
import type { Libc, Octets } from "../../ffi/libc/mod.ts";
import { addressFromOctets, formatAddress } from "../../src/ip/mod.ts";
import { hexOf } from "../../src/bytes/mod.ts";

const AF_PACKET = 17;
const SOCK_DGRAM = 2 | 0x800 | 0x80000;
/** ETH_P_ALL and ETH_P_IP, in network order. */
const EVERY_PROTOCOL = 0x0300, IPV4 = 0x0008;
const SOL_SOCKET = 1;
const SO_ATTACH_FILTER = 26;

/** Instruction of classic BPF: code, jump if true, jump if false, operand. */
type Instruction = readonly [number, number, number, number];
const LOAD_HALF = 0x28,
  LOAD_OCTET = 0x30,
  LOAD_HALF_AT_X = 0x48,
  LOAD_HEADER_LENGTH = 0xb1;
const IF_EQUAL = 0x15, RETURN = 0x06;
/** Offset of the frame's protocol in the kernel's own data. */
const FRAME_PROTOCOL = 0xfffff000;
const PASS = 0xffff;

/** Passes all but ESP, IKE (UDP 500, 4500), ARP and IPv6 neighbour discovery and listener reports. */
const STRANGERS: readonly Instruction[] = [
  [LOAD_HALF, 0, 0, FRAME_PROTOCOL],
  [IF_EQUAL, 13, 0, 0x0806],
  [IF_EQUAL, 0, 4, 0x86dd],
  [LOAD_OCTET, 0, 0, 6],
  [IF_EQUAL, 10, 0, 58],
  [IF_EQUAL, 9, 0, 0],
  [RETURN, 0, 0, PASS],
  [LOAD_OCTET, 0, 0, 9],
  [IF_EQUAL, 6, 0, 50],
  [IF_EQUAL, 0, 4, 17],
  [LOAD_HEADER_LENGTH, 0, 0, 0],
  [LOAD_HALF_AT_X, 0, 0, 2],
  [IF_EQUAL, 2, 0, 500],
  [IF_EQUAL, 1, 0, 4500],
  [RETURN, 0, 0, PASS],
  [RETURN, 0, 0, 0],
];

/** A look at one device. Made in the network namespace of the calling thread. */
export class Tap {
  readonly #libc: Libc;
  readonly #fd: number;
  readonly #buffer: Octets = new Uint8Array(70_000);

  /** All IPv4; with `strangers` only what should not be there, picked by the kernel so that a burst loses none. */
  constructor(libc: Libc, index: number, strangers = false) {
    this.#libc = libc;
    this.#fd = libc.unwrap(
      libc.c.socket(AF_PACKET, SOCK_DGRAM, 0),
      "open a packet socket",
    );
    if (strangers) this.#filter();
    const name = new Uint8Array(20);
    const view = new DataView(name.buffer);
    view.setUint16(0, AF_PACKET, true);
    view.setUint16(2, strangers ? EVERY_PROTOCOL : IPV4, true);
    view.setInt32(4, index, true);
    libc.unwrap(libc.c.bind(this.#fd, name, name.length), "look at a device");
  }

  /** The packets since the last call, at most `most`, one line each. */
  packets(most: number): string[] {
    const lines: string[] = [];
    while (lines.length < most) {
      const length = this.#libc.c.recv(
        this.#fd,
        this.#buffer,
        this.#buffer.length,
        0,
      );
      if (length <= 0) break;
      lines.push(describe(this.#buffer.subarray(0, length)));
    }
    return lines;
  }

  close(): void {
    this.#libc.c.close(this.#fd);
  }

  #filter(): void {
    const program = new Uint8Array(8 * STRANGERS.length),
      code = new DataView(program.buffer);
    STRANGERS.forEach(([operation, yes, no, operand], i) => {
      code.setUint16(8 * i, operation, true);
      code.setUint8(8 * i + 2, yes);
      code.setUint8(8 * i + 3, no);
      code.setUint32(8 * i + 4, operand, true);
    });
    const filter = new Uint8Array(16), view = new DataView(filter.buffer);
    view.setUint16(0, STRANGERS.length, true);
    view.setBigUint64(8, this.#libc.addressOf(program), true);
    const set = this.#libc.c.setsockopt(
      this.#fd,
      SOL_SOCKET,
      SO_ATTACH_FILTER,
      filter,
      filter.length,
    );
    // The program is read in that call; naming it here keeps its memory until then.
    this.#libc.unwrap(program.length === 0 ? -1 : set, "filter packets");
  }
}

function describe(packet: Uint8Array): string {
  const version = packet[0]! >> 4;
  if (version !== 4) {
    return version === 6 ? `IPv6, next header ${packet[6]}` : "not IP";
  }
  const view = new DataView(packet.buffer, packet.byteOffset, packet.length);
  const address = (at: number) => formatAddress(addressFromOctets(packet.slice(at, at + 4))!);
  const ends = `${address(12)} > ${address(16)}`;
  const at = (packet[0]! & 15) * 4, protocol = packet[9]!;
  const esp = (from: number) => {
    const body = [...packet.subarray(from + 8, from + 24)].map((octet) => hexOf(octet, 1)).join("");
    return `ESP spi=0x${hexOf(view.getUint32(from), 4)} seq=${view.getUint32(from + 4)} ${body}…`;
  };
  if (protocol === 50) return `${ends}: ${esp(at)} length ${packet.length}`;
  if (protocol !== 17) {
    return `${ends}: IP protocol ${protocol}, length ${packet.length}`;
  }
  const ports = [view.getUint16(at), view.getUint16(at + 2)];
  if (!ports.includes(4500)) {
    return `${ends}: UDP ${ports.join(" > ")}, length ${packet.length}`;
  }
  const marker = view.getUint32(at + 8) === 0;
  return `${ends}: UDP 4500 ${marker ? "IKE" : esp(at + 8)} length ${packet.length}`;
}
