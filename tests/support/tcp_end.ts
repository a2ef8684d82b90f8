/**
 * One end of a TCP transfer, run inside a namespace: `tcp_end.ts receive ADDRESS PORT` says `listening` on standard
 * error and prints what arrived; `tcp_end.ts send FROM FROM_PORT ADDRESS PORT OCTETS` prints what it sent, FROM_PORT 0
 * being any. Octets and SHA-256.
 */
import { createHash } from "node:crypto";
import { connect } from "node:net";

const [verb, ...args] = Deno.args;

if (verb === "receive") {
  const [hostname, port] = args;
  const listener = Deno.listen({ hostname: hostname!, port: Number(port) });
  console.error("listening");
  const connection = await listener.accept();
  const hash = createHash("sha256");
  let octets = 0;
  for await (const part of connection.readable) {
    hash.update(part);
    octets += part.length;
  }
  console.log(JSON.stringify({ octets, sha256: hash.digest("hex") }));
  listener.close();
} else {
  const [localAddress, localPort, host, port, octets] = args;
  const hash = createHash("sha256");
  // Octets that no offload can make by accident: a linear congruential generator.
  const data = new Uint8Array(Number(octets));
  for (let at = 0, state = 1; at < data.length; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    data[at] = state >>> 24;
  }
  hash.update(data);
  const from = localPort === "0" ? {} : { localPort: Number(localPort) };
  const socket = connect({ host: host!, port: Number(port), localAddress: localAddress!, ...from });
  socket.end(data);
  await new Promise((done, failed) => socket.on("close", done).on("error", failed));
  console.log(JSON.stringify({ octets: data.length, sha256: hash.digest("hex") }));
}
