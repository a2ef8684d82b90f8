/** MIGRATE: new outer endpoints for a policy and the SAs that its templates name, in one step (RFC 4555 uses it). */
import { concat } from "../../bytes/mod.ts";
import type { IpAddress } from "../../ip/mod.ts";
import type { Encapsulation, IpsecProtocol, Mode, PolicyName } from "../kernel/values.ts";
import { FAMILY_NUMBER } from "../rtnetlink/family.ts";
import { attribute, type NetlinkRequest, NLM_F_ACK } from "../rtnetlink/message.ts";
import { encapsulationAttribute } from "./encapsulation.ts";
import { StructWriter } from "../kernel/layout.ts";
import { DIRECTION, IPSEC_PROTOCOL, MODE, XFRM_MSG, XFRMA } from "./numbers.ts";
import { writeSelector } from "./selector.ts";

const POLICY_ID_LENGTH = 64;
const MIGRATE_LENGTH = 76;

/** SAs between two outer endpoints, and where they go. */
export interface Migration {
  readonly from: { readonly source: IpAddress; readonly destination: IpAddress };
  readonly to: { readonly source: IpAddress; readonly destination: IpAddress };
  readonly protocol: IpsecProtocol;
  readonly mode: Mode;
  readonly reqid: number;
}

/** Moves the SAs of a policy. The kernel needs CONFIG_XFRM_MIGRATE, and answers ENOPROTOOPT without. */
export function migrate(
  policy: PolicyName,
  migrations: readonly Migration[],
  encapsulation?: Encapsulation,
): NetlinkRequest {
  const id = new StructWriter(POLICY_ID_LENGTH);
  writeSelector(id, policy.selector);
  id.skip(4).u8(DIRECTION[policy.direction]);
  const writer = new StructWriter(MIGRATE_LENGTH * migrations.length);
  for (const { from, to, protocol, mode, reqid } of migrations) {
    writer.address(from.destination).address(from.source).address(to.destination).address(to.source)
      .u8(IPSEC_PROTOCOL[protocol]).u8(MODE[mode]).skip(2).u32(reqid)
      .u16(FAMILY_NUMBER[from.destination.family]).u16(FAMILY_NUMBER[to.destination.family]);
  }
  const parts = [id.octets, attribute(XFRMA.MIGRATE, writer.octets)];
  if (encapsulation !== undefined) parts.push(encapsulationAttribute(encapsulation));
  return { type: XFRM_MSG.MIGRATE, flags: NLM_F_ACK, body: concat(...parts) };
}
