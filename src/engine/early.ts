/**
 * Messages that came before their IKE SA stood: a peer that answered our rekey of an IKE SA may use the new one at once,
 * and its request comes while the keys are still being derived (RFC 7296 §2.18). Without this it would be told that there
 * is no such SA, and say it again seconds later.
 */
import type { IkeSpi } from "../bytes/mod.ts";
import type { Datagram } from "../exchange/ports.ts";

/** Datagrams kept for one IKE SA to come: a peer's window is one request as long as none was negotiated (§2.3). */
const PER_SA = 2;
/** Octets of all of them: SPIs to come are known to authenticated peers alone, and this bounds those. */
const OCTETS = 1 << 18;

/** See the head of the file. */
export class EarlyMessages {
  readonly #kept = new Map<IkeSpi, Datagram[]>();
  #octets = 0;

  /** Keeps a datagram for the SA with this SPI of ours, as long as there is room. */
  keep(spi: IkeSpi, datagram: Datagram): void {
    const kept = this.#kept.get(spi) ?? [];
    if (kept.length >= PER_SA || this.#octets + datagram.data.length > OCTETS) return;
    this.#octets += datagram.data.length;
    this.#kept.set(spi, [...kept, datagram]);
  }

  /** What was kept for an SPI; it is kept no more. */
  take(spi: IkeSpi): readonly Datagram[] {
    const kept = this.#kept.get(spi) ?? [];
    this.#kept.delete(spi);
    for (const { data } of kept) this.#octets -= data.length;
    return kept;
  }
}
