/** Published captures: the same messages as an independent reader and tcpdump find in them. */
import assert from "node:assert/strict";
import { toHex } from "../../src/bytes/mod.ts";
import { readIkeMessages } from "../support/pcap_read.ts";
import { readVectorOctets, vectorTest } from "../support/vectors.ts";
import { itemsOf } from "./build.ts";

/** Each capture, and how many messages of ISAKMP or IKE tcpdump shows in it, keepalives not counted. */
const CAPTURES: readonly (readonly [string, number])[] = [
  ["libreswan/01-isakmp-broadcast.pcap", 1],
  ["libreswan/01-isakmp-vid-first.pcap", 1],
  ["libreswan/02-isakmp-vid-first.pcap", 2],
  ["scapy/ikev2_nat_t.pcapng", 30],
  ["tcpdump/02-sunrise-sunset-esp.pcap", 0],
  ["tcpdump/ISAKMP_sa_setup.pcap", 9],
  ["tcpdump/ikev2-id-normal.pcap", 1],
  ["tcpdump/ikev2pI2.pcap", 2],
  ["tcpdump/isakmp-delete-segfault.pcap", 1],
  ["tcpdump/isakmp-no-none-np.pcapng", 1],
  ["tcpdump/isakmp-pointer-loop.pcap", 1],
  ["tcpdump/isakmp4500.pcap", 15],
  ["wireshark/ikev1-certs.pcap", 10],
  ["wireshark/ikev2-decrypt-3des-sha1_160.pcap", 6],
  ["wireshark/ikev2-decrypt-aes128ccm12.pcap", 6],
  ["wireshark/ikev2-decrypt-aes256cbc.pcapng", 4],
  ["wireshark/ikev2-decrypt-aes256gcm16.pcap", 6],
  ["zeek-plugin-ikev2/ikev2.pcap", 7],
  ["zeek-spicy-ipsec/IPsec_ESP-AH_tunnel_mode.cap", 0],
  ["zeek-spicy-ipsec/ipsec-ikev1-isakmp-aggressive-mode.pcap", 6],
  ["zeek-spicy-ipsec/ipsec-ikev1-payload-bad-length.pcap", 1],
  ["zeek-spicy-ipsec/ipsec.cap", 11],
];

for (const [path, count] of CAPTURES) {
  vectorTest(`capture ${path}: ${count} messages, in frames and octets those of another reader`, () => {
    const file = readVectorOctets(`pcap/${path}`);
    const items = itemsOf(file);
    const messages = items.map((item) => {
      assert.ok(item.kind === "message");
      return [item.frame, item.source.port, item.destination.port, toHex(item.octets)];
    });
    assert.equal(messages.length, count);
    const expected = readIkeMessages(file).filter(({ message }) => message.length > 1);
    assert.deepEqual(
      messages,
      expected.map(({ frame, sourcePort, destinationPort, message }) => [
        frame,
        sourcePort,
        destinationPort,
        toHex(message),
      ]),
    );
  });
}

vectorTest(
  "capture tcpdump/*-oobr: first fragments whose rest is missing are shown, a garbled frame is none",
  () => {
    const of = (name: string) => itemsOf(readVectorOctets(`pcap/tcpdump/${name}.pcap`));
    for (
      const [name, port, octets] of [["isakmp-various-oobr", 49152, 33], [
        "ikev1_id_ipv6_addr_subnet-oobr",
        0,
        65,
      ]] as const
    ) {
      const [first, ...more] = of(name);
      assert.ok(first?.kind === "message" && first.frame === 1);
      assert.deepEqual([first.source.port, first.destination.port, first.octets.length], [500, port, octets]);
      assert.deepEqual(more, []);
    }
    assert.deepEqual(of("isakmp-rfc3948-oobr").filter((item) => item.kind === "message"), []);
  },
);
