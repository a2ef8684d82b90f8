/** W024: a `srcid` or `dstid` that is taken for a domain name (iked.conf(5)) and can be none. */
import type { Identity } from "../../policy/types.ts";
import { ID_TYPE } from "../../wire/registry.ts";
import type { Text } from "../ast.ts";
import { type Diagnostics, WARNINGS } from "../diagnostics.ts";
import type { Subject } from "./subject.ts";

/** How `ikectl show sa` of OpenBSD's iked writes identities: their type comes first. */
const TYPED = /^(?:FQDN|UFQDN|IPV4|IPV6|ASN1_DN)\/(.+)$/;
const ADDRESS_LENGTH = /^([0-9.]{7,15}|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)\/[0-9]{1,3}$/;

/** What is meant, as one has to write it; undefined where the name may be what it looks like. */
function meant(text: string): string | undefined {
  const typed = TYPED.exec(text);
  if (typed !== null) return typed[1];
  const address = ADDRESS_LENGTH.exec(text);
  if (address !== null) return address[1];
  // C=DE, O=Example, CN=gw
  if (!/^[A-Za-z]+ ?= ?[^,/=]+([,/] ?[A-Za-z]+ ?= ?[^,/=]+)*$/.test(text)) return undefined;
  return `/${text.split(/[,/] ?/).map((part) => part.replace(/ ?= ?/, "=")).join("/")}`;
}

function lintIdentity(
  node: Text | undefined,
  identity: Identity | undefined,
  diagnostics: Diagnostics,
): void {
  if (node === undefined || identity?.type !== ID_TYPE.ID_FQDN) return;
  const other = meant(node.text);
  if (other === undefined) return;
  const message = `"${node.text}" is taken for a domain name, which it cannot be`;
  diagnostics.warn(WARNINGS.noDomainName, node.place, message, other);
}

/** Warns of them. */
export function lintIdentities(subjects: readonly Subject[], diagnostics: Diagnostics): void {
  for (const { policy, node } of subjects) {
    lintIdentity(node.srcid, policy.localId, diagnostics);
    lintIdentity(node.dstid, policy.peerId, diagnostics);
  }
}
