/** The two sites of the demo: addresses and configuration. Example addresses of RFC 5737 outside. */

export const LEFT = {
  name: "left",
  outer: "192.0.2.1",
  inner: "10.1.0.1",
  network: "10.1.0.0/16",
} as const;
export const RIGHT = {
  name: "right",
  outer: "192.0.2.2",
  inner: "10.2.0.1",
  network: "10.2.0.0/16",
} as const;
export type Site = typeof LEFT | typeof RIGHT;

/** iked.conf of one site. */
export function confOf(
  own: Site,
  peer: Site,
  mode: "active" | "passive",
): string {
  return `# ${own.name}.conf
ikev2 "demo" ${mode} esp \\
\tfrom ${own.network} to ${peer.network} \\
\tlocal ${own.outer} peer ${peer.outer} \\
\tsrcid ${own.name}.example.com dstid ${peer.name}.example.com \\
\tpsk "an-example-do-not-use"
`;
}
