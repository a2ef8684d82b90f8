/** How the answers of `iked ctl` read: JSON objects as contracts.md states them, and text for people. */
import type { ChildSnapshot, EndpointSnapshot, IkeSnapshot } from "../engine/types.ts";
import { printable } from "./text.ts";

/** Version of the JSON objects of `iked ctl`. */
export const CONTROL_VERSION = 1;

/** Answer to `show.sa`. */
export interface SaList {
  readonly version: typeof CONTROL_VERSION;
  readonly ikeSas: readonly IkeSnapshot[];
}

/** Answer to `show.datapath`. */
export interface DatapathState {
  readonly version: typeof CONTROL_VERSION;
  readonly datapath: string;
  /** Why this one: chosen by whom, or what the probe found. */
  readonly reason: string;
  /** Packets dropped since the start, by cause (`DROP` of room datapath, and those of the net role); only causes that there were. */
  readonly drops: Readonly<Record<string, number>>;
}

function endpointText(end: EndpointSnapshot): string {
  const address = end.address.includes(":") ? `[${end.address}]` : end.address;
  return `${address}:${end.port}${end.id === null ? "" : ` (${printable(end.id)})`}`;
}

function suiteText(parts: readonly (string | null)[], keyLength: number | null): string {
  const [encr, ...rest] = parts;
  const first = encr === null || encr === undefined
    ? []
    : [keyLength === null ? encr : `${encr}-${keyLength}`];
  return [...first, ...rest.filter((part) => part !== null)].join(", ");
}

function childText(child: ChildSnapshot): string[] {
  const encap = child.encap === "udp" ? " in UDP" : "";
  const esn = child.esn ? ", ESN" : "";
  const ipcomp = child.ipcomp === null ? "" : `, ${child.ipcomp}`;
  const suite = suiteText([child.encr, child.integ], child.keyLength);
  return [
    `  ${child.protocol} ${child.mode}${encap}: ${child.state}, SPI in ${child.spiIn} out ${child.spiOut}, ${suite}${esn}${ipcomp}`,
    `    ${child.tsLocal.join(" ")} === ${child.tsRemote.join(" ")}`,
    ...(child.tag === null ? [] : [`    tag ${printable(child.tag)}, mark ${child.mark}`]),
    `    in ${child.bytesIn} octets, ${child.packetsIn} packets; out ${child.bytesOut} octets, ${child.packetsOut} packets`,
  ];
}

function ikeText(sa: IkeSnapshot): string[] {
  const suite = suiteText([sa.encr, sa.prf, sa.integ, sa.ke], sa.keyLength);
  const since = sa.establishedAt === null ? "" : ` since ${sa.establishedAt}`;
  return [
    `${printable(sa.policy)} #${sa.id}: ${sa.state}${since}, ${sa.role}, NAT ${sa.nat}`,
    `  ${endpointText(sa.local)} ... ${endpointText(sa.peer)}`,
    `  IKE SPIs ${sa.spiI} ${sa.spiR}${suite === "" ? "" : `, ${suite}`}`,
    ...sa.children.flatMap(childText),
  ];
}

/** `show sa` for people; lines without a final line feed. */
export function renderSas(list: SaList): string {
  return list.ikeSas.length === 0 ? "no IKE SA" : list.ikeSas.flatMap(ikeText).join("\n");
}

/** `show datapath` for people; lines without a final line feed. */
export function renderDatapath({ datapath, reason, drops }: DatapathState): string {
  const dropped = Object.entries(drops).map(([cause, packets]) =>
    `  dropped ${printable(cause)}: ${packets}`
  );
  return [`${datapath}: ${reason}`, ...dropped].join("\n");
}
