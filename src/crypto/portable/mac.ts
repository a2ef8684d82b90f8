/** Integrity transforms and PRFs over any keyed MAC. */
import { equalConstantTime, wipe } from "../../bytes/mod.ts";
import { INTEG, PRF } from "../../wire/registry.ts";
import type { PacketMac, Prf } from "../provider.ts";
import { aesCmac, aesXcbc, prfKey } from "./cbc_mac.ts";
import { integHmac, type KeyedMac, prfHmac } from "./hmac.ts";

/** What makes the MAC of an integrity transform; undefined where there is none. */
export function integMac(id: number): ((key: Uint8Array) => KeyedMac) | undefined {
  if (id === INTEG.AUTH_AES_XCBC_96) return aesXcbc;
  if (id === INTEG.AUTH_AES_CMAC_96) return aesCmac;
  return integHmac[id];
}

/** What makes a PRF; undefined where there is none. */
export function prfMac(id: number): ((key: Uint8Array) => KeyedMac) | undefined {
  if (id === PRF.PRF_AES128_XCBC) return (key) => folded(aesXcbc, key, true);
  if (id === PRF.PRF_AES128_CMAC) return (key) => folded(aesCmac, key, false);
  return prfHmac[id];
}

function folded(make: (key: Uint8Array) => KeyedMac, key: Uint8Array, padShort: boolean): KeyedMac {
  const own = prfKey(make, key, padShort);
  const mac = make(own);
  wipe(own);
  return mac;
}

/** An integrity transform that sends the first `icvLength` octets of a MAC. */
export function packetMac(mac: KeyedMac, icvLength: number): PacketMac {
  const full = new Uint8Array(mac.length);
  const truncated = full.subarray(0, icvLength);
  let live = true;
  const compute = (buffer: Uint8Array, offset: number, length: number) => {
    if (!live) throw new Error("Use of a wiped key");
    mac.compute([buffer.subarray(offset, offset + length)], full);
  };
  return {
    icvLength,
    write(buffer, offset, length, icvOffset) {
      compute(buffer, offset, length);
      buffer.set(truncated, icvOffset);
    },
    verify(buffer, offset, length, icv) {
      compute(buffer, offset, length);
      return equalConstantTime(truncated, icv);
    },
    wipe() {
      live = false;
      mac.wipe();
    },
  };
}

/** A PRF that is a MAC. */
export function macPrf(mac: KeyedMac): Prf {
  let live = true;
  return {
    length: mac.length,
    compute(...parts) {
      if (!live) throw new Error("Use of a wiped key");
      const output = new Uint8Array(mac.length);
      mac.compute(parts, output);
      return output;
    },
    wipe() {
      live = false;
      mac.wipe();
    },
  };
}
