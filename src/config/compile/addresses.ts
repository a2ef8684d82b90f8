/** Addresses of nodes, names looked up. */
import {
  addressBits,
  type Family,
  formatPrefix,
  formatRange,
  type Prefix,
  rangeOfPrefix,
} from "../../ip/mod.ts";
import type { HostNode } from "../ast.ts";
import { type Diagnostics, WARNINGS } from "../diagnostics.ts";
import type { CompileContext } from "./context.ts";

/** `IPv4` or `IPv6`. */
export function familyName(family: Family): string {
  return `IPv${family}`;
}

/** An unsigned decimal number up to `max`; undefined for any other text. */
export function decimal(text: string, max: number): number | undefined {
  if (!/^(0|[1-9][0-9]{0,15})$/.test(text)) return undefined;
  const value = Number(text);
  return value <= max ? value : undefined;
}

/** A word of the file for a message. */
export function cut(text: string): string {
  return text.slice(0, 64);
}

/** Warns of bits beyond the length of a prefix. */
export function warnHostBits(node: HostNode, diagnostics: Diagnostics): void {
  if (node.kind !== "prefix") return;
  const { address, length } = node.prefix;
  const range = rangeOfPrefix(node.prefix);
  if (range.start === address.value || length === addressBits(address.family)) return;
  const message = `bits of the address beyond its length ${length} are ignored: ${formatRange(range)}`;
  diagnostics.warn(WARNINGS.hostBits, node.place, message);
}

/** The prefixes that a network or a name stands for, all of them; it is an error if there is none. */
export function prefixesOf(node: HostNode, { environment, diagnostics }: CompileContext): readonly Prefix[] {
  if (node.kind === "prefix") return [node.prefix];
  if (node.kind !== "name") return [];
  const addresses = environment.addressesOf(node.name) ?? [];
  if (addresses.length === 0) diagnostics.error(node.place, `"${node.name}" has no address`);
  return addresses.flatMap((address) => {
    const bits = addressBits(address.family);
    const prefix = { address, length: node.length ?? bits };
    if (prefix.length <= bits) return [prefix];
    const which = `${formatPrefix({ address, length: bits })}, an address of ${familyName(address.family)}`;
    diagnostics.error(node.place, `"${node.name}" is ${which}: /${prefix.length} is too long`);
    return [];
  });
}
