/** The NAT of `Sites`, made by nftables. */
import { runOn } from "./gateway.ts";
import type { Host } from "./namespaces.ts";

async function nft(host: Host, rules: string): Promise<void> {
  const child = host.run(() =>
    new Deno.Command("nft", { args: ["-f", "-"], stdin: "piped", stdout: "null", stderr: "piped" }).spawn()
  );
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(rules));
  await writer.close();
  const { success, stderr } = await child.output();
  if (!success) throw new Error(`nft: ${new TextDecoder().decode(stderr)}`);
}

/**
 * Gives what comes from inside the NAT's own address and a UDP port of this range, which 500 and 4500 are not of.
 * With `forwarded`, UDP 500 and 4500 of the NAT's address lead to this host inside, and keep their ports.
 */
export async function translate(nat: Host, ports: string, forwarded?: string): Promise<void> {
  const inbound = forwarded === undefined ? [] : [
    "chain pre {",
    "type nat hook prerouting priority dstnat",
    `iifname outside udp dport { 500, 4500 } dnat to ${forwarded}`,
    "}",
  ];
  const lines = [
    "flush ruleset",
    "table ip nat {",
    ...inbound,
    "chain post {",
    "type nat hook postrouting priority srcnat",
    `oifname outside meta l4proto udp masquerade to :${ports}`,
    "oifname outside masquerade",
    "}",
    "}",
  ];
  await nft(nat, lines.map((line) => `${line}\n`).join(""));
}

/** Takes the NAT's address `from` away and gives it `to`: masquerading forgets every mapping. */
export async function moveNat(nat: Host, from: string, to: string): Promise<void> {
  for (const [verb, address] of [["del", from], ["add", to]] as const) {
    const done = await runOn(nat, "ip", "address", verb, `${address}/24`, "dev", "outside");
    if (done.code !== 0) throw new Error(done.stderr);
  }
}

/** Why there can be no NAT; undefined where there can. */
export const noNat: string | undefined = (() => {
  try {
    const script = "add table ip nat; add chain ip nat c { type nat hook postrouting priority 100; }";
    const { success } = new Deno.Command("unshare", {
      args: ["-n", "nft", script],
      stdout: "null",
      stderr: "null",
    }).outputSync();
    return success ? undefined : "no NAT by nftables";
  } catch {
    return "no unshare";
  }
})();
