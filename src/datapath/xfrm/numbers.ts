/** Numbers of linux/xfrm.h: messages, attributes, flags, multicast groups. */
import type { Direction, IpsecProtocol, Mode } from "../kernel/values.ts";

/** XFRM_MSG_…: netlink message types. */
export const XFRM_MSG = {
  NEWSA: 0x10,
  DELSA: 0x11,
  GETSA: 0x12,
  NEWPOLICY: 0x13,
  DELPOLICY: 0x14,
  GETPOLICY: 0x15,
  ALLOCSPI: 0x16,
  ACQUIRE: 0x17,
  EXPIRE: 0x18,
  UPDPOLICY: 0x19,
  UPDSA: 0x1a,
  POLEXPIRE: 0x1b,
  FLUSHSA: 0x1c,
  FLUSHPOLICY: 0x1d,
  NEWAE: 0x1e,
  GETAE: 0x1f,
  REPORT: 0x20,
  MIGRATE: 0x21,
  NEWSADINFO: 0x22,
  GETSADINFO: 0x23,
  NEWSPDINFO: 0x24,
  GETSPDINFO: 0x25,
  MAPPING: 0x26,
} as const;

/** XFRMA_…: attributes, those that are written or read. */
export const XFRMA = {
  ALG_CRYPT: 2,
  ALG_COMP: 3,
  ENCAP: 4,
  TMPL: 5,
  MIGRATE: 17,
  ALG_AEAD: 18,
  ALG_AUTH_TRUNC: 20,
  REPLAY_ESN_VAL: 23,
  SA_EXTRA_FLAGS: 24,
  SET_MARK: 29,
  IF_ID: 31,
} as const;

/** XFRMGRP bits: what a netlink socket listens to. */
export const XFRM_GROUP = {
  acquire: 1 << 0,
  expire: 1 << 1,
  sa: 1 << 2,
  policy: 1 << 3,
  aevents: 1 << 4,
  report: 1 << 5,
  migrate: 1 << 6,
  mapping: 1 << 7,
} as const;

/** XFRM_SA_XFLAG_…. */
export const SA_EXTRA_FLAG = { dontEncapDscp: 1, sequenceMayWrap: 2 } as const;

/** IP protocols of IPsec (RFC 4302, RFC 4303, RFC 3173). */
export const IPSEC_PROTOCOL: Readonly<Record<IpsecProtocol, number>> = { ah: 51, esp: 50, ipcomp: 108 };

/** XFRM_MODE_…. */
export const MODE: Readonly<Record<Mode, number>> = { transport: 0, tunnel: 1 };

/** XFRM_POLICY_…. */
export const DIRECTION: Readonly<Record<Direction, number>> = { in: 0, out: 1, forward: 2 };

export function ipsecProtocolOf(number: number): IpsecProtocol | undefined {
  return (Object.keys(IPSEC_PROTOCOL) as IpsecProtocol[]).find((name) => IPSEC_PROTOCOL[name] === number);
}

export function modeOf(number: number): Mode | undefined {
  return number === MODE.transport ? "transport" : number === MODE.tunnel ? "tunnel" : undefined;
}

export function directionOf(number: number): Direction | undefined {
  return (Object.keys(DIRECTION) as Direction[]).find((name) => DIRECTION[name] === number);
}
