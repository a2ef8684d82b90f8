/** Hosts for tests: unnamed network namespaces joined by wires, and the reason why there can be none. */
import {
  currentNetns,
  enterNetns,
  inNetns,
  type Libc,
  LIBC_PATHS,
  Netlink,
  newNetns,
  openLibc,
} from "../../ffi/libc/mod.ts";
import {
  IFA_F_NODAD,
  linkByName,
  newAddress,
  newVeth,
  parseLink,
  putRoute,
  setLink,
} from "../../src/datapath/rtnetlink/mod.ts";
import { parseAddress, parsePrefix } from "../../src/ip/mod.ts";

function tryStat(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

const libcPath = LIBC_PATHS.find(tryStat);

/** Why tests with network namespaces cannot run here; undefined where they can. */
export const noNamespaces: string | undefined = (() => {
  if (libcPath === undefined) return "no libc.so.6 in the known places";
  if (!tryStat("/dev/net/tun")) return "no /dev/net/tun";
  const libc = openLibc(libcPath);
  try {
    libc.c.close(newNetns(libc));
    return undefined;
  } catch (error) {
    return (error as Error).message;
  } finally {
    libc.close();
  }
})();

/** Registers a test that makes namespaces; `also` is a further reason not to run. */
export function hostTest(
  name: string,
  body: (libc: Libc, context: Deno.TestContext) => void | Promise<void>,
  also?: string,
): void {
  const reason = noNamespaces ?? also;
  if (reason !== undefined) Deno.test({ name: `${name} [skipped: ${reason}]`, ignore: true, fn: () => {} });
  else {
    Deno.test(name, async (context) => {
      const libc = openLibc(libcPath!);
      try {
        await body(libc, context);
      } finally {
        libc.close();
      }
    });
  }
}

/** One host: a network namespace with its loopback up. */
export class Host {
  readonly netns: number;
  readonly netlink: Netlink;

  constructor(readonly libc: Libc) {
    this.netns = newNetns(libc);
    this.netlink = this.run(() => new Netlink(libc));
    // Addresses that devices give themselves are good at once, as those that tests give them.
    this.run(() => Deno.writeTextFileSync("/proc/sys/net/ipv6/conf/default/accept_dad", "0"));
    this.up("lo");
  }

  /** Runs `body` in this host. Synchronous. */
  run<T>(body: () => T): T {
    return inNetns(this.libc, this.netns, body);
  }

  /** Starts what `body` starts in this host: children inherit the namespace. Nothing else may run meanwhile. */
  async runAsync<T>(body: () => Promise<T>): Promise<T> {
    const home = currentNetns(this.libc);
    enterNetns(this.libc, this.netns);
    try {
      return await body();
    } finally {
      enterNetns(this.libc, home);
      this.libc.c.close(home);
    }
  }

  index(name: string): number {
    return parseLink(this.netlink.require(linkByName(name), `find ${name}`)[0]!)!.index;
  }

  up(name: string): void {
    this.netlink.require(setLink(this.index(name), { up: true }), `bring ${name} up`);
  }

  address(name: string, prefix: string): void {
    const request = newAddress(this.index(name), parsePrefix(prefix)!, IFA_F_NODAD);
    this.netlink.require(request, `give ${name} ${prefix}`);
  }

  /** A route of the main table. */
  route(prefix: string, gateway: string): void {
    const destination = parsePrefix(prefix)!;
    const route = { destination, table: 254, protocol: 4, metric: 10, gateway: parseAddress(gateway)! };
    this.netlink.require(putRoute({ ...route, type: "unicast" }), `route ${prefix}`);
  }

  /** Lets the host forward packets of both families. */
  forward(): void {
    this.run(() => {
      for (const name of ["ipv4/ip_forward", "ipv6/conf/all/forwarding"]) {
        Deno.writeTextFileSync(`/proc/sys/net/${name}`, "1");
      }
    });
  }

  close(): void {
    this.netlink.close();
    this.libc.c.close(this.netns);
  }
}

/** Joins two hosts by a wire: `name` here, `peerName` there; both ends are up. */
export function wire(here: Host, name: string, there: Host, peerName: string): void {
  here.netlink.require(newVeth(name, peerName, { fd: there.netns }), "make a wire");
  here.up(name);
  there.up(peerName);
}
