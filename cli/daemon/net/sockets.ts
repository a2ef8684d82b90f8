/** The sockets towards the network: IKE, NAT-T and raw ESP, one of each per address family. */
import { type Family, unspecified } from "../../../src/ip/mod.ts";
import {
  type IpsecInterface,
  type Libc,
  LibcError,
  openSocket,
  setEspInUdp,
  setSocketPolicy,
} from "../../../ffi/libc/mod.ts";
import { socketBypass as pfkeyBypass } from "../../../src/datapath/pfkey/mod.ts";
import { socketBypass as xfrmBypass } from "../../../src/datapath/xfrm/mod.ts";
import { StartError } from "../role.ts";
import type { PacketMemory } from "../../../src/datapath/mod.ts";
import { Outlet } from "./outlet.ts";
import { OUTER_MARK } from "./steering_plan.ts";

/** What a socket carries: IKE alone, IKE with marker and ESP in UDP (RFC 3948), ESP alone. */
export type Duty = "ike" | "natt" | "esp";

/** One of them. */
export interface OuterSocket {
  readonly duty: Duty;
  readonly family: Family;
  readonly fd: number;
  /** Local UDP port; 0 for raw ESP. */
  readonly port: number;
  readonly outlet: Outlet;
}

/** Octets of kernel buffer on sockets that carry ESP: a burst of a few milliseconds. */
const BUFFER = 4 << 20;
/** Messages of ESP prepared at a time: a UDP message holds up to 64 packets, a raw one a single packet. */
const SLOTS = { ike: 16, natt: 4, esp: 32 } as const;

const IPPROTO_IPV6 = 41, IPV6_RECVERR = 25;
const MSG_DONTWAIT = 0x40, MSG_ERRQUEUE = 0x2000;
/** Error reports that are read at a time. */
const MAX_REPORTS = 64;

export interface SocketsOptions {
  readonly ikePort: number;
  /** Absent: neither bound nor used. */
  readonly nattPort?: number;
  /** Whether ESP is carried in this process: raw sockets, and marks that keep it from its own tunnel. */
  readonly esp: boolean;
  /** Where ESP is written that goes out. */
  readonly memory?: PacketMemory;
  /** By what the kernel is told to carry ESP: it takes ESP in UDP from our sockets, and its policies let IKE pass. */
  readonly kernel?: IpsecInterface;
}

/** Why a socket cannot be had, with what to do about it. */
function advice(error: LibcError, duty: Duty): StartError {
  const help: Partial<Record<string, string>> = {
    // -p is the port of NAT traversal: it frees no other.
    EADDRINUSE: `another IKE daemon is running; stop it${
      duty === "natt" ? ", or choose a port with -p" : ""
    }`,
    EACCES: "start iked as root, or give it CAP_NET_BIND_SERVICE",
    EPERM: duty === "esp"
      ? "start iked as root, or give it CAP_NET_RAW and CAP_NET_ADMIN"
      : "start iked as root, or give it CAP_NET_ADMIN and CAP_NET_BIND_SERVICE",
    EADDRNOTAVAIL: "the network is not there yet",
  };
  const what = help[error.code];
  return new StartError(what === undefined ? error.message : `${error.message}: ${what}`);
}

/**
 * Raw IPv6 sockets learn a path MTU only where they also take reports of errors (IPV6_RECVERR); other sockets learn
 * it by themselves. The reports are read to be forgotten: the next packet that is too long fails, and says so.
 */
function reportErrors(libc: Libc, fd: number): void {
  const on = libc.c.setsockopt(fd, IPPROTO_IPV6, IPV6_RECVERR, new Int32Array([1]), 4);
  libc.unwrap(on, "ask for reports of errors on the raw IPv6 socket");
}

/** Empties a socket's queue of error reports, which `poll` would tell of for ever. */
export function forgetErrors(libc: Libc, fd: number): void {
  const report = new Uint8Array(64);
  for (let read = 0; read < MAX_REPORTS; read++) {
    if (libc.c.recv(fd, report, report.length, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) return;
  }
}

/** The host's policies may cover the peer itself: the IKE sockets would wait for the SA that they are to agree on. */
function leaveToKernel(libc: Libc, fd: number, family: Family, duty: Duty, by: IpsecInterface): void {
  for (const direction of ["in", "out"] as const) {
    const bypass = by === "xfrm" ? xfrmBypass(family, direction) : pfkeyBypass(direction);
    setSocketPolicy(libc, fd, family, by, bypass);
  }
  if (duty === "natt") setEspInUdp(libc, fd);
}

/** Opens all that are asked for. Throws `StartError`; what was opened before is closed. */
export function openSockets(libc: Libc, options: SocketsOptions): OuterSocket[] {
  const wanted: { duty: Duty; port: number }[] = [{ duty: "ike", port: options.ikePort }];
  if (options.nattPort !== undefined) wanted.push({ duty: "natt", port: options.nattPort });
  if (options.esp) wanted.push({ duty: "esp", port: 0 });
  const sockets: OuterSocket[] = [];
  for (const { duty, port } of wanted) {
    for (const family of [4, 6] as const) {
      try {
        const fd = openSocket(libc, {
          kind: duty === "esp" ? "esp" : "udp",
          family,
          local: { address: unspecified(family), port },
          ...(options.esp ? { mark: OUTER_MARK } : {}),
          ...(options.esp && duty !== "ike" ? { receiveBuffer: BUFFER, sendBuffer: BUFFER } : {}),
          gro: duty === "natt" && options.esp,
        });
        if (duty === "esp" && family === 6) reportErrors(libc, fd);
        if (options.kernel !== undefined) leaveToKernel(libc, fd, family, duty, options.kernel);
        const memory = duty === "ike" ? undefined : options.memory;
        sockets.push({ duty, family, fd, port, outlet: new Outlet(libc, fd, family, SLOTS[duty], memory) });
      } catch (error) {
        // A host without IPv6 has only the others.
        if (error instanceof LibcError && family === 6 && error.code === "EAFNOSUPPORT") continue;
        closeSockets(libc, sockets);
        throw error instanceof LibcError ? advice(error, duty) : error;
      }
    }
  }
  return sockets;
}

/** Closes them. */
export function closeSockets(libc: Libc, sockets: readonly OuterSocket[]): void {
  for (const { fd } of sockets) libc.c.close(fd);
}
