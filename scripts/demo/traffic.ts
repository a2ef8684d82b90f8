/** Traffic of the demo's own: echo requests (RFC 792) and a burst of TCP. */
import { type Libc, Poller, POLLIN } from "../../ffi/libc/mod.ts";
import { checksum } from "./checksum.ts";

const AF_INET = 2;
const SOCK_RAW = 3 | 0x800 | 0x80000;
const IPPROTO_ICMP = 1;
const ECHO_REQUEST = 8, ECHO_REPLY = 0;
const PAYLOAD = 56;
const ANSWER_MS = 2000;

/** Sends echo requests one after the other, without a bound source; tells each round trip in ms. */
export async function ping(
  libc: Libc,
  to: readonly number[],
  count: number,
): Promise<(number | undefined)[]> {
  const fd = libc.unwrap(
    libc.c.socket(AF_INET, SOCK_RAW, IPPROTO_ICMP),
    "open an ICMP socket",
  );
  const name = new Uint8Array([AF_INET, 0, 0, 0, ...to, ...new Uint8Array(8)]);
  const poller = new Poller(libc);
  poller.watch(fd, POLLIN);
  const times: (number | undefined)[] = [];
  const answer = new Uint8Array(1500);
  for (let sequence = 1; sequence <= count; sequence++) {
    const request = new Uint8Array(8 + PAYLOAD);
    const view = new DataView(request.buffer);
    request[0] = ECHO_REQUEST;
    view.setUint16(4, 0x1ced);
    view.setUint16(6, sequence);
    view.setUint16(2, checksum(request));
    const began = performance.now();
    libc.unwrap(
      libc.c.sendto(fd, request, request.length, 0, name, name.length),
      "send an echo request",
    );
    let time: number | undefined;
    while (time === undefined && await poller.wait(ANSWER_MS) > 0) {
      const length = libc.c.recv(fd, answer, answer.length, 0);
      const header = (answer[0]! & 15) * 4;
      const reply = new DataView(answer.buffer, header, 8);
      const ours = length >= header + 8 && answer[header] === ECHO_REPLY &&
        reply.getUint16(4) === 0x1ced && reply.getUint16(6) === sequence;
      if (ours) time = performance.now() - began;
    }
    times.push(time);
  }
  poller.close();
  libc.c.close(fd);
  return times;
}

/** Octets and seconds of one TCP connection that sends as fast as it can for `ms`. */
export async function burst(
  listener: Deno.TcpListener,
  connecting: Promise<Deno.TcpConn>,
  ms: number,
): Promise<{ readonly octets: number; readonly seconds: number }> {
  const [server, client] = await Promise.all([listener.accept(), connecting]);
  const chunk = new Uint8Array(256 << 10).fill(0x69);
  const began = performance.now();
  const sending = (async () => {
    let sent = 0;
    while (performance.now() - began < ms) sent += await client.write(chunk);
    client.close();
    return sent;
  })();
  const buffer = new Uint8Array(256 << 10);
  let octets = 0;
  for (
    let length = await server.read(buffer);
    length !== null;
    length = await server.read(buffer)
  ) {
    octets += length;
  }
  const seconds = (performance.now() - began) / 1000;
  server.close();
  if (await sending !== octets) {
    throw new Error(`TCP lost octets: ${await sending} sent, ${octets} came`);
  }
  return { octets, seconds };
}
