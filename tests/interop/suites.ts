/** The pairs of suites that both sides are configured with: names in iked.conf and in swanctl.conf. */

export interface Suite {
  readonly name: string;
  readonly ikesa: string;
  readonly childsa: string;
  readonly ike: string;
  readonly esp: string;
  /** As `show sa` must state it: IANA names of the IKE SA. */
  readonly encr: string;
  readonly ke: string;
}

export const SUITES: readonly Suite[] = [
  {
    name: "aes-256-gcm/curve25519",
    ikesa: "enc aes-256-gcm prf hmac-sha2-256 group curve25519",
    childsa: "enc aes-256-gcm group curve25519",
    ike: "aes256gcm16-prfsha256-x25519",
    esp: "aes256gcm16-x25519",
    encr: "ENCR_AES_GCM_16",
    ke: "Curve25519",
  },
  {
    name: "aes-128+hmac-sha2-256/modp2048",
    ikesa: "enc aes-128 auth hmac-sha2-256 prf hmac-sha2-256 group modp2048",
    childsa: "enc aes-128 auth hmac-sha2-256 group modp2048",
    ike: "aes128-sha256-modp2048",
    esp: "aes128-sha256-modp2048",
    encr: "ENCR_AES_CBC",
    ke: "2048-bit MODP Group",
  },
  {
    name: "aes-256+hmac-sha2-384/ecp384",
    ikesa: "enc aes-256 auth hmac-sha2-384 prf hmac-sha2-384 group ecp384",
    childsa: "enc aes-256 auth hmac-sha2-384 group ecp384",
    ike: "aes256-sha384-ecp384",
    esp: "aes256-sha384-ecp384",
    encr: "ENCR_AES_CBC",
    ke: "384-bit random ECP group",
  },
  {
    name: "chacha20-poly1305/ecp256",
    ikesa: "enc chacha20-poly1305 prf hmac-sha2-256 group ecp256",
    childsa: "enc chacha20-poly1305 group ecp256",
    ike: "chacha20poly1305-prfsha256-ecp256",
    esp: "chacha20poly1305-ecp256",
    encr: "ENCR_CHACHA20_POLY1305",
    ke: "256-bit random ECP group",
  },
  {
    name: "3des+hmac-sha1/modp1024",
    ikesa: "enc 3des auth hmac-sha1 prf hmac-sha1 group modp1024",
    childsa: "enc 3des auth hmac-sha1 group modp1024",
    ike: "3des-sha1-modp1024",
    esp: "3des-sha1-modp1024",
    encr: "ENCR_3DES",
    ke: "1024-bit MODP Group",
  },
];

/** Outer addresses and what is between the two. */
export interface Path {
  readonly name: string;
  readonly mode: "direct" | "nat";
  readonly left: string;
  readonly right: string;
  /** What the right side sees the left side's packets come from. */
  readonly seen: string;
}

export const PATHS: readonly Path[] = [
  { name: "IPv4", mode: "direct", left: "192.0.2.1", right: "192.0.2.2", seen: "192.0.2.1" },
  { name: "IPv6", mode: "direct", left: "2001:db8::1", right: "2001:db8::2", seen: "2001:db8::1" },
  { name: "IPv4 through NAT", mode: "nat", left: "198.51.100.2", right: "192.0.2.2", seen: "192.0.2.1" },
];

export const LEFT = { id: "left.example.com", net: "10.1.0.0/16", host: "10.1.0.1" } as const;
export const RIGHT = { id: "right.example.com", net: "10.2.0.0/16", host: "10.2.0.1" } as const;
export const PSK = "visibly an example secret";

export interface Choices {
  /** Of the policy or connection, where there are several; it stands before the identities, too. */
  readonly name?: string;
  readonly psk?: string;
  readonly leftNet?: string;
  readonly rightNet?: string;
  /** More of our policy's words, e.g. lifetimes. */
  readonly more?: string;
  /** More of strongSwan's settings for the connection, and for the child. */
  readonly connection?: string;
  readonly child?: string;
}

/** The identities of both sides. */
export function identities({ name }: Choices): readonly [left: string, right: string] {
  const before = name === undefined ? "" : `${name}.`;
  return [`${before}${LEFT.id}`, `${before}${RIGHT.id}`];
}

/** Our policy for one side. */
export function ikedConf(side: "left" | "right", path: Path, suite: Suite, choices: Choices = {}): string {
  const left = choices.leftNet ?? LEFT.net, right = choices.rightNet ?? RIGHT.net;
  const [leftId, rightId] = identities(choices);
  const [mode, flow, ends, ids] = side === "left"
    ? ["active", `from ${left} to ${right}`, `local ${path.left} peer ${path.right}`, [leftId, rightId]]
    : ["passive", `from ${right} to ${left}`, `local ${path.right} peer ${path.seen}`, [rightId, leftId]];
  return `ikev2 "${choices.name ?? "gw"}" ${mode} esp ${flow} ${ends} \\
  ikesa ${suite.ikesa} \\
  childsa ${suite.childsa} \\
  srcid ${ids[0]} dstid ${ids[1]} ${choices.more ?? ""} psk "${choices.psk ?? PSK}"
`;
}

/** strongSwan's configuration for one side. */
export function swanctlConf(side: "left" | "right", path: Path, suite: Suite, choices: Choices = {}): string {
  const [leftId, rightId] = identities(choices);
  const [local, remote, mine, theirs] = side === "left"
    ? [path.left, path.right, leftId, rightId]
    : [path.right, path.mode === "nat" ? "%any" : path.left, rightId, leftId];
  const name = choices.name ?? "gw";
  const [leftNet, rightNet] = [choices.leftNet ?? LEFT.net, choices.rightNet ?? RIGHT.net];
  return `connections { ${name} {
  version = 2
  local_addrs = ${local}
  remote_addrs = ${remote}
  proposals = ${suite.ike}
  mobike = no
  ${choices.connection ?? ""}
  local { auth = psk
    id = ${mine} }
  remote { auth = psk
    id = ${theirs} }
  children { net { local_ts = ${side === "left" ? leftNet : rightNet}
    remote_ts = ${side === "left" ? rightNet : leftNet}
    esp_proposals = ${suite.esp}
    ${choices.child ?? ""} } }
} }
secrets { ike-${name} { id-1 = ${leftId}
  id-2 = ${rightId}
  secret = "${choices.psk ?? PSK}" } }
`;
}
