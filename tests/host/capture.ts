/** What passes a device of a host, as AF_PACKET shows it: IP packets, without those of neighbour discovery. */
import { Poller } from "../../ffi/libc/mod.ts";
import type { Host } from "./namespaces.ts";

const AF_PACKET = 17, SOCK_DGRAM = 2, SOCK_NONBLOCK = 0x800, SOCK_CLOEXEC = 0x80000;
/** ETH_P_ALL in network order. */
const EVERY_PROTOCOL = 0x0300;
const UDP = 17, ICMPV6 = 58, HOP_BY_HOP = 0, NEIGHBOUR_DISCOVERY = 133;
const NATT = 4500;

/** One packet. */
export interface Seen {
  /** `udp 500>500`, `icmp 8`, `ip 50`: protocol, and ports or ICMP type. */
  readonly kind: string;
  /** What is on the NAT-T port (RFC 3948); of other packets nothing. */
  readonly natt?: "ike" | "esp" | "keepalive";
  /** Octets of what the IP packet carries. */
  readonly payload: Uint8Array;
}

function nattKind(udp: Uint8Array): NonNullable<Seen["natt"]> {
  if (udp.length === 9 && udp[8] === 0xff) return "keepalive";
  return new DataView(udp.buffer, udp.byteOffset).getUint32(8) === 0 ? "ike" : "esp";
}

function parse(octets: Uint8Array): Seen | undefined {
  const v4 = octets[0]! >>> 4 === 4;
  if (!v4 && octets[0]! >>> 4 !== 6) return undefined;
  const protocol = v4 ? octets[9]! : octets[6]!, upper = v4 ? (octets[0]! & 15) * 4 : 40;
  const payload = octets.slice(upper), view = new DataView(payload.buffer);
  if (!v4 && (protocol === HOP_BY_HOP || protocol === ICMPV6 && payload[0]! >= NEIGHBOUR_DISCOVERY)) {
    return undefined;
  }
  if (protocol === 1 || protocol === ICMPV6) return { kind: `icmp ${payload[0]}`, payload };
  if (protocol !== UDP) return { kind: `ip ${protocol}`, payload };
  const ports = [view.getUint16(0), view.getUint16(2)] as const;
  const kind = `udp ${ports[0]}>${ports[1]}`;
  return ports.includes(NATT) ? { kind, natt: nattKind(payload), payload } : { kind, payload };
}

/** A capture under way. */
export class Capture implements Disposable {
  readonly #host: Host;
  readonly #fd: number;
  readonly #buffer = new Uint8Array(70_000);
  #fresh: Seen[] = [];

  constructor(host: Host, device = "outer") {
    this.#host = host;
    const { libc } = host;
    this.#fd = host.run(() =>
      libc.unwrap(
        libc.c.socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, EVERY_PROTOCOL),
        "open a capture",
      )
    );
    const name = new Uint8Array(20), view = new DataView(name.buffer);
    view.setUint16(0, AF_PACKET, true);
    view.setUint16(2, EVERY_PROTOCOL, true);
    view.setInt32(4, host.index(device), true);
    libc.unwrap(libc.c.bind(this.#fd, name, name.length), "bind the capture");
  }

  /** The packets since the last call. */
  take(): Seen[] {
    this.#read();
    const taken = this.#fresh;
    this.#fresh = [];
    return taken;
  }

  /** The kinds of the packets since the last call. */
  kinds(): Set<string> {
    return new Set(this.take().map(({ kind }) => kind));
  }

  /** The next packet that matches, of those since the last call and those to come; fails after 60 s without it. */
  async until(matches: (seen: Seen) => boolean): Promise<Seen> {
    const poller = new Poller(this.#host.libc);
    poller.watch(this.#fd);
    let late = false;
    const deadline = setTimeout(() => {
      late = true;
      poller.wake();
    }, 60_000);
    try {
      for (;;) {
        const found = this.take().find(matches);
        if (found !== undefined) return found;
        if (late) throw new Error("No such packet in 60 s");
        await poller.wait(-1);
      }
    } finally {
      clearTimeout(deadline);
      poller.close();
    }
  }

  #read(): void {
    for (;;) {
      const length = this.#host.libc.c.recv(this.#fd, this.#buffer, this.#buffer.length, 0);
      if (length < 0) return;
      const seen = parse(this.#buffer.subarray(0, length));
      if (seen !== undefined) this.#fresh.push(seen);
    }
  }

  [Symbol.dispose](): void {
    this.close();
  }

  close(): void {
    this.#host.libc.c.close(this.#fd);
  }
}
