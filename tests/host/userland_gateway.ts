/** Two gateways with the net role's real worker on the userland data path, joined by a wire; no IKE: keys are given. */
import assert from "node:assert/strict";
import type { Libc } from "../../ffi/libc/mod.ts";
import {
  ENGINE_FOR_NET,
  type EngineForNet,
  NET_FOR_ENGINE,
  NET_FOR_MAIN,
  type NetForEngine,
  type NetForMain,
  type NetStart,
} from "../../cli/daemon/ports.ts";
import { findLibraries, grantsOf, permissionsOf } from "../../cli/daemon/permissions.ts";
import type { FromRole } from "../../cli/daemon/role.ts";
import { Link } from "../../cli/daemon/rpc.ts";
import type { ChildSuite } from "../../src/crypto/mod.ts";
import type { Datagram, DatapathEvent } from "../../src/exchange/ports.ts";
import { childPair, endpoint, selector } from "../datapath/support.ts";
import { setLink } from "../../src/datapath/rtnetlink/mod.ts";
import { Host, wire } from "./namespaces.ts";

/** Options of the role as tests want them; `libcrypto` where the machine has it. */
export function netStart(changes: Partial<NetStart> = {}): NetStart {
  const { libc, libcrypto } = findLibraries();
  return {
    libc: libc!,
    ...(libcrypto === undefined ? {} : { libcrypto }),
    datapaths: [{ datapath: "userland", reason: "the test" }],
    otherwise: "",
    needs: [],
    ikePort: 500,
    nattPort: 4500,
    ...changes,
  };
}

/** The net role in its worker, in one host. */
export class NetRole {
  readonly datagrams: Datagram[] = [];
  readonly events: DatapathEvent[] = [];
  /** Called when one of the two grew. */
  onNews: () => void = () => {};
  private constructor(
    readonly worker: Worker,
    readonly engine: NetForEngine,
    readonly main: NetForMain,
    readonly links: readonly Link[],
  ) {}

  /** Starts it in the host's namespace with the role's own grants; a string is why it could not. */
  static async start(host: Host, start: NetStart): Promise<NetRole | string> {
    const engine = new MessageChannel(), main = new MessageChannel();
    const { worker, answer } = await host.runAsync(async () => {
      const { grants } = grantsOf(findLibraries(), "/etc/iked").find(({ role }) => role === "net")!;
      const worker = new Worker(new URL("../../cli/daemon/net_worker.ts", import.meta.url), {
        type: "module",
        deno: { permissions: permissionsOf(grants) },
      });
      const answer = await new Promise<FromRole>((resolve, reject) => {
        worker.onmessage = ({ data }) => resolve(data);
        worker.onerror = (event) => reject(new Error(event.message));
        const ports = { engine: engine.port2, main: main.port2 };
        worker.postMessage({ start, ports }, Object.values(ports));
      });
      return { worker, answer };
    });
    const links = [new Link(engine.port1), new Link(main.port1)];
    if ("failed" in answer) {
      for (const link of links) link.close();
      worker.terminate();
      return answer.failed;
    }
    const [engineLink, mainLink] = links;
    const role = new NetRole(
      worker,
      engineLink!.connect<NetForEngine>(NET_FOR_ENGINE),
      mainLink!.connect<NetForMain>(NET_FOR_MAIN),
      links,
    );
    engineLink!.serve<EngineForNet>(ENGINE_FOR_NET, {
      datagrams: (batch) => {
        role.datagrams.push(...batch);
        role.onNews();
      },
      datapath: (events) => {
        role.events.push(...events);
        role.onNews();
      },
    });
    return role;
  }

  /** Waits until `seen` holds after news from the role. */
  until(seen: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.onNews = () => {
        if (seen()) resolve();
      };
      this.onNews();
    });
  }

  async close(): Promise<void> {
    await this.main.close();
    for (const link of this.links) link.close();
    this.worker.terminate();
  }
}

/** How a pair is carried. */
export interface Carriage {
  readonly suite: ChildSuite;
  readonly outer: 4 | 6;
  readonly udpEncap: boolean;
}

/** Two hosts on one wire, each with the role. */
export class Gateways {
  readonly here: Host;
  readonly there: Host;
  roles!: readonly [NetRole, NetRole];
  #router: Host | undefined;
  #installed = 0;

  /** `router`: between the two is one, and the far wire takes 1,300 octets. */
  constructor(libc: Libc, between: "wire" | "router" = "wire") {
    this.here = new Host(libc);
    this.there = new Host(libc);
    if (between === "wire") {
      wire(this.here, "outer", this.there, "outer");
      for (const [host, n] of this.#ends()) {
        host.address("outer", `192.0.2.${n}/24`);
        host.address("outer", `2001:db8::${n}/64`);
      }
    } else this.#routed();
    for (const [host, n] of this.#ends()) {
      host.address("lo", `10.${n}.0.1/32`);
      host.address("lo", `2001:db8:${n}::1/128`);
    }
  }

