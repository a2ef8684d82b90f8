/** The demo where namespaces or TUN devices are forbidden: the same engines and the same ESP, one process, no wire. */
import { CONTROL_VERSION, renderSas } from "../../src/control/mod.ts";
import { hexOf } from "../../src/bytes/mod.ts";
import { addressToOctets, parseAddress } from "../../src/ip/mod.ts";
import { checksum } from "./checksum.ts";
import { MemorySite } from "./memory_site.ts";
import { confOf, LEFT, RIGHT } from "./sites.ts";

const PINGS = 5;
const BURST_MS = 2000;
/** Packets between two looks at the clock. */
const TURN = 64;
const PACKET = 1400;
const ICMP = 1, UDP = 17;
const ECHO_REQUEST = 8, ECHO_REPLY = 0;

function ipv4(
  protocol: number,
  from: string,
  to: string,
  body: Uint8Array,
): Uint8Array {
  const packet = new Uint8Array(20 + body.length);
  const view = new DataView(packet.buffer);
  packet.set([0x45, 0, 0, 0, 0, 0, 0, 0, 64, protocol]);
  view.setUint16(2, packet.length);
  packet.set(addressToOctets(parseAddress(from)!), 12);
  packet.set(addressToOctets(parseAddress(to)!), 16);
  view.setUint16(10, checksum(packet.subarray(0, 20)));
  packet.set(body, 20);
  return packet;
}

function echo(type: number, sequence: number): Uint8Array {
  const body = new Uint8Array(64);
  const view = new DataView(body.buffer);
  body[0] = type;
  view.setUint16(6, sequence);
  view.setUint16(2, checksum(body));
  return body;
}

function describe(packet: Uint8Array): string {
  const view = new DataView(packet.buffer, packet.byteOffset, packet.length);
  const body = [...packet.subarray(8, 24)].map((octet) => hexOf(octet, 1)).join(
    "",
  );
  return `ESP spi=0x${hexOf(view.getUint32(0), 4)} seq=${view.getUint32(4)} ${body}… length ${packet.length}`;
}

function section(title: string): void {
  console.log(`\n── ${title} (in memory)`);
}

function check(condition: boolean, reason: string): void {
  if (!condition) throw new Error(reason);
}

function ping(left: MemorySite, right: MemorySite): void {
  section(`ping from ${LEFT.inner} to ${RIGHT.inner}`);
  const packets: string[] = [];
  left.sent = right.sent = (packet) => void packets.push(describe(packet));
  right.arrived = (packet) => {
    const sequence = new DataView(packet.buffer, packet.byteOffset + 20)
      .getUint16(6);
    right.fromInside(
      ipv4(ICMP, RIGHT.inner, LEFT.inner, echo(ECHO_REPLY, sequence)),
    );
  };
  let answers = 0;
  for (let sequence = 1; sequence <= PINGS; sequence++) {
    const began = performance.now();
    left.arrived = (packet) => {
      const reply = packet[9] === ICMP && packet[20] === ECHO_REPLY;
      if (!reply) return;
      answers++;
      console.log(
        `seq=${sequence} ${(performance.now() - began).toFixed(2)} ms`,
      );
    };
    left.fromInside(ipv4(ICMP, LEFT.inner, RIGHT.inner, echo(ECHO_REQUEST, sequence)));
    left.settle();
  }
  check(answers === PINGS, "a ping had no answer");
  section("the packets between the two");
  for (const line of packets.slice(0, 4)) console.log(line);
}

async function burst(left: MemorySite, right: MemorySite): Promise<void> {
  section(`a stream of UDP through the tunnel, ${BURST_MS / 1000} s`);
  const packet = ipv4(
    UDP,
    LEFT.inner,
    RIGHT.inner,
    new Uint8Array(PACKET - 20),
  );
  const body = new DataView(packet.buffer, 20);
  body.setUint16(0, 5001);
  body.setUint16(2, 5001);
  body.setUint16(4, PACKET - 20);
  let octets = 0, count = 0;
  left.sent = () => {};
  right.arrived = (inner) => octets += inner.length;
  const began = performance.now();
  while (performance.now() - began < BURST_MS) {
    for (let i = 0; i < TURN; i++) left.fromInside(packet);
    left.settle();
    count += TURN;
    await new Promise<void>((resolve) => setTimeout(resolve));
  }
  const seconds = (performance.now() - began) / 1000;
  check(octets === count * PACKET, "packets were lost in memory");
  console.log(
    `${count} packets, ${(octets * 8 / seconds / 1e9).toFixed(2)} Gbit/s, both ends in one thread`,
  );
}

async function run(): Promise<void> {
  const confs = {
    left: confOf(LEFT, RIGHT, "active"),
    right: confOf(RIGHT, LEFT, "passive"),
  };
  section("two gateways, two configurations");
  console.log(confs.left + "\n" + confs.right.trimEnd());
  const left = new MemorySite(LEFT, confs.left), right = new MemorySite(RIGHT, confs.right, left);
  section("the negotiation");
  await right.start();
  await left.start();
  await Promise.all([left.event("child-up"), right.event("child-up")]);
  ping(left, right);
  await burst(left, right);
  section("what iked ctl show sa would print, on the left");
  const ikeSas = await left.engine.snapshot();
  console.log(renderSas({ version: CONTROL_VERSION, ikeSas }));
  check(
    ikeSas.length === 1 && ikeSas[0]!.children.length === 1,
    "there is not one SA of each kind",
  );
  section("taking it down");
  await left.stop();
  await right.stop();
}

/** Runs it and prints the last line; returns the exit code. */
export async function demoInMemory(reason: string): Promise<number> {
  try {
    await run();
    console.log(`\ndemo: ok (in memory: ${reason})`);
    return 0;
  } catch (error) {
    console.log(
      `\ndemo: failed: ${error instanceof Error ? error.message : error}`,
    );
    return 1;
  }
}
