/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
/**
 * Role engine: every octet that comes from the network is read here, without a single permission. It drives the
 * engine with the real clock and joins it to the other roles.
 */
import { noDatapath } from "../../src/datapath/none.ts";
import { createEngine } from "../../src/engine/mod.ts";
import type { EngineEvent } from "../../src/engine/types.ts";
import {
  ENGINE_FOR_MAIN,
  ENGINE_FOR_NET,
  type EngineForMain,
  type EngineForNet,
  type EngineStart,
  KEYS,
  MAIN_FOR_ROLES,
  type MainForRoles,
  NET_FOR_ENGINE,
  type NetForEngine,
} from "./ports.ts";
import type { Keys } from "../../src/exchange/ports.ts";
import { runRole } from "./role.ts";
import { Link, transfer } from "./rpc.ts";

/** Longest delay that a timer takes, in milliseconds. */
const FAR = 2 ** 31 - 1;

/** Events wait so long for others to go with, in milliseconds: nobody reads faster, and a message each is dear. */
const TOLD_MS = 20;

runRole<EngineStart, "main" | "keys" | "net">((start, ports) => {
  const mainLink = new Link(ports.main), netLink = new Link(ports.net);
  const main = mainLink.connect<MainForRoles>(MAIN_FOR_ROLES);
  const net = netLink.connect<NetForEngine>(NET_FOR_ENGINE);
  const keys = new Link(ports.keys).connect<Keys>(KEYS);
  /** Milliseconds, monotonic, from an origin that all roles share. */
  const now = () => performance.timeOrigin + performance.now();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let due: number | undefined;
  let told: EngineEvent[] = [];

  const tell = () => {
    if (told.length > 0) main.events(told);
    told = [];
  };

  const schedule = () => {
    const next = engine.nextTimeout();
    if (next === due && next !== undefined) return;
    clearTimeout(timer);
    due = next;
    if (next === undefined) return;
    timer = setTimeout(() => {
      due = undefined;
      engine.handleTimeout(now());
      schedule();
    }, Math.min(FAR, Math.max(0, Math.ceil(next - now()))));
  };

  const engine = createEngine({
    keys,
    datapath: !start.installs ? noDatapath() : {
      ...net,
      install: (child) =>
        net.install(
          transfer(child, [child.inbound, child.outbound].flatMap((sa) => [sa.encrKey, sa.integKey])),
        ),
    },
    clock: { now, wall: () => Date.now() },
    random: (length) => crypto.getRandomValues(new Uint8Array(length)),
    send: (datagrams) => net.send(datagrams),
    emit: (event) => {
      if (told.push(event) === 1) setTimeout(tell, TOLD_MS);
    },
    wake: schedule,
    sourceFor: (peer) => net.sourceFor(peer),
    version: start.version,
    ports: { ike: start.ikePort, natt: start.nattPort },
  });

  /** Runs what may set timers, then looks when the next one is due. */
  const driven =
    <Args extends readonly unknown[], Value>(act: (...args: Args) => Value) => (...args: Args): Value => {
      const value = act(...args);
      schedule();
      return value;
    };

  /** What came of it has been told by the time that main has the answer. */
  const toldFirst = <Args extends readonly unknown[], Value>(act: (...args: Args) => Promise<Value>) =>
    driven(async (...args: Args): Promise<Value> => {
      const value = await act(...args);
      tell();
      return value;
    });

  netLink.serve<EngineForNet>(ENGINE_FOR_NET, {
    datagrams: driven((batch) => engine.handleDatagrams(batch)),
    datapath: driven((events) => events.forEach((event) => engine.handleDatapath(event))),
  });
  mainLink.serve<EngineForMain>(ENGINE_FOR_MAIN, {
    configure: toldFirst((configuration) => engine.configure(configuration)),
    plan: (configuration) => engine.plan(configuration),
    setActive: driven((active) => engine.setActive(active)),
    setPolicies: toldFirst((policies) => engine.setPolicies(policies)),
    setCoupled: toldFirst((coupled) => engine.setCoupled(coupled)),
    reset: toldFirst((what) => engine.reset(what)),
    shutdown: toldFirst(() => engine.shutdown()),
    snapshot: () => engine.snapshot(),
  });
});