  #ends() {
    return [[this.here, 1], [this.there, 2]] as const;
  }

  #routed(): void {
    const router = this.#router = new Host(this.here.libc);
    for (const [host, n] of this.#ends()) {
      wire(host, "outer", router, `wire${n}`);
      host.address("outer", `192.0.2.${n}/32`);
      host.address("outer", `2001:db8::${n}/128`);
      host.address("outer", `198.51.100.${n * 4 + 1}/30`);
      host.address("outer", `2001:db8:${n}00::1/64`);
      router.address(`wire${n}`, `198.51.100.${n * 4 + 2}/30`);
      router.address(`wire${n}`, `2001:db8:${n}00::2/64`);
      router.route(`192.0.2.${n}/32`, `198.51.100.${n * 4 + 1}`);
      router.route(`2001:db8::${n}/128`, `2001:db8:${n}00::1`);
      host.route(`192.0.2.${3 - n}/32`, `198.51.100.${n * 4 + 2}`);
      host.route(`2001:db8::${3 - n}/128`, `2001:db8:${n}00::2`);
    }
    router.forward();
    for (const [host, name] of [[router, "wire2"], [this.there, "outer"]] as const) {
      host.netlink.require(setLink(host.index(name), { mtu: 1300 }), "set the MTU");
    }
  }

  /** Starts both roles and steers the flows of both families. */
  async start(changes: Partial<NetStart> = {}, exactly?: "exactly"): Promise<void> {
    const start = exactly === undefined ? netStart(changes) : changes as NetStart;
    const roles: NetRole[] = [];
    for (const host of [this.here, this.there]) {
      const role = await NetRole.start(host, start);
      if (typeof role === "string") throw new Error(role);
      roles.push(role);
    }
    this.roles = [roles[0]!, roles[1]!];
    for (const [role, own, other] of [[roles[0]!, 1, 2], [roles[1]!, 2, 1]] as const) {
      const flows = [
        { policy: "example", local: selector(`10.${own}.0.0/16`), remote: selector(`10.${other}.0.0/16`) },
        {
          policy: "example",
          local: selector(`2001:db8:${own}::/48`),
          remote: selector(`2001:db8:${other}::/48`),
        },
      ];
      const result = await role.engine.setFlows(flows);
      if (!result.ok) throw new Error(result.error.message);
    }
  }

  /** Installs a pair in both; returns its id. */
  async install({ suite, outer, udpEncap }: Carriage): Promise<number> {
    const id = ++this.#installed;
    const port = udpEncap ? 4500 : 0;
    const ends = outer === 4
      ? [endpoint("192.0.2.1", port), endpoint("192.0.2.2", port)]
      : [endpoint("2001:db8::1", port), endpoint("2001:db8::2", port)];
    const pair = childPair(suite, { udpEncap }, id);
    const results = await Promise.all([
      this.roles[0].engine.install({ ...pair.here, local: ends[0]!, remote: ends[1]! }),
      this.roles[1].engine.install({ ...pair.there, local: ends[1]!, remote: ends[0]! }),
    ]);
    for (const result of results) if (!result.ok) throw new Error(result.error.message);
    return id;
  }

  async remove(id: number): Promise<void> {
    await Promise.all(this.roles.map((role) => role.engine.remove([id])));
  }

  /**
   * `ping` from here, with these arguments: `-w SECONDS` waits for as many answers as `-c` says (with `-W` alone, two
   * round trips after the last request are the end of it), `-W 1` is for those that will not come.
   */
  async ping(...args: string[]): Promise<{ readonly received: number; readonly text: string }> {
    const command = new Deno.Command("ping", {
      args: ["-n", "-i", "0.15", ...args],
      stdout: "piped",
      stderr: "piped",
    });
    const output = await this.here.run(() => command.spawn()).output();
    const text = [output.stdout, output.stderr].map((part) => new TextDecoder().decode(part)).join("");
    return { received: Number(/(\d+) received/.exec(text)?.[1] ?? 0), text };
  }

  async close(): Promise<void> {
    for (const role of this.roles ?? []) await role.close();
    this.here.close();
    this.there.close();
    this.#router?.close();
  }
}

/** Why tests with ping cannot run. */
export const noPing = (() => {
  try {
    new Deno.Command("ping", { args: ["-V"], stdout: "null" }).outputSync();
    return undefined;
  } catch {
    return "no ping";
  }
})();

/** Sends `octets` over TCP from here to there; both sums have to agree. */
export async function transferTcp(gateways: Gateways, to: string, octets: number): Promise<void> {
  const listener = gateways.there.run(() => Deno.listen({ hostname: to, port: 5000 }));
  const received = (async () => {
    let count = 0, sum = 0;
    for await (const connection of listener) {
      for await (const chunk of connection.readable) {
        count += chunk.length;
        for (const octet of chunk) sum = (sum + octet) | 0;
      }
      listener.close();
    }
    return { count, sum };
  })();
  const connection = await gateways.here.runAsync(() => Deno.connect({ hostname: to, port: 5000 }));
  const writer = connection.writable.getWriter();
  let sum = 0;
  for (let sent = 0; sent < octets; sent += 65_536) {
    const chunk = new Uint8Array(Math.min(65_536, octets - sent)).map((_, at) => (at * 7 + sent) & 0xff);
    for (const octet of chunk) sum = (sum + octet) | 0;
    await writer.write(chunk);
  }
  await writer.close();
  assert.deepEqual(await received, { count: octets, sum });
}
