/** What the daemons of two sites are configured with. */
import type { Sites } from "./sites.ts";

/** What one policy says beside what every one says. */
export interface Says {
  readonly mode?: "active" | "passive";
  readonly local?: string;
  readonly peer?: string;
  /** Flows; without it those of the side's IPv4 networks. */
  readonly flows?: string;
  /** Further words behind the identities, e.g. lifetimes. */
  readonly more?: string;
  /** Codes of warnings that are meant so, for tests that want none in the log. */
  readonly allow?: string;
  /** Lines before the policy. */
  readonly before?: string;
}

const OWN = { left: 1, right: 2 } as const;

/** `iked.conf` of a side. */
export function policy(side: "left" | "right", says: Says = {}): string {
  const other = side === "left" ? "right" : "left";
  const own = OWN[side], theirs = OWN[other];
  const mode = says.mode ?? (side === "left" ? "active" : "passive");
  const flows = says.flows ?? `from 10.${own}.0.0/16 to 10.${theirs}.0.0/16`;
  const local = says.local ?? `192.0.2.${own}`, peer = says.peer ?? `192.0.2.${theirs}`;
  return `${says.before ?? ""}ikev2 "sites" ${mode} esp ${flows} local ${local} peer ${peer} \\
  srcid ${side}.example.com dstid ${other}.example.com ${says.more ?? ""} psk "visibly an example"${
    says.allow === undefined ? "" : ` # iked: allow ${says.allow}`
  }
`;
}

/** Configures both sides. */
export function configure(sites: Sites, left: Says = {}, right: Says = {}): void {
  sites.left.configure(policy("left", left));
  sites.right.configure(policy("right", right));
}

/** Starts the passive side, then the active one; both have their Child SA when this returns. */
export async function bringUp({ left, right }: Sites): Promise<void> {
  await right.start();
  await left.start();
  await Promise.all([left, right].map(({ daemon }) => daemon.line(/ child-up /)));
}
