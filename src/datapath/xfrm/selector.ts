/** `xfrm_selector` as octets. */
import { addressBits } from "../../ip/mod.ts";
import type { KernelSelector } from "../kernel/selector.ts";
import { FAMILY_NUMBER, familyOfNumber } from "../rtnetlink/family.ts";
import { addressOf, type StructReader, type StructWriter } from "../kernel/layout.ts";

export const SELECTOR_LENGTH = 56;

export function writeSelector(writer: StructWriter, selector: KernelSelector): void {
  const { family, source, destination, protocol, sourcePort, destinationPort } = selector;
  writer.address(destination.address).address(source.address)
    .port(destinationPort.port).port(destinationPort.mask).port(sourcePort.port).port(sourcePort.mask)
    .u16(FAMILY_NUMBER[family]).u8(destination.length).u8(source.length).u8(protocol)
    // Padding, interface, user.
    .skip(3).skip(4).skip(4);
}

/** Reads a selector; undefined where its family or a prefix is impossible, or where it is all zero: an SA's that is for anything. */
export function readSelector(reader: StructReader): KernelSelector | undefined {
  const destination = reader.address(), source = reader.address();
  const destinationPort = { port: reader.port(), mask: reader.port() };
  const sourcePort = { port: reader.port(), mask: reader.port() };
  const family = familyOfNumber(reader.u16());
  const destinationLength = reader.u8(), sourceLength = reader.u8(), protocol = reader.u8();
  reader.skip(3 + 4 + 4);
  if (family === undefined) return undefined;
  if (destinationLength > addressBits(family) || sourceLength > addressBits(family)) return undefined;
  return {
    family,
    source: { address: addressOf(source, family), length: sourceLength },
    destination: { address: addressOf(destination, family), length: destinationLength },
    protocol,
    sourcePort,
    destinationPort,
  };
}
