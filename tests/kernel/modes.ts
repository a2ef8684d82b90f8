/** AH and transport mode in the words of our configuration and of each peer's. */
import { Libreswan, OpenIked, type Peer, StrongSwan } from "../interop/peers.ts";
import { LEFT, type Path, PSK, RIGHT, swanctlConf } from "../interop/suites.ts";
import { BIG } from "./peers.ts";

export interface Kind {
  readonly protocol: "ESP" | "AH";
  readonly mode: "tunnel" | "transport";
  /** Our word for the integrity algorithm; hmac-sha1 where absent. */
  readonly auth?: keyof typeof AUTHS;
  /** Networks of the tunnel; LEFT's and RIGHT's where absent. */
  readonly nets?: readonly [left: string, right: string];
  /**
   * Flows, in our words for the left side and for the right one, what strongSwan has at either, and more of libreswan's
   * words; those of the mode where absent.
   */
  readonly flows?: {
    readonly left: string;
    readonly right: string;
    readonly swan: readonly [left: string, right: string];
    readonly libreswan?: string;
  };
  /** No extended sequence numbers are offered; else with and without, as by default. */
  readonly esn?: false;
  /** More of our policy's words. */
  readonly more?: string;
  /** More of the peer's, for its Child SA. */
  readonly theirs?: string;
}

/** Names of strongSwan and libreswan. */
const AUTHS = {
  "hmac-sha1": ["sha1", "sha1"],
  "hmac-sha2-256": ["sha256", "sha2_256"],
  "hmac-sha2-512": ["sha512", "sha2_512"],
} as const;

export function nameOf({ protocol, mode, auth }: Kind): string {
  return `${protocol} in ${mode} mode${auth === undefined ? "" : ` with ${auth}`}`;
}

/** What both ends protect: their networks, or themselves. */
function ends({ mode, nets }: Kind, path: Path): readonly [left: string, right: string] {
  return nets ?? (mode === "tunnel" ? [LEFT.net, RIGHT.net] : [path.left, path.right]);
}

/** A policy of iked.conf(5), ours or OpenIKED's. */
export function policyOf(side: "left" | "right", kind: Kind, path: Path, more = kind.more ?? ""): string {
  const { protocol, mode, auth = "hmac-sha1" } = kind;
  const [left, right] = ends(kind, path);
  const { flows } = kind;
  const seen = mode === "transport" && path.mode === "nat" ? "any" : path.seen;
  const [begins, flow, outer, ids] = side === "left"
    ? ["active", flows?.left ?? `from ${left} to ${right}`, `local ${path.left} peer ${path.right}`, [
      LEFT.id,
      RIGHT.id,
    ]]
    : [
      "passive",
      flows?.right ?? `from ${right} to ${mode === "transport" ? seen : left}`,
      `local ${path.right} peer ${seen}`,
      [RIGHT.id, LEFT.id],
    ];
  const enc = protocol === "AH" ? "" : "enc aes-256 ";
  return `ikev2 "gw" ${begins} ${mode} ${protocol.toLowerCase()} ${flow} ${outer} \\
  ikesa ${BIG.ikesa} \\
  childsa ${enc}auth ${auth}${kind.esn === false ? " noesn" : ""} \\
  srcid ${ids[0]} dstid ${ids[1]} ${more} psk "${PSK}"
`;
}

function swanctl(side: "left" | "right", kind: Kind, path: Path): string {
  const { protocol, mode, auth = "hmac-sha1" } = kind;
  const [left, right] = kind.flows?.swan ?? ends(kind, path);
  const [integ] = AUTHS[auth];
  const dynamic = mode === "transport" && path.mode === "nat";
  const networks = dynamic ? { leftNet: "dynamic", rightNet: "dynamic" } : { leftNet: left, rightNet: right };
  return swanctlConf(side, path, BIG, { ...networks, child: `mode = ${mode}\n    ${kind.theirs ?? ""}` })
    .replace(
      /esp_proposals = .*/,
      protocol === "AH" ? `ah_proposals = ${integ}` : `esp_proposals = aes256-${integ}`,
    );
}

function libreswan(side: "left" | "right", kind: Kind, path: Path): string {
  const { protocol, mode, auth = "hmac-sha1" } = kind;
  const [left, right] = ends(kind, path);
  const [, integ] = AUTHS[auth];
  const transform = protocol === "AH" ? `phase2=ah\n  ah=${integ}` : `phase2=esp\n  esp=aes256-${integ}`;
  const nets = mode === "transport" ? "" : `\n  leftsubnet=${left}\n  rightsubnet=${right}`;
  const more = `${kind.flows?.libreswan ?? ""}\n  ${kind.theirs ?? ""}`;
  return `config setup
  logfile=/dev/stderr
conn gw
  ikev2=insist
  authby=secret
  type=${mode}
  left=${side === "left" ? path.left : path.seen}
  leftid=@${LEFT.id}
  right=${path.right}
  rightid=@${RIGHT.id}${nets}
  ike=aes256-sha2_256-dh14
  ${transform}
  ${more}
  auto=add
`;
}

/** Starts a peer of this kind of Child SA. */
export async function startKind(
  peer: string,
  namespace: string,
  side: "left" | "right",
  kind: Kind,
  path: Path,
): Promise<Peer> {
  switch (peer) {
    case "strongSwan": {
      const started = await StrongSwan.start(namespace, "kernel");
      await started.load(swanctl(side, kind, path));
      return started;
    }
    case "OpenIKED":
      return await OpenIked.start(namespace, policyOf(side, kind, path, kind.theirs ?? ""));
    default:
      return await Libreswan.start(
        namespace,
        libreswan(side, kind, path),
        `@${LEFT.id} @${RIGHT.id} : PSK "${PSK}"\n`,
      );
  }
}
