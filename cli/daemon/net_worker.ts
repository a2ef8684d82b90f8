/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
/**
 * Role net: sockets, TUN device, rtnetlink, the data path. It has ffi on libc and libcrypto and nothing else: no
 * file, no private key, no configuration.
 */
import { randomBytes } from "node:crypto";
import { createLibcrypto, openLibcrypto } from "../../ffi/libcrypto/mod.ts";
import { createPortable, type CryptoProvider } from "../../src/crypto/mod.ts";
import { Net } from "./net/net.ts";
import {
  ENGINE_FOR_NET,
  type EngineForNet,
  NET_FOR_ENGINE,
  NET_FOR_MAIN,
  type NetForEngine,
  type NetForMain,
  type NetStart,
} from "./ports.ts";
import { runRole } from "./role.ts";
import { Link, transfer } from "./rpc.ts";

function provider(libcrypto: string | undefined): CryptoProvider {
  const random = (length: number) => new Uint8Array(randomBytes(length));
  const portable = createPortable(random);
  return libcrypto === undefined ? portable : createLibcrypto(openLibcrypto(libcrypto), random, portable);
}

runRole<NetStart, "main" | "engine">((start, ports) => {
  const engineLink = new Link(ports.engine);
  const engine = engineLink.connect<EngineForNet>(ENGINE_FOR_NET);
  const net = new Net(start, provider(start.libcrypto), {
    datagrams: (batch) => engine.datagrams(transfer(batch, batch.map(({ data }) => data))),
    datapath: (events) => engine.datapath(events),
  });
  engineLink.serve<NetForEngine>(NET_FOR_ENGINE, net.handlers);
  new Link(ports.main).serve<NetForMain>(NET_FOR_MAIN, {
    syslog: (lines) => net.syslog(lines),
    drops: () => net.drops(),
    close: () => net.close(),
  });
});
