/** Arbitrary configurations over the whole language, as text. */
import fc from "fast-check";
import { encrAlgorithms, integAlgorithms, keAlgorithms, prfAlgorithms } from "../../src/crypto/algorithms.ts";
import { quote } from "../../src/config/print/values.ts";

const some = <T>(values: readonly T[], maxLength = 4) =>
  fc.shuffledSubarray([...values], { minLength: 1, maxLength: Math.min(maxLength, values.length) });
const words = (kind: string, names: readonly string[]) => names.map((name) => `${kind} ${name}`).join(" ");
const namesIn = (
  table: readonly { names: readonly string[]; ike: boolean; child: boolean }[],
  where: "ike" | "child",
) => table.filter((one) => one[where]).flatMap((one) => one.names);

/** An `ikesa` or `childsa` of ESP. */
function blockOf(where: "ike" | "child"): fc.Arbitrary<string> {
  const aead = namesIn(encrAlgorithms.filter((one) => one.aead), where);
  const plain = namesIn(encrAlgorithms.filter((one) => !one.aead), where);
  const ciphers = fc.oneof(
    some(aead).map((names) => words("enc", names)),
    fc.tuple(some(plain), some(namesIn(integAlgorithms, where)))
      .map(([enc, auth]) => `${words("enc", enc)} ${words("auth", auth)}`),
    some(namesIn(integAlgorithms, where)).map((auth) => words("auth", auth)),
  );
  const groups = fc.option(some(namesIn(keAlgorithms, where)).map((names) => words("group", names)), {
    nil: "",
  });
  const rest = where === "ike"
    ? fc.option(some(namesIn(prfAlgorithms, where)).map((names) => words("prf", names)), { nil: "" })
    : fc.constantFrom("", "esn", "noesn", "esn noesn", "noesn esn");
  return fc.tuple(ciphers, groups, rest).map((parts) =>
    `${where === "ike" ? "ikesa" : "childsa"} ${parts.join(" ")}`
  );
}

/** A `childsa` of AH: there is nothing to encrypt with. */
const ahBlock = fc.tuple(
  some(namesIn(integAlgorithms, "child")).map((names) => words("auth", names)),
  fc.option(some(namesIn(keAlgorithms, "child")).map((names) => words("group", names)), { nil: "" }),
  fc.constantFrom("", "esn", "noesn"),
).map((parts) => `childsa ${parts.join(" ")}`);

const octet = fc.nat(255);
const v4 = fc.tuple(octet, octet, octet, octet).map((parts) => parts.join("."));
const v6 = fc.array(fc.nat(0xffff), { minLength: 8, maxLength: 8 }).map((parts) =>
  parts.map((one) => one.toString(16)).join(":")
);
/** Two ends of one family, the first perhaps with its true source. */
const ends = fc.oneof(
  fc.tuple(v4, v4, fc.integer({ min: 0, max: 32 })).map(([a, b, n]) => [`${a}/${n}`, `${b}/${n}`]),
  fc.tuple(v6, v6, fc.integer({ min: 0, max: 128 })).map(([a, b, n]) => [`${a}/${n}`, `${b}/${n}`]),
  fc.tuple(v4, v4, v4).map(([a, nat, b]) => [`${a} (${nat}/24)`, b]),
  fc.tuple(v6, v6).map(([a, b]) => [`${a} (em2)`, b]),
  fc.constantFrom(
    ["any", "any"],
    ["any", "10.0.0.0/8"],
    ["gw.example.com", "any"],
    ["em0", "192.0.2.1"],
    ["v4.example.com/24", "any"],
    ["dynamic", "any"],
    ["10.0.0.0/8", "dynamic"],
    ["dynamic", "dynamic"],
    ["dynamic", "2001:db8::/32"],
  ),
);
const portNumber = fc.integer({ min: 1, max: 65535 });
const port = fc.oneof(
  fc.constant(""),
  portNumber.map((one) => ` port ${one}`),
  fc.tuple(portNumber, portNumber).map(([a, b]) => ` port ${Math.min(a, b)}:${Math.max(a, b)}`),
  fc.constant(" port telnet"),
);
const pair = ends.map(([from, to]) => `from ${from} to ${to}`);
const flows = fc.oneof(
  fc.tuple(
    fc.constantFrom("", "proto gre ", "proto { 1, 2 3 } "),
    fc.array(pair, { minLength: 1, maxLength: 3 }),
  ).map(([protocol, list]) => protocol + list.join(", ")),
  fc.tuple(
    fc.constantFrom("tcp", "udp", "{ tcp, udp }", "{ 132 6 }"),
    fc.array(fc.tuple(ends, port, port).map(([[from, to], a, b]) => `from ${from}${a} to ${to}${b}`), {
      minLength: 1,
      maxLength: 3,
    }),
  ).map(([protocol, list]) => `proto ${protocol} ${list.join(" ")}`),
  ends.map(([from, to]) => `proto gre to ${to} from ${from}`),
);
// Neither quote can hold a backslash at the end, nor the octets that a lexer refuses or drops
export const string = fc.string({ minLength: 1, maxLength: 20, unit: "grapheme" })
  .map((text) => text.replace(/\p{Cc}/gu, "").replace(/\\+$/, "") || "x").map(quote);
