/** The lab's peers on the kernel's IPsec, configured to meet ours; what they have in common is one suite. */
import { Libreswan, OpenIked, type Peer, StrongSwan } from "../interop/peers.ts";
import { LEFT, type Path, PSK, RIGHT, type Suite, swanctlConf } from "../interop/suites.ts";

const IN_VM = Deno.env.get("IKED_VM") === "1";
const WHOLE = Deno.env.get("IKED_MATRIX") === "1";

/** A test that runs in the lab's VM; those that are not of CI's slice in `deno task prove kernel` alone. */
export function kernelTest(
  extent: "slice" | "matrix",
  name: string,
  fn: (t: Deno.TestContext) => Promise<void>,
): void {
  const why = !IN_VM
    ? " [skipped: not in the lab's VM]"
    : extent === "matrix" && !WHOLE
    ? " [skipped: deno task prove kernel runs it]"
    : "";
  Deno.test({ name: `${name}${why}`, ignore: why !== "", fn });
}

/** aes-256 with hmac-sha2-512: what OpenIKED on Linux can load (lab README). */
export const BIG: Suite = {
  name: "aes-256+hmac-sha2-512/modp2048",
  ikesa: "enc aes-256 auth hmac-sha2-256 prf hmac-sha2-256 group modp2048",
  childsa: "enc aes-256 auth hmac-sha2-512",
  ike: "aes256-sha256-modp2048",
  esp: "aes256-sha512",
  encr: "ENCR_AES_CBC",
  ke: "2048-bit MODP Group",
};

export const VERSIONS: Readonly<Record<string, string>> = {
  strongSwan: "strongSwan 5.9.8",
  OpenIKED: "OpenIKED 7.2",
  libreswan: "libreswan 4.10",
};

function openIkedConf(side: "left" | "right", path: Path, more: string): string {
  const flow = side === "left" ? `from ${LEFT.net} to ${RIGHT.net}` : `from ${RIGHT.net} to ${LEFT.net}`;
  const ends = side === "left"
    ? `local ${path.left} peer ${path.right}`
    : `local ${path.right} peer ${path.left}`;
  const ids = side === "left" ? `srcid ${LEFT.id} dstid ${RIGHT.id}` : `srcid ${RIGHT.id} dstid ${LEFT.id}`;
  return `ikev2 "gw" ${side === "left" ? "active" : "passive"} ${more} esp ${flow} ${ends} \\
  ikesa ${BIG.ikesa} \\
  childsa ${BIG.childsa} \\
  ${ids} psk "${PSK}"
`;
}

function libreswanConf(path: Path, more: string): string {
  return `config setup
  logfile=/dev/stderr
conn gw
  ikev2=insist
  authby=secret
  left=${path.left}
  leftid=@${LEFT.id}
  leftsubnet=${LEFT.net}
  right=${path.right}
  rightid=@${RIGHT.id}
  rightsubnet=${RIGHT.net}
  ike=aes256-sha2_256-dh14
  esp=aes256-sha2_512
  ${more}
  auto=add
`;
}

const secrets = `@${LEFT.id} @${RIGHT.id} : PSK "${PSK}"\n`;

/** Starts a peer with `BIG` for the paths of this file; `more` are words of its own language for its Child SA. */
export async function startPeer(
  kind: string,
  namespace: string,
  side: "left" | "right",
  path: Path,
  more = "",
): Promise<Peer> {
  switch (kind) {
    case "strongSwan": {
      const peer = await StrongSwan.start(namespace, "kernel");
      await peer.load(swanctlConf(side, path, BIG, { child: more }));
      return peer;
    }
    case "OpenIKED":
      return await OpenIked.start(namespace, openIkedConf(side, path, more));
    default:
      return await Libreswan.start(namespace, libreswanConf(path, more), secrets);
  }
}

/** Has the peer begin; OpenIKED does so by itself. */
export async function peerInitiates(kind: string, peer: Peer): Promise<void> {
  if (kind === "strongSwan") await peer.inside("swanctl", "--initiate", "--child", "net", "--timeout", "30");
  if (kind === "libreswan") await peer.inside("ipsec", "auto", "--up", "gw");
}
