/** A NAT with address and port translation in front of one host: endpoint-dependent filtering, RFC 4787 §4 and §5. */
import { type Endpoint, formatEndpoint, type IpAddress } from "../../src/ip/mod.ts";

export class Nat {
  readonly inside: IpAddress;
  readonly outside: IpAddress;
  readonly #ports = new Map<number, number>();
  readonly #permitted = new Set<string>();
  readonly #forwarded: readonly number[];
  #nextPort = 40_000;

  /** `forwarded`: ports that keep their number and are open to everybody, as an administrator sets it up. */
  constructor(inside: IpAddress, outside: IpAddress, forwarded: readonly number[] = []) {
    this.inside = inside;
    this.outside = outside;
    this.#forwarded = forwarded;
  }

  /** The source of a datagram behind the NAT; opens the way back. */
  outward(from: Endpoint, to: Endpoint): Endpoint {
    if (this.#forwarded.includes(from.port)) return { address: this.outside, port: from.port };
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
    if (this.#forwarded.includes(to.port)) return { address: this.inside, port: to.port };
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
