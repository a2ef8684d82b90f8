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

/** The role's messages get their turn after so long, in milliseconds. */
const SERVE_MS = 50;

async function lackOfXfrm(libc: Libc, needs: readonly ChildNeed[]): Promise<DatapathLack | undefined> {
  let netlink: Netlink;
  try {
    netlink = new Netlink(libc, "xfrm");
  } catch (error) {
    if (!(error instanceof LibcError)) throw error;
    return { at: 0, message: `${error.message}: the kernel has no XFRM (CONFIG_XFRM_USER)` };
  }
  const lack = await lackOfKernel(libc, new XfrmPort(netlink), needs);
  netlink.close();
  return lack;
}

async function lackOfPfkey(libc: Libc, needs: readonly ChildNeed[]): Promise<DatapathLack | undefined> {
  try {
    const socket = openPfkeySocket(libc);
    const lack = await lackOfKernel(libc, new PfkeyPort(socket), needs);
    socket.close();
    return lack;
  } catch (error) {
    if (!(error instanceof LibcError)) throw error;
    return { at: 0, message: pfkeyLack(error) };
  }
}

async function lackOfKernel(
  libc: Libc,
  port: KernelPort,
  needs: readonly ChildNeed[],
): Promise<DatapathLack | undefined> {
  if (needs.length === 0) {
    const lack = probeKernel(port, [], random);
    if (lack !== undefined) return lack;
  }
  let served = performance.now();
  for (const [at, need] of needs.entries()) {
    const lack = probeKernel(port, [need], random);
    if (lack !== undefined) return { ...lack, at };
    // What the kernel is asked for first it may have to load and to test.
    if (performance.now() - served < SERVE_MS) continue;
    await new Promise((resolve) => setTimeout(resolve));
    served = performance.now();
  }
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
export async function lackOf(
  libc: Libc,
  datapath: DatapathName,
  needs: readonly ChildNeed[],
): Promise<DatapathLack | undefined> {
  if (datapath === "pfkey") return await lackOfPfkey(libc, needs);
  return datapath === "xfrm" ? await lackOfXfrm(libc, needs) : undefined;
}

/** The first of the choices that works; its reason says what kept others from it. Throws `StartError`. */
export async function choose(
  libc: Libc,
  { datapaths, otherwise, needs }: Pick<NetStart, "datapaths" | "otherwise" | "needs">,
): Promise<Choice> {
  const others: string[] = [];
  for (const { datapath, reason } of datapaths) {
    const lack = await lackOf(libc, datapath, needs);
    if (lack === undefined) return { datapath, reason: others.length === 0 ? reason : others.join("; ") };
    others.push(`${datapath} does not work here: ${lack.message}`);
  }
  throw new StartError(`${others.join("; ")}${otherwise}`);
}
