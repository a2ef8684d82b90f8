import assert from "node:assert/strict";
import fc from "fast-check";
import { Diagnostics, parse, Source } from "../../src/config/mod.ts";
import { read, readGood } from "./support.ts";

Deno.test("no octets make reading throw, and every error has a place in the file", () => {
  const pieces = fc.constantFrom(
    ...("ikev2 from to psk $ { } ( ) , = \" ' \\ # any esp ikesa childsa enc auth group aes-256 lifetime bytes 3h include " +
      "set \n \t \r user radius server secret dae listen on eap config request address dynamic file proto tcp port 1:2 " +
      "iface tag tap enc0 ocsp tolerate rdomain 3 / 10.0.0.0/8 gw.example.com").split(" "),
    "\\\n",
    "\\\r\n",
    "\n",
    "$x",
    "x =",
    "é",
    "\0",
  ).map((piece) => new TextEncoder().encode(`${piece} `));
  const octets = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.array(fc.oneof(pieces, fc.uint8Array({ maxLength: 4 })), { maxLength: 60 })
      .map((list) => Uint8Array.from(list.flatMap((one) => [...one]))),
  );
  fc.assert(
    fc.property(octets, (file) => {
      const { compiled, diagnostics } = read(file);
      assert.equal(compiled === undefined, diagnostics.some((one) => one.severity === "error"));
      const lines = new TextDecoder().decode(file).split("\n").length;
      for (const { where } of diagnostics) {
        if (where !== undefined) assert.ok(where.line >= 1 && where.line <= lines && where.column >= 1);
      }
    }),
    { numRuns: 2000 },
  );
});

