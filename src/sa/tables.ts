/** Where SAs are found by what stands in a packet. */
import { type EspSpi, espSpi, type IkeSpi, ikeSpi } from "../bytes/mod.ts";
import type { Random } from "../crypto/provider.ts";

/** Lowest SPI that may be chosen for ESP and AH: 1 to 255 are reserved (RFC 4303 §2.1). */
const FIRST_ESP_SPI = 256;

/** CPIs that two ends agree on: those below name algorithms or are reserved, those above are private (RFC 3173 §3.3). */
const FIRST_CPI = 256;
const LAST_CPI = 61_439;

/** CPIs in use at once: so many that a random one is soon found to be free. */
const MAX_CPIS = 30_000;

/** IKE SAs by the SPI that we chose. */
export class SpiTable<Entry> {
  readonly #bySpi = new Map<IkeSpi, Entry>();

  /** A random SPI, not 0 and not in use; it is in use from now on. */
  choose(random: Random, entry: Entry): IkeSpi {
    for (;;) {
      const octets = random(8);
      const spi = ikeSpi(new DataView(octets.buffer, octets.byteOffset, 8).getBigUint64(0));
      if (spi === 0n || this.#bySpi.has(spi)) continue;
      this.#bySpi.set(spi, entry);
      return spi;
    }
  }

  /** Another entry for an SPI that is in use. */
  assign(spi: IkeSpi, entry: Entry): void {
    if (!this.#bySpi.has(spi)) throw new Error("SPI was not chosen before");
    this.#bySpi.set(spi, entry);
  }

  find(spi: IkeSpi): Entry | undefined {
    return this.#bySpi.get(spi);
  }

  release(spi: IkeSpi): void {
    this.#bySpi.delete(spi);
  }

  get size(): number {
    return this.#bySpi.size;
  }

  values(): IterableIterator<Entry> {
    return this.#bySpi.values();
  }
}

/** SPIs that we chose for packets that come in, of ESP and AH alike, and the CPIs of those that are compressed. */
export class InboundSpis {
  /** With the CPI that goes with it, if any. */
  readonly #used = new Map<EspSpi, number | undefined>();
  readonly #cpis = new Set<number>();

  /** A random SPI above 255, not in use; it is in use from now on. */
  choose(random: Random): EspSpi {
    for (;;) {
      const octets = random(4);
      const spi = espSpi(new DataView(octets.buffer, octets.byteOffset, 4).getUint32(0));
      if (spi < FIRST_ESP_SPI || this.#used.has(spi)) continue;
      this.#used.set(spi, undefined);
      return spi;
    }
  }

  /**
   * A random CPI, not in use, for compressed packets that come in by this SPI, with which it is released; undefined where
   * too many are in use.
   */
  chooseCpi(random: Random, spi: EspSpi): number | undefined {
    if (!this.#used.has(spi)) throw new Error("SPI was not chosen before");
    while (this.#cpis.size < MAX_CPIS) {
      const octets = random(2);
      const cpi = new DataView(octets.buffer, octets.byteOffset, 2).getUint16(0);
      if (cpi < FIRST_CPI || cpi > LAST_CPI || this.#cpis.has(cpi)) continue;
      this.#cpis.add(cpi);
      this.#used.set(spi, cpi);
      return cpi;
    }
    return undefined;
  }

  release(spi: EspSpi): void {
    const cpi = this.#used.get(spi);
    if (cpi !== undefined) this.#cpis.delete(cpi);
    this.#used.delete(spi);
  }

  get size(): number {
    return this.#used.size;
  }
}
