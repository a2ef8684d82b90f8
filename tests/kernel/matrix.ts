/**
 * Many tunnels of one pair of daemons, a suite each: own outer addresses, own inner addresses and own identities, so that
 * the policies of either side do not get in each other's way.
 */
import assert from "node:assert/strict";
import { everyAlgorithm, LIBRESWAN, OPENIKED, STRONGSWAN_KERNEL } from "../interop/algorithms.ts";
import { Iked } from "../interop/iked.ts";
import { must, Wire } from "../interop/lab.ts";
import { Libreswan, OpenIked, type Peer, StrongSwan } from "../interop/peers.ts";
import { noteShown } from "../interop/shown.ts";
import {
  type Choices,
  identities,
  ikedConf,
  type Path,
  PATHS,
  PSK,
  type Suite,
  swanctlConf,
} from "../interop/suites.ts";
import { VERSIONS } from "./peers.ts";

type Side = "left" | "right";

/** One tunnel. */
export interface Tunnel {
  readonly suite: Suite;
  readonly path: Path;
  readonly choices: Choices;
  readonly leftHost: string;
  readonly rightHost: string;
}

/** The tunnels for these suites, of which there may be a hundred; `onlyLeft` where the left side has one address alone. */
function tunnelsOf(suites: readonly Suite[], onlyLeft?: string): Tunnel[] {
  assert.ok(suites.length <= 100);
  return suites.map((suite, at) => {
    const left = onlyLeft ?? `192.0.2.${10 + at}`, right = `192.0.2.${110 + at}`;
    const leftHost = `10.1.1.${at}`, rightHost = `10.2.1.${at}`;
    const nets = { leftNet: `${leftHost}/32`, rightNet: `${rightHost}/32` };
    const path: Path = { name: "IPv4", mode: "direct", left, right, seen: left };
    return { suite, path, choices: { name: `n${at}`, ...nets }, leftHost, rightHost };
  });
}

/** Gives both sides the addresses of these tunnels. */
async function addAddresses(wire: Wire, tunnels: readonly Tunnel[]): Promise<void> {
  for (const side of ["left", "right"] as const) {
    const lines = tunnels.flatMap(({ path, leftHost, rightHost }) => [
      `addr replace ${path[side]}/24 dev wire`,
      `addr add ${side === "left" ? leftHost : rightHost}/32 dev lan`,
    ]);
    await must("sh", "-c", `printf '%s\\n' "$@" | ip -n ${wire[side]} -batch -`, "sh", ...lines);
  }
}

const joined = (tunnels: readonly Tunnel[], each: (tunnel: Tunnel) => string): string =>
  tunnels.map(each).join("");

function ours(side: Side, tunnels: readonly Tunnel[]): string {
  return joined(tunnels, ({ path, suite, choices }) => ikedConf(side, path, suite, choices));
}

function libreswanConf(side: Side, tunnels: readonly Tunnel[]): string {
  const conns = joined(tunnels, ({ path, suite, choices }) => {
    const [leftId, rightId] = identities(choices);
    return `conn ${choices.name}
  ikev2=insist
  authby=secret
  left=${path.left}
  leftid=@${leftId}
  leftsubnet=${choices.leftNet}
  right=${path.right}
  rightid=@${rightId}
  rightsubnet=${choices.rightNet}
  ike=${suite.ike}
  esp=${suite.esp}
  pfs=no
  auto=${side === "left" ? "start" : "add"}
`;
  });
  return `config setup\n  logfile=/dev/stderr\n${conns}`;
}

/** A peer, what it and we have, and how it is started on one side; on the left it begins by itself. */
interface Kind {
  readonly suites: readonly Suite[];
  readonly start: (namespace: string, side: Side, tunnels: readonly Tunnel[]) => Promise<Peer>;
}