const endpoints = fc.oneof(
  fc.constantFrom(
    "",
    "peer any local any",
    "local em0 peer gw.example.com",
    "peer 192.0.2.0/24",
    "peer v4.example.com",
  ),
  fc.tuple(v4, v4).map(([a, b]) => `local ${a} peer ${b}`),
  fc.tuple(v6, v6).map(([a, b]) => `peer ${a} local ${b}`),
);
const identity = fc.oneof(
  fc.constantFrom("gw.example.com", "a@example.com", "192.0.2.1", "2001:db8::1", "/C=DE/CN=gw"),
  fc.domain(),
);
const psk = fc.oneof(
  string,
  fc.uint8Array({ minLength: 1, maxLength: 40 }).map((key) =>
    `0x${[...key].map((one) => one.toString(16).padStart(2, "0")).join("")}`
  ),
).map((key) => `psk ${key}`);
const auth = fc.oneof(
  psk,
  fc.constantFrom("", "rsa", "signature", "ecdsa256", "ecdsa384", "ecdsa521", "rfc7427"),
  fc.constantFrom('eap "MSCHAP_V2"', "eap mschap-v2", "eap radius"),
);
const attributes = [
  "address",
  "name-server",
  "netbios-server",
  "dhcp-server",
  "protected-subnet",
  "access-server",
];
const config = fc.array(
  fc.oneof(
    fc.tuple(fc.constantFrom(...attributes), v4, fc.integer({ min: 0, max: 32 })).map(([name, a, n]) =>
      `config ${name} ${a}/${n}`
    ),
    fc.tuple(fc.constantFrom("config", "request"), fc.constantFrom(...attributes), fc.oneof(v4, v6))
      .map((parts) => parts.join(" ")),
    v4.map((mask) => `config netmask ${mask}`),
    fc.constantFrom(...attributes).map((name) => `request ${name} any`),
    fc.constant("config name-server gw.example.com"),
  ),
  { maxLength: 5 },
).map((list) => list.join(" "));
const filters = fc.tuple(
  fc.constantFrom("", "iface sec1", "iface lo1"),
  fc.option(string.map((one) => `tag ${one}`), { nil: "" }),
  fc.constantFrom("", "tap enc0", 'tap "enc17"', 'tag "$name-$id" tap enc1'),
).map(([iface, tag, tap]) => `${iface} ${tap.startsWith("tag") ? "" : tag} ${tap}`);
const life = fc.constantFrom(
  "",
  "ikelifetime 3h",
  "lifetime 12",
  "lifetime 1H bytes 3m ikelifetime 25",
  "lifetime 0 bytes 0",
);
/** Words between the name and the flows, with blocks that fit them. */
const head: fc.Arbitrary<[words: string, blocks: string[]]> = fc.oneof(
  fc.tuple(
    fc.constantFrom("", "esp", "natt", "tunnel esp natt", "ipcomp transport esp inet", "rdomain 3"),
    fc.array(fc.oneof(blockOf("ike"), blockOf("child")), { maxLength: 4 }),
  ),
  fc.tuple(
    fc.constantFrom("ah", "transport ah rdomain 255", "ipcomp natt ah"),
    fc.array(fc.oneof(blockOf("ike"), ahBlock), { maxLength: 3 }),
  ),
);

/** An `ikev2` statement without its name; the parts stand in the manual's order. */
const policy = fc.record({
  evaluation: fc.constantFrom("", "quick", "skip", "default"),
  head,
  flows,
  endpoints,
  srcid: fc.option(identity.map((one) => `srcid "${one}"`), { nil: "" }),
  dstid: fc.option(identity.map((one) => `dstid "${one}"`), { nil: "" }),
  life,
  auth,
  config,
  filters,
}).map(
  ({ evaluation, head: [words, blocks], flows, endpoints, srcid, dstid, life, auth, config, filters }) => {
    // "inet" goes with endpoints of any family
    const at = words.includes("inet") ? "peer any" : endpoints;
    return [evaluation, words, flows, at, ...blocks, srcid, dstid, life, auth, config, filters].join(" ");
  },
);

const settings = fc.subarray([
  "set passive",
  "set decouple",
  "set dpd_check_interval 3",
  "set enforcesingleikesa",
  "set fragmentation",
  "set nomobike",
  "set stickyaddress",
  "set novendorid",
  "set cert_partial_chain",
  'set ocsp "http://192.0.2.9/ocsp?a=b" tolerate 3m maxage 1h',
  "set ocsp https://ocsp.example.com:8080/",
  "set datapath none",
]);
const radius = fc.subarray([
  "radius server 192.0.2.5 secret one",
  'radius server 2001:db8::5 port 1645 secret "t w o"',
  "radius accounting server 192.0.2.5 secret three",
  "radius max-tries 5",
  "radius accounting max-failovers 2",
  "radius config address 8",
  "radius config inet6 name-server 0x137 0x1c",
  "radius config none 9",
  "radius dae listen on 192.0.2.1",
  "radius dae listen on :: port 3800",
  "radius dae client 192.0.2.5 secret four",
]);
const users = fc.array(fc.tuple(string, string).map(([name, password]) => `user ${name} ${password}`), {
  maxLength: 3,
});

/** A whole file; its policies have names that differ. */
export const configuration = fc.record({
  settings,
  users,
  radius,
  policies: fc.array(fc.tuple(string, policy), { maxLength: 3 }),
}).map(({ settings, users, radius, policies }) => {
  const named = policies.map(([name, rest], at) =>
    `ikev2 ${at === 0 ? "" : `"${at} ${name.slice(1)}`} ${rest}`
  );
  return [...settings, ...users, ...radius, ...named].join("\n");
});
