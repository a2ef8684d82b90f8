/**
 * A process of two roles, main and net, that becomes another user once role net is ready; only role net's thread keeps
 * CAP_NET_ADMIN. Says what the data path still does, and which threads have which capabilities. `DATAPATH` in argv.
 */
import { becomeUser, openLibc } from "../../ffi/libc/mod.ts";
import { findLibraries } from "../../cli/daemon/permissions.ts";
import {
  type DatapathName,
  NET_FOR_ENGINE,
  NET_FOR_MAIN,
  type NetForEngine,
  type NetForMain,
} from "../../cli/daemon/ports.ts";
import { Link } from "../../cli/daemon/rpc.ts";
import { childPair, endpoint, GCM, selector } from "../datapath/support.ts";
import { netStart } from "./userland_gateway.ts";

/** Effective capabilities of all threads but those without any, by what the thread is called. */
function threads(): string[] {
  return [...Deno.readDirSync("/proc/self/task")].flatMap(({ name }) => {
    const status = Deno.readTextFileSync(`/proc/self/task/${name}/status`);
    const effective = /^CapEff:\s*(\w+)$/m.exec(status)![1]!;
    const comm = Deno.readTextFileSync(`/proc/self/task/${name}/comm`).trim();
    return BigInt(`0x${effective}`) === 0n ? [] : [`${comm} ${effective.replace(/^0+/, "")}`];
  });
}

const libc = openLibc(findLibraries().libc!);
const datapath = Deno.args[0] as DatapathName;
const worker = new Worker(new URL("./net_alone_worker.ts", import.meta.url), { type: "module", name: "net" });
const answer = () =>
  new Promise<unknown>((resolve) => worker.onmessage = ({ data }: MessageEvent<unknown>) => resolve(data));
const tell = async (privileges: string) => {
  const answered = answer();
  worker.postMessage({ privileges, libc: findLibraries().libc });
  await answered;
};
const engine = new MessageChannel(), main = new MessageChannel();
const ready = answer();
const start = netStart({ datapaths: [{ datapath, reason: "the test" }] });
worker.postMessage({ start, ports: { engine: engine.port2, main: main.port2 } }, [engine.port2, main.port2]);
const started = await ready;
const links = [new Link(engine.port1), new Link(main.port1)];
const net = links[0]!.connect<NetForEngine>(NET_FOR_ENGINE),
  role = links[1]!.connect<NetForMain>(NET_FOR_MAIN);

await tell("keep");
becomeUser(libc, 65534, 65534);
await tell("net-admin");

const flow = { policy: "example", local: selector("10.1.0.0/16"), remote: selector("10.2.0.0/16") };
const flows = await net.setFlows([flow]);
const ends = { local: endpoint("127.0.0.1"), remote: endpoint("127.0.0.2") };
const installed = await net.install({ ...childPair(GCM).here, ...ends });
const seen = threads();
await net.remove([1]);
const emptied = await net.setFlows([]);
await role.close();
for (const link of links) link.close();
worker.terminate();
console.log(JSON.stringify({ started, flows, installed, emptied, threads: seen, uid: Deno.uid() }));
