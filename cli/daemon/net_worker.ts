/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
/**
 * Role net: sockets, TUN device, rtnetlink, the data path. It has ffi on libc and libcrypto and nothing else: no
 * file, no private key, no configuration.
 */
import { openLibc } from "../../ffi/libc/mod.ts";
import { choose } from "./net/choice.ts";
import { MainWatch } from "./net/main_watch.ts";
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
import { openProvider } from "./provider.ts";
import { runRole } from "./role.ts";
import { Link, transfer } from "./rpc.ts";

runRole<NetStart, "main" | "engine">(async (start, ports) => {
  const growing = await openProvider(start.libcrypto);
  const engineLink = new Link(ports.engine);
  const engine = engineLink.connect<EngineForNet>(ENGINE_FOR_NET);
  const libc = openLibc(start.libc);
  const net = new Net(libc, await choose(libc, start), start, growing.provider, {
    datagrams: (batch) => engine.datagrams(transfer(batch, batch.map(({ data }) => data))),
    datapath: (events) => engine.datapath(events),
  });
  engineLink.serve<NetForEngine>(NET_FOR_ENGINE, {
    ...net.handlers,
    async install(child) {
      await growing.prepare(child.suite);
      return net.handlers.install(child);
    },
  });
  new Link(ports.main).serve<NetForMain>(NET_FOR_MAIN, {
    syslog: (lines) => net.syslog(lines),
    choice: () => net.choice,
    lack: (needs) => net.lack(needs),
    drops: () => net.drops(),
    close: () => net.close(),
  });
  if (start.main === undefined) return;
  const main = new MainWatch(libc, start.main);
  self.addEventListener("message", () => main.heard());
  setInterval(() => main.check(), start.main.pingIntervalMs);
});
