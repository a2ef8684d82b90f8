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

/** What the kernel of a host has of IPsec; times at which entries were made, no counters. */
export async function kernelTables(
  host: Host,
): Promise<{ readonly states: string; readonly policies: string }> {
  const lasting = (text: string) =>
    text.split("\n").filter((line) =>
      /^src |proto |spi |add |dir |priority|tmpl|auth|enc|aead/.test(line) && !/ use /.test(line)
    ).join("\n");
  const states = await shown(host, "-s", "xfrm", "state"),
    policies = await shown(host, "-s", "xfrm", "policy");
  return { states: lasting(states), policies: lasting(policies.replaceAll(/ use .*/g, "")) };
}
