declare const brand: unique symbol;

/** A value that may not be mixed up with others of the same representation. */
export type Branded<T, Name extends string> = T & { readonly [brand]: Name };

/** SPI of an IKE SA: 8 octets, as an unsigned integer (RFC 7296 §3.1). */
export type IkeSpi = Branded<bigint, "IkeSpi">;

/** SPI of an ESP or AH SA: 4 octets, as an unsigned integer (RFC 4301 §4.1). */
export type EspSpi = Branded<number, "EspSpi">;

/** Names a PSK, password or private key at the key holder. */
export type SecretRef = Branded<string, "SecretRef">;

/** Takes a number as an IKE SPI; it must fit 8 octets. */
export function ikeSpi(value: bigint): IkeSpi {
  if (value < 0n || value > 0xffff_ffff_ffff_ffffn) throw new RangeError(`IKE SPI out of range: ${value}`);
  return value as IkeSpi;
}

/** Takes a number as an ESP or AH SPI; it must fit 4 octets. */
export function espSpi(value: number): EspSpi {
  if (!Number.isInteger(value) || value < 0 || value > 0xffff_ffff) {
    throw new RangeError(`ESP SPI out of range: ${value}`);
  }
  return value as EspSpi;
}
