/** Which data path works on this host: probed before anything is opened for it. */
import { type Libc, LibcError, Netlink, openSocket, setEspInUdp } from "../../../ffi/libc/mod.ts";
import type { ChildNeed } from "../../../src/datapath/need.ts";
import { type KernelPort, probeKernel } from "../../../src/datapath/kernel/mod.ts";
import { PfkeyPort } from "../../../src/datapath/pfkey/mod.ts";
import { XfrmPort } from "../../../src/datapath/xfrm/mod.ts";
import { unspecified } from "../../../src/ip/mod.ts";
import type { Choice } from "../datapath_choice.ts";
import type { DatapathLack, DatapathName, NetStart } from "../ports.ts";
import { random } from "../provider.ts";
import { StartError } from "../role.ts";
import { openPfkeySocket, pfkeyLack } from "./pfkey.ts";

function lackOfXfrm(libc: Libc, needs: readonly ChildNeed[]): DatapathLack | undefined {
  let netlink: Netlink;
  try {
    netlink = new Netlink(libc, "xfrm");
  } catch (error) {
    if (!(error instanceof LibcError)) throw error;
    return { at: 0, message: `${error.message}: the kernel has no XFRM (CONFIG_XFRM_USER)` };
  }
  const lack = lackOfKernel(libc, new XfrmPort(netlink), needs);
  netlink.close();
  return lack;
}

function lackOfPfkey(libc: Libc, needs: readonly ChildNeed[]): DatapathLack | undefined {
  try {
    const socket = openPfkeySocket(libc);
    const lack = lackOfKernel(libc, new PfkeyPort(socket), needs);
    socket.close();
    return lack;
  } catch (error) {
    if (!(error instanceof LibcError)) throw error;
    return { at: 0, message: pfkeyLack(error) };
  }
}

function lackOfKernel(libc: Libc, port: KernelPort, needs: readonly ChildNeed[]): DatapathLack | undefined {
  const lack = probeKernel(port, needs, random);
  if (lack !== undefined) return lack;
  // Whether a NAT is in the way is known only once there is a peer.
  try {
    const fd = openSocket(libc, { kind: "udp", family: 4, local: { address: unspecified(4), port: 0 } });
    try {
      setEspInUdp(libc, fd);
    } finally {
      libc.c.close(fd);
    }
  } catch (error) {
    if (!(error instanceof LibcError)) throw error;
    return { at: 0, message: error.message };
  }
  return undefined;
}

/** The first of these needs that a data path cannot meet on this host. */
export function lackOf(
  libc: Libc,
  datapath: DatapathName,
  needs: readonly ChildNeed[],
): DatapathLack | undefined {
  if (datapath === "pfkey") return lackOfPfkey(libc, needs);
  return datapath === "xfrm" ? lackOfXfrm(libc, needs) : undefined;
}

/** The first of the choices that works; its reason says what kept others from it. Throws `StartError`. */
export function choose(libc: Libc, { datapaths, needs }: Pick<NetStart, "datapaths" | "needs">): Choice {
  const others: string[] = [];
  for (const { datapath, reason } of datapaths) {
    const lack = lackOf(libc, datapath, needs);
    if (lack === undefined) return { datapath, reason: others.length === 0 ? reason : others.join("; ") };
    others.push(`${datapath} does not work here: ${lack.message}`);
  }
  throw new StartError(`${others.join("; ")}, or use -K userland`);
}
