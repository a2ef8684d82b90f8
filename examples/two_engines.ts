/**
 * Two IKEv2 engines negotiate a tunnel in memory, from two configurations as an administrator writes them:
 *
 *   deno run examples/two_engines.ts
 *
 * No socket, no permission, no clock but the one that is handed in: what an engine sends is handed to the other one.
 */
import { randomBytes } from "node:crypto";
import {
  type ChildInstall,
  config,
  createEngine,
  createPortable,
  type Datapath,
  type Engine,
  type EngineEvent,
  type IpAddress,
  KeyHolder,
  ok,
  parseAddress,
  Secret,
} from "../mod.ts";

const LEFT = `ikev2 "sites" active esp from 10.1.0.0/16 to 10.2.0.0/16 local 192.0.2.1 peer 192.0.2.2 \\
  srcid left.example.com dstid right.example.com psk "visibly an example"`;
const RIGHT = `ikev2 "sites" passive esp from 10.2.0.0/16 to 10.1.0.0/16 local 192.0.2.2 peer 192.0.2.1 \\
  srcid right.example.com dstid left.example.com psk "visibly an example"`;

/** A data path that only remembers what is asked of it. */
function remembering(installed: Map<number, ChildInstall>): Datapath {
  return {
    setFlows: () => Promise.resolve(ok(undefined)),
    install: (child) => {
      installed.set(child.id, child);
      return Promise.resolve(ok(undefined));
    },
    activate: () => {},
    move: () => {},
    remove: (ids) => {
      for (const id of ids) installed.delete(id);
      return Promise.resolve();
    },
    usage: () => Promise.resolve([]),
  };
}

/** An engine for this configuration; `deliver` takes what it sends. */
function engineFor(
  text: string,
  address: IpAddress,
  installed: Map<number, ChildInstall>,
  deliver: (datagrams: Parameters<Engine["handleDatagrams"]>[0]) => void,
  emit: (event: EngineEvent) => void,
): { engine: Engine; start: () => Promise<void> } {
  const diagnostics = new config.Diagnostics();
  const source = new config.Source("example", new TextEncoder().encode(text));
  const { tree } = config.parse(
    source,
    { macros: new Map(), include: () => "there are no files here" },
    diagnostics,
  );
  const environment = {
    hostname: "host.example.com",
    protocol: () => undefined,
    service: () => undefined,
    addressesOf: () => undefined,
  };
  const compiled = config.compile(tree, environment, diagnostics);
  if (compiled === undefined) throw new Error(diagnostics.finish().map(config.formatDiagnostic).join("\n"));
  const random = (length: number) => new Uint8Array(randomBytes(length));
  const keys = new KeyHolder({ provider: createPortable(random) });
  keys.loadSecrets(compiled.secrets.map(({ ref, octets }) => ({ ref, secret: new Secret(octets) })));
  const engine = createEngine({
    keys,
    datapath: remembering(installed),
    clock: { now: () => performance.now(), wall: () => Date.now() },
    random,
    send: deliver,
    emit,
    wake: () => {},
    sourceFor: () => Promise.resolve({ address, port: 500 }),
    version: "example",
  });
  const start = async () => {
    const taken = await engine.configure(compiled.configuration);
    if (!taken.ok) throw new Error(taken.error);
  };
  return { engine, start };
}

/** Has the two negotiate, and gives what each of them had its data path install. */
export async function negotiate(say: (line: string) => void): Promise<readonly ChildInstall[]> {
  const installed = [new Map<number, ChildInstall>(), new Map<number, ChildInstall>()] as const;
  const { promise, resolve } = Promise.withResolvers<void>();
  let up = 0;
  const emit = (name: string) => (event: EngineEvent) => {
    say(`${name}: ${event.kind === "log" ? event.text : event.kind}`);
    if (event.kind === "child-up" && ++up === 2) resolve();
  };
  // The wire: what one sends is what the other receives, from where it was sent.
  const wire = (to: () => Engine) => (datagrams: Parameters<Engine["handleDatagrams"]>[0]) =>
    queueMicrotask(() =>
      to().handleDatagrams(datagrams.map((one) => ({ ...one, local: one.remote, remote: one.local })))
    );
  const left = engineFor(
    LEFT,
    parseAddress("192.0.2.1")!,
    installed[0],
    wire(() => right.engine),
    emit("left"),
  );
  const right = engineFor(
    RIGHT,
    parseAddress("192.0.2.2")!,
    installed[1],
    wire(() => left.engine),
    emit("right"),
  );
  await right.start();
  await left.start();
  await promise;
  for (const sa of await left.engine.snapshot()) say(JSON.stringify(sa));
  const children = installed.flatMap((side) => [...side.values()]);
  await Promise.all([left.engine.shutdown(), right.engine.shutdown()]);
  return children;
}

if (import.meta.main) await negotiate((line) => console.log(line));
