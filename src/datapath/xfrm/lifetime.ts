/** `xfrm_lifetime_cfg` and `xfrm_lifetime_cur`: how long an entry may live, and how much it has lived. */
import type { Limits, Usage } from "../kernel/values.ts";
import type { StructReader, StructWriter } from "../kernel/layout.ts";

export const LIFETIME_LENGTH = 64;
export const USAGE_LENGTH = 32;

/** XFRM_INF: no limit. */
const INFINITE = 0xffff_ffff_ffff_ffffn;

export function writeLimits(writer: StructWriter, limits: Limits): void {
  const { softOctets, hardOctets, softPackets, hardPackets } = limits;
  for (const amount of [softOctets, hardOctets, softPackets, hardPackets]) {
    writer.u64(amount === undefined || amount === 0n ? INFINITE : amount);
  }
  const { softSeconds, hardSeconds, softUseSeconds, hardUseSeconds } = limits;
  for (const seconds of [softSeconds, hardSeconds, softUseSeconds, hardUseSeconds]) writer.u64(seconds ?? 0n);
}

export function readLimits(reader: StructReader): Limits {
  const amount = (): bigint => {
    const value = reader.u64();
    return value === INFINITE ? 0n : value;
  };
  return {
    softOctets: amount(),
    hardOctets: amount(),
    softPackets: amount(),
    hardPackets: amount(),
    softSeconds: reader.u64(),
    hardSeconds: reader.u64(),
    softUseSeconds: reader.u64(),
    hardUseSeconds: reader.u64(),
  };
}

export function readUsage(reader: StructReader): Usage {
  return {
    octets: reader.u64(),
    packets: reader.u64(),
    addedAt: reader.u64(),
    firstUsedAt: reader.u64(),
  };
}
