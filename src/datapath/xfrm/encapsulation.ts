/** `xfrm_encap_tmpl`: ESP in UDP (RFC 3948). */
import type { Encapsulation } from "../kernel/values.ts";
import { attribute } from "../rtnetlink/message.ts";
import { StructReader, StructWriter } from "../kernel/layout.ts";
import { XFRMA } from "./numbers.ts";

const UDP_ENCAP_ESPINUDP = 2;
const LENGTH = 24;

export function encapsulationAttribute({ sourcePort, destinationPort }: Encapsulation): Uint8Array {
  // The original address is for checksums of transport mode, which the kernel computes anew.
  const writer = new StructWriter(LENGTH).u16(UDP_ENCAP_ESPINUDP).port(sourcePort).port(destinationPort);
  return attribute(XFRMA.ENCAP, writer.octets);
}

export function readEncapsulation(attributes: ReadonlyMap<number, Uint8Array>): Encapsulation | undefined {
  const octets = attributes.get(XFRMA.ENCAP);
  if (octets === undefined || octets.length < LENGTH) return undefined;
  const reader = new StructReader(octets);
  if (reader.u16() !== UDP_ENCAP_ESPINUDP) return undefined;
  return { sourcePort: reader.port(), destinationPort: reader.port() };
}
