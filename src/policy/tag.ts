/**
 * Tags of iked.conf(5): their variables, and the mark that stands for a tag where the packet filter knows numbers alone.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { ID_TYPE } from "../wire/registry.ts";
import { commonNameOf } from "./distinguished_name.ts";
import { formatIdentity } from "./identity.ts";
import { isNoMark, numberOf } from "./mark.ts";
import type { Identity } from "./types.ts";

/** Characters of an expanded tag. */
const MAX_LENGTH = 512;

/** A tag of packets of a Child SA. */
export interface Tag {
  readonly text: string;
  /** 1 to 0xffffffff. */
  readonly mark: number;
}

/** What `$id` stands for: of a distinguished name its common name. */
function idText(id: Identity): string {
  return (id.type === ID_TYPE.ID_DER_ASN1_DN && commonNameOf(id.data)) || formatIdentity(id);
}

/** What `$domain` stands for: behind the `@` of a mailbox, behind the first label of a host's name, else nothing. */
function domainText(id: Identity): string {
  const named: readonly number[] = [ID_TYPE.ID_FQDN, ID_TYPE.ID_RFC822_ADDR, ID_TYPE.ID_DER_ASN1_DN];
  if (!named.includes(id.type)) return "";
  const text = idText(id);
  const at = text.includes("@") ? text.lastIndexOf("@") : text.indexOf(".");
  return at < 0 ? "" : text.slice(at + 1);
}

/**
 * The tag of a policy's packets with this peer. Undefined: nothing is left of it, or it depends on a peer that is not
 * known. `$eapid` is the peer's identity as well.
 */
export function expandTag(tag: string, name: string, peerId: Identity | undefined): Tag | undefined {
  const told = /\$(eapid|id|domain)/.test(tag);
  if (told && peerId === undefined) return undefined;
  const text = tag.replace(/\$(eapid|id|domain|name)/g, (_, variable: string) => {
    if (variable === "name") return name;
    return variable === "domain" ? domainText(peerId!) : idText(peerId!);
  }).slice(0, MAX_LENGTH);
  if (text === "") return undefined;
  // What a peer says of itself may look like a number; it is none.
  const mark = told || isNoMark(text) ? undefined : numberOf(text);
  return { text, mark: mark ?? hashOf(text) };
}

/** The first four octets of the text's SHA-256, so that anybody can work it out: `printf %s TEXT | sha256sum`. */
function hashOf(text: string): number {
  const octets = sha256(new TextEncoder().encode(text));
  // 0 is no mark.
  return new DataView(octets.buffer, octets.byteOffset).getUint32(0) || 1;
}
