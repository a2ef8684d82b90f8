/** A NAT with address and port translation in front of one host: endpoint-dependent filtering, RFC 4787 §4 and §5. */
import { type Endpoint, formatEndpoint, type IpAddress } from "../../src/ip/mod.ts";

export class Nat {
  readonly inside: IpAddress;
  readonly outside: IpAddress;
  readonly #ports = new Map<number, number>();
  readonly #permitted = new Set<string>();
  #nextPort: number;

  constructor(inside: IpAddress, outside: IpAddress, firstPort = 40_000) {
    this.inside = inside;
    this.outside = outside;
    this.#nextPort = firstPort;
  }

  /** The source of a datagram behind the NAT; opens the way back. */
  outward(from: Endpoint, to: Endpoint): Endpoint {
    let port = this.#ports.get(from.port);
    if (port === undefined) {
      port = this.#nextPort++;
      this.#ports.set(from.port, port);
    }
    this.#permitted.add(`${port}<${formatEndpoint(to)}`);
    return { address: this.outside, port };
  }

  /** Who inside gets a datagram for `to`; undefined where nobody asked for it. */
  inward(from: Endpoint, to: Endpoint): Endpoint | undefined {
    if (!this.#permitted.has(`${to.port}<${formatEndpoint(from)}`)) return undefined;
    for (const [inner, outer] of this.#ports) {
      if (outer === to.port) return { address: this.inside, port: inner };
    }
    return undefined;
  }

  /** Forgets every mapping, as after a restart: the same host gets new ports. */
  rebind(): void {
    this.#ports.clear();
    this.#permitted.clear();
  }
}
