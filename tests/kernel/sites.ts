/** The sites of `tests/host` with both daemons on the kernel's IPsec. */
import { findLibraries } from "../../cli/daemon/permissions.ts";
import { openLibc } from "../../ffi/libc/mod.ts";
import { runOn } from "../host/gateway.ts";
import type { Host } from "../host/namespaces.ts";
import { Sites } from "../host/sites.ts";
import { kernelTest } from "./peers.ts";

/** Registers a test in the VM with two sites of its own, whose daemons are not started yet. */
export function sitesTest(
  extent: "slice" | "matrix",
  name: string,
  body: (sites: Sites) => Promise<void>,
  datapath: string | undefined = "xfrm",
): void {
  kernelTest(extent, name, async () => {
    const libc = openLibc(findLibraries().libc!);
    try {
      await using sites = new Sites(libc);
      for (const gateway of [sites.left, sites.right]) gateway.datapath = datapath;
      await body(sites);
    } finally {
      libc.close();
    }
  });
}

async function shown(host: Host, ...words: string[]): Promise<string> {
  const { code, stdout, stderr } = await runOn(host, "ip", ...words);
  if (code !== 0) throw new Error(`ip ${words.join(" ")}: ${stderr}`);
  return stdout;
}

/** What counts and ages in the words of ip(8). */
const CHANGING =
  /^\s+(current|lifetime config|limit|expire |anti-replay|seq |seq-hi |([0-9a-f]{8} )+$|replay|stats|\d+\(bytes\))/;

/** SAs and policies of a host's kernel, without those of sockets: with the times at which they were made. */
export async function kernelTables(
  host: Host,
): Promise<{ readonly states: string; readonly policies: string }> {
  const [states, policies] = await Promise.all(
    ["state", "policy"].map(async (what) => {
      const text = (await shown(host, "-s", "xfrm", what)).replaceAll(/ use .*/g, "");
      const entries = text.split(/^(?=src )/m).filter((entry) => !entry.includes("\tsocket "));
      return entries.map((entry) => entry.split("\n").filter((line) => !CHANGING.test(line)).join("\n")).join(
        "",
      );
    }),
  );
  return { states: states!, policies: policies! };
}
