/** Numbers of linux/pfkeyv2.h and linux/ipsec.h: messages, extensions, algorithms (RFC 2367 §3, and what KAME added). */
import type { Direction, IpsecProtocol, Mode } from "../kernel/values.ts";

/** SADB_…: types of messages. */
export const SADB = {
  GETSPI: 1,
  UPDATE: 2,
  ADD: 3,
  DELETE: 4,
  GET: 5,
  ACQUIRE: 6,
  REGISTER: 7,
  EXPIRE: 8,
  FLUSH: 9,
  DUMP: 10,
  X_SPDUPDATE: 13,
  X_SPDADD: 14,
  X_SPDDELETE: 15,
  X_SPDGET: 16,
  X_SPDDUMP: 18,
  X_SPDFLUSH: 19,
  X_SPDDELETE2: 22,
  X_NAT_T_NEW_MAPPING: 23,
} as const;

/** SADB_EXT_… and SADB_X_EXT_…: extensions of a message. */
export const EXT = {
  SA: 1,
  LIFETIME_CURRENT: 2,
  LIFETIME_HARD: 3,
  LIFETIME_SOFT: 4,
  ADDRESS_SRC: 5,
  ADDRESS_DST: 6,
  ADDRESS_PROXY: 7,
  KEY_AUTH: 8,
  KEY_ENCRYPT: 9,
  SUPPORTED_AUTH: 14,
  SUPPORTED_ENCRYPT: 15,
  SPIRANGE: 16,
  X_POLICY: 18,
  X_SA2: 19,
  X_NAT_T_TYPE: 20,
  X_NAT_T_SPORT: 21,
  X_NAT_T_DPORT: 22,
  X_NAT_T_OA: 23,
} as const;

/** SADB_SATYPE_…; 0 is none of them, or all. */
export const SATYPE: Readonly<Record<IpsecProtocol, number>> = { ah: 2, esp: 3, ipcomp: 9 };
export const SATYPE_UNSPEC = 0;

/** IP protocols of IPsec (RFC 4302, RFC 4303, RFC 3173), in the requests of a policy. */
export const IPSEC_PROTOCOL: Readonly<Record<IpsecProtocol, number>> = { ah: 51, esp: 50, ipcomp: 108 };

/** IPSEC_MODE_…. */
export const MODE: Readonly<Record<Mode, number>> = { transport: 1, tunnel: 2 };

/** IPSEC_DIR_…; the third is Linux's own. */
export const DIRECTION: Readonly<Record<Direction, number>> = { in: 1, out: 2, forward: 3 };

/** IPSEC_POLICY_…: dropped, passed in clear, protected, and (for sockets) not asked for. */
export const POLICY_TYPE = { discard: 0, none: 1, ipsec: 2, bypass: 4 } as const;

/** IPSEC_LEVEL_…: an SA that may be missing, any one, the one with this reqid. */
export const LEVEL = { use: 1, require: 2, unique: 3 } as const;

/** IPSEC_MANUAL_REQID_MAX: a policy with a reqid above gets another one. */
export const LARGEST_REQID = 0x3fff;

/** The key of a table that has this number. */
export function nameOf<T extends string>(table: Readonly<Record<T, number>>, number: number): T | undefined {
  return (Object.keys(table) as T[]).find((name) => table[name] === number);
}