export const KINDS: Readonly<Record<string, Kind>> = {
  strongSwan: {
    suites: everyAlgorithm(STRONGSWAN_KERNEL),
    start: async (namespace, side, tunnels) => {
      const child = side === "left" ? "start_action = start" : "";
      const peer = await StrongSwan.start(namespace, "kernel");
      await peer.load(
        joined(tunnels, ({ path, suite, choices }) => swanctlConf(side, path, suite, { ...choices, child })),
      );
      return peer;
    },
  },
  libreswan: {
    suites: everyAlgorithm(LIBRESWAN),
    start: async (namespace, side, tunnels) => {
      const secrets = joined(tunnels, ({ choices }) => {
        const [leftId, rightId] = identities(choices);
        return `@${leftId} @${rightId} : PSK "${PSK}"\n`;
      });
      return await Libreswan.start(namespace, libreswanConf(side, tunnels), secrets);
    },
  },
  OpenIKED: {
    suites: everyAlgorithm(OPENIKED),
    start: async (namespace, side, tunnels) => await OpenIked.start(namespace, ours(side, tunnels)),
  },
};

/** A pair of daemons, ours on one side, with a tunnel of each suite; who begins was started last. */
export class Pair implements AsyncDisposable {
  private constructor(
    readonly wire: Wire,
    readonly iked: Iked,
    readonly peer: Peer,
    readonly tunnels: readonly Tunnel[],
  ) {}

  /** `globals` stands before our policies. */
  static async start(
    kind: string,
    side: Side,
    datapath: string,
    suites: readonly Suite[] = KINDS[kind]!.suites,
    globals = "",
  ): Promise<Pair> {
    // OpenIKED has one socket, and begins from the host's first address whatever `local` says.
    const onlyLeft = kind === "OpenIKED" && side === "right" ? PATHS[0]!.left : undefined;
    const tunnels = tunnelsOf(suites, onlyLeft);
    const wire = await Wire.create("", "direct");
    await addAddresses(wire, tunnels);
    const weStart = () => Iked.start(wire[side], globals + ours(side, tunnels), "-K", datapath);
    const { start } = KINDS[kind]!;
    if (side === "left") {
      const peer = await start(wire.right, "right", tunnels);
      return new Pair(wire, await weStart(), peer, tunnels);
    }
    const iked = await weStart();
    return new Pair(wire, iked, await start(wire.left, "left", tunnels), tunnels);
  }

  /** Waits until a tunnel is up, by what our log says from line `from` on. */
  async up({ choices }: Tunnel, from = 0): Promise<void> {
    await this.iked.process.line(new RegExp(`child-up policy=${choices.name} `), from);
  }

  /** Two pings each way are answered, of those that are sent in a minute: the peer may still be at it. */
  async carries({ leftHost, rightHost }: Tunnel): Promise<void> {
    const pings = (namespace: string, from: string, to: string) =>
      must("ip", "netns", "exec", namespace, "ping", ...[
        "-n",
        "-c",
        "2",
        "-w",
        "60",
        "-i",
        "0.1",
        "-I",
        from,
        to,
      ]);
    await pings(this.wire.left, leftHost, rightHost);
    await pings(this.wire.right, rightHost, leftHost);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.iked[Symbol.asyncDispose]();
    await this.peer[Symbol.asyncDispose]();
    await this.wire[Symbol.asyncDispose]();
  }
}

/** Brings up a tunnel of each suite that the peer has, we on `side`, and hands over what it needs to judge each. */
export async function eachSuite(
  kind: string,
  side: Side,
  datapath: string,
  judge: (name: string, carries: () => Promise<void>) => Promise<unknown>,
): Promise<void> {
  await using pair = await Pair.start(kind, side, datapath);
  const { iked, wire } = pair;
  for (const tunnel of pair.tunnels) {
    await judge(tunnel.suite.name, async () => {
      await pair.up(tunnel);
      await pair.carries(tunnel);
    });
  }
  await noteShown(iked, VERSIONS[kind]!);
  assert.equal((await iked.process.stop()).code, 0, iked.process.log);
  assert.equal(await must("ip", "-n", wire[side], "xfrm", "state"), "");
}