/** How often octets are looked at, by counting reads of the array. */
function readsOf(file: string): number {
  let reads = 0;
  const octets = new TextEncoder().encode(file);
  const counting = new Proxy(octets, {
    get(target, key) {
      if (typeof key === "string" && /^[0-9]+$/.test(key)) reads++;
      const value = Reflect.get(target, key, target);
      if (key === "indexOf") {
        return (what: number, from: number) => {
          const at = target.indexOf(what, from);
          reads += (at < 0 ? target.length : at + 1) - from;
          return at;
        };
      }
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const diagnostics = new Diagnostics();
  parse(new Source("f", counting), { macros: new Map(), include: () => "no" }, diagnostics);
  return reads;
}

Deno.test("reading looks at each octet a bounded number of times, whatever the file", () => {
  const policy = 'ikev2 esp from 10.0.0.1 to 10.0.0.2 peer 192.0.2.1 psk "key"\n';
  const shapes: readonly (readonly [name: string, unit: string])[] = [
    ["policies", policy],
    ["one long line", "from 10.0.0.1 to 10.0.0.2 "],
    ["quotes", "'\""],
    ["escaped quotes", '\\"'],
    ["strings in a line", '"a" "b" '],
    ["continued comments", "# a \\\n"],
    ["continued lines", "\\\n"],
    ["open strings on many lines", '"a\\"\n\'b\n'],
    ["control characters", "\x01"],
    ["errors", "bogus\n"],
    ["macros", "x = $x y\n"],
    ["braces", "{{{"],
    ["lists", "proto { tcp, udp "],
    ["source NAT", "from 10.0.0.1 (10.0.0.2) to 10.0.0.3 "],
    ["options", "config address 10.0.0.1 "],
    ["blocks", "ikesa enc aes-128 "],
    ["users", "user a b\n"],
    ["servers", "radius server 192.0.2.1 secret x\n"],
    ["operands that end in a backslash", "srcid a\\ \n"],
  ];
  for (const [name, unit] of shapes) {
    for (const prefix of ["", "ikev2 "]) {
      const size = 20_000;
      const file = prefix + unit.repeat(Math.ceil(size / unit.length));
      const reads = readsOf(file);
      assert.ok(reads < 16 * file.length, `${name}: ${reads} reads of ${file.length} octets`);
    }
  }
});

Deno.test("10,000 policies are read, each as it stands, with the octets looked at a bounded number of times", () => {
  const lines = Array.from(
    { length: 10_000 },
    (_, i) =>
      `ikev2 "p${i}" esp from 10.${i >> 8}.${i & 255}.0/24 to 172.16.0.0/12 peer 192.0.${i >> 8}.${
        i & 255
      } ` +
      `ikesa enc aes-256-gcm prf hmac-sha2-256 group curve25519 srcid gw.example.com psk "key ${i}"`,
  );
  const file = `${lines.join("\n")}\n`;
  const { configuration, secrets } = readGood(file);
  assert.equal(configuration.policies.length, 10_000);
  assert.equal(configuration.policies[7777]!.name, "p7777");
  assert.equal(configuration.policies[7777]!.where!.line, 7778);
  assert.equal(new TextDecoder().decode(secrets[9999]!.octets), "key 9999");
  const part = `${lines.slice(0, 500).join("\n")}\n`;
  assert.ok(readsOf(part) < 10 * part.length);
});

Deno.test("the octets of files and macros are overwritten afterwards", () => {
  const octets = new TextEncoder().encode('key = "hunter2"\nikev2 from 10.0.0.1 to 10.0.0.2 psk $key');
  const diagnostics = new Diagnostics();
  const { tree, wipe } = parse(
    new Source("f", octets),
    { macros: new Map(), include: () => "no" },
    diagnostics,
  );
  const auth = tree.policies[0]!.auth;
  assert.ok(auth?.kind === "psk");
  assert.equal(new TextDecoder().decode(auth.secret.octets), "hunter2");
  wipe();
  assert.ok(octets.every((octet) => octet === 0));
  assert.equal(new TextDecoder().decode(auth.secret.octets), "hunter2");
});

Deno.test("macros that stand for each other a hundred thousand deep are read, and none of them is shown", () => {
  const chain = Array.from({ length: 100_000 }, (_, at) => `x${at + 1} = $x${at}`).join("\n");
  const { compiled, text } = read(
    `x0 = hunter2\n${chain}\nikev2 from 10.0.0.1 to 10.0.0.2 psk $x100000 bogus $x0`,
  );
  assert.equal(compiled, undefined);
  assert.match(text, /unknown word "bogus"|found a word behind a secret/);
  assert.doesNotMatch(text, /hunter2/);
});

/** How many calls a number of lines costs: of the environment, and of what is looked up in maps and sets. */
function lookupsOf(file: string): number {
  let lookups = 0;
  const real = { get: Map.prototype.get, has: Set.prototype.has, some: Array.prototype.some };
  Map.prototype.get = function (this: Map<unknown, unknown>, key: unknown) {
    lookups++;
    return real.get.call(this, key);
  };
  Set.prototype.has = function (this: Set<unknown>, value: unknown) {
    lookups++;
    return real.has.call(this, value);
  };
  // What looks through a list takes as many steps as it is long
  Array.prototype.some = function (this: unknown[], ...args: Parameters<typeof real.some>) {
    lookups += this.length;
    return real.some.apply(this, args);
  } as typeof real.some;
  try {
    read(file);
  } finally {
    Map.prototype.get = real.get;
    Set.prototype.has = real.has;
    Array.prototype.some = real.some;
  }
  return lookups;
}

Deno.test("compiling twice as much takes twice as many steps, whatever the file has much of", () => {
  const address = (at: number) => `10.${at >> 16}.${at >> 8 & 255}.${at & 255}`;
  const kinds: Readonly<Record<string, (at: number) => string>> = {
    policies: (at) => `ikev2 "p${at}" from ${address(at)} to any psk x ikesa enc aes-256 auth hmac-sha1\n`,
    users: (at) => `user u${at} x\n`,
    servers: (at) => `radius server ${address(at)} secret x\n`,
    clients: (at) => `radius dae client ${address(at)} secret x\n`,
    settings: () => "set passive\n",
    macros: (at) => `m${at} = x\n`,
    errors: (at) => `ikev2 bogus${at} psk\n`,
  };
  for (const [name, line] of Object.entries(kinds)) {
    const steps = [500, 1000].map((length) =>
      lookupsOf(Array.from({ length }, (_, at) => line(at)).join(""))
    );
    assert.ok(steps[1]! < 2.2 * steps[0]!, `${name}: ${steps.join(", then ")}`);
  }
});
