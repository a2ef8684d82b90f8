/** `iked decode` as a process that may read and nothing else. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { concat } from "../../src/bytes/mod.ts";
import { NOTIFY, notifyPayload, type Payload } from "../../src/wire/mod.ts";
import { ipv4, pcapFile, udp } from "../capture/build.ts";
import { header, SealedSa } from "./seal.ts";
import { readVectorOctets, readVectors, vectorTest } from "../support/vectors.ts";

const MAIN = fileURLToPath(new URL("../../cli/main.ts", import.meta.url));
const VECTORS = fileURLToPath(new URL("../../../shared/vectors/", import.meta.url));

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const compiled = Deno.env.get("IKED_BIN");

/** `iked decode`; `IKED_BIN` names a compiled executable to run instead of the source. */
const COMMAND = compiled === undefined
  ? [Deno.execPath(), "run", "--quiet", "--no-lock", "--no-prompt", "--allow-read", MAIN, "decode"]
  : [compiled, "decode"];

/** Runs `iked decode ARGS`. */
async function decode(...args: readonly string[]): Promise<Outcome> {
  const [program, ...before] = COMMAND;
  const command = new Deno.Command(program!, { args: [...before, ...args], stdin: "null" });
  const { code, stdout, stderr } = await command.output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

// deno-lint-ignore no-explicit-any
type Json = any;

/** The objects that `--json` prints, and exit code 0 with nothing on stderr. */
async function objects(...args: readonly string[]): Promise<Json[]> {
  const { code, stdout, stderr } = await decode("--json", ...args);
  assert.deepEqual([code, stderr], [0, ""]);
  return stdout.trimEnd().split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
}

async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "iked-decode-" });
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

interface Keys {
  readonly file: string;
  readonly spi_i: string;
  readonly spi_r: string;
  readonly sk_ei: string;
  readonly sk_er: string;
  readonly encr: string;
  readonly sk_ai: string;
  readonly sk_ar: string;
  readonly integ: string;
  readonly expect_auth_data: string;
}

interface Decrypted {
  readonly file: string;
  readonly messages: readonly {
    readonly msg: number;
    readonly inner_payload_types: readonly number[];
    readonly auth_data: readonly string[];
  }[];
}

const TYPES: Readonly<Record<string, number>> = {
  SA: 33,
  IDi: 35,
  IDr: 36,
  AUTH: 39,
  N: 41,
  D: 42,
  TSi: 44,
  TSr: 45,
};

vectorTest(
  "iked decode: Wireshark's captures with its keys give what an independent decryption gave",
  () =>
    inFolder(async (folder) => {
      const all = readVectors<Keys[]>("pcap/wireshark/keys.json");
      const table = all.map((k) =>
        `${k.spi_i},${k.spi_r},${k.sk_ei},${k.sk_er},"${k.encr}",${k.sk_ai},${k.sk_ar},"${k.integ}"\n`
      );
      await Deno.writeTextFile(`${folder}/keys`, table.join(""));
      assert.equal(all.length, 4);
      for (const { file, expect_auth_data } of all) {
        const messages = await objects("--keys", `${folder}/keys`, `${VECTORS}pcap/wireshark/${file}`);
        const expected = readVectors<Decrypted[]>("pcap/wireshark/decrypted.json").find((one) =>
          one.file === file
        )!;
        for (const { msg, inner_payload_types, auth_data } of expected.messages) {
          const [sk, ...more] = messages[msg].payloads;
          assert.deepEqual([sk.type, more, sk.error], ["SK", [], undefined]);
          assert.deepEqual(sk.payloads.map(({ type }: Json) => TYPES[type]), inner_payload_types);
          const auths = sk.payloads.filter(({ type }: Json) => type === "AUTH");
          assert.deepEqual(auths.map(({ data }: Json) => data), auth_data);
        }
        const text = await decode("--keys", `${folder}/keys`, `${VECTORS}pcap/wireshark/${file}`);
        assert.ok(text.code === 0 && text.stdout.includes(expect_auth_data));
      }
    }),
);

vectorTest(
  "iked decode: tcpdump's secrets give IDi and AUTH, and its wrong ICV is told",
  () =>
    inFolder(async (folder) => {
      const secrets = new TextDecoder().decode(readVectorOctets("pcap/tcpdump/ikev2pI2-secrets.txt"));
      const [i, r] = secrets.trim().split("\n").map((line) =>
        line.match(/^ikev2 . 0x(\w+) 0x(\w+) sha1:0x(\w+) aes128:0x(\w+)$/)!
      );
      const names = ['"AES-CBC-128 [RFC3602]"', '"HMAC_SHA1_96 [RFC2404]"'];
      const line = [i![1], i![2], i![4], r![4], names[0], i![3], r![3], names[1]].join(",");
      await Deno.writeTextFile(`${folder}/keys`, line);
      const capture = `${VECTORS}pcap/tcpdump/ikev2pI2.pcap`;
      const [init, auth] = await objects("--keys", `${folder}/keys`, capture);
      assert.deepEqual(init.payloads.map(({ type }: Json) => type), ["SA", "KE", "Nonce", "V"]);
      assert.deepEqual([init.ispi, init.exchange, init.payloads[1].group], ["0001020304050607", 34, 5]);
      assert.equal(init.payloads[2].data, "b5ce8419095c6e2b6b62d3055305b3c4");
      const [sk] = auth.payloads;
      assert.deepEqual(sk.payloads.map(({ type, text }: Json) => [type, text]), [["IDi", "west"], [
        "AUTH",
        undefined,
      ]]);
      assert.equal(sk.payloads[1].data, "00".repeat(192));
      assert.deepEqual(sk.error, { octet: 272, message: "Integrity check value is wrong" });
      const { stdout } = await decode("--keys", `${folder}/keys`, capture);
      assert.match(stdout, /\n {2}SK \(critical\) 252 octets\n {4}IDi ID_FQDN "west"\n {4}AUTH RSA Digital/);
      assert.match(stdout, /\n {4}at octet 272: Integrity check value is wrong\n$/);
    }),
);

vectorTest("iked decode: the negotiation of zeek-plugin-ikev2 is that of its analyzer's log", async () => {
  const messages = await objects(`${VECTORS}pcap/zeek-plugin-ikev2/ikev2.pcap`);
  const [refused, accepted] = messages.filter(({ exchange, flags }) => exchange === 34 && flags.response);
  assert.deepEqual([refused.ispi, refused.rspi], ["46fd10006d11e258", "0000000000000000"]);
  assert.deepEqual(refused.payloads.map(({ name, group }: Json) => [name, group]), [[
    "INVALID_KE_PAYLOAD",
    15,
  ]]);
  assert.equal(accepted.rspi, "14633b5928660a90");
  // The log has the times of the requests.
  assert.deepEqual(
    messages.filter(({ exchange, flags }) => exchange === 34 && flags.initiator).map(({ time }) => time),
    ["2019-12-25T16:30:41.831979Z", "2019-12-25T16:30:41.930879Z"],
  );
  const [sa, ke] = accepted.payloads;
  assert.deepEqual(sa.proposals[0].transforms.map(({ name }: Json) => name), [
    "ENCR_AES_CBC",
    "AUTH_HMAC_SHA2_256_128",
    "PRF_AES128_XCBC",
    "3072-bit MODP Group",
  ]);
  assert.equal(ke.group, 15);
  const notifies = accepted.payloads.filter(({ type }: Json) => type === "N").map(({ name }: Json) => name);
  assert.deepEqual(notifies, [
    "NAT_DETECTION_SOURCE_IP",
    "NAT_DETECTION_DESTINATION_IP",
    "IKEV2_FRAGMENTATION_SUPPORTED",
    "SIGNATURE_HASH_ALGORITHMS",
    "CHILDLESS_IKEV2_SUPPORTED",
    "MULTIPLE_AUTH_SUPPORTED",
  ]);
});

vectorTest(
  "iked decode: every published capture is decoded with exit 0, IKEv1 with its version as the error",
  async () => {
    let messages = 0, older = 0;
    for (
      const folder of ["libreswan", "scapy", "tcpdump", "wireshark", "zeek-plugin-ikev2", "zeek-spicy-ipsec"]
    ) {
      for (const { name } of Deno.readDirSync(`${VECTORS}pcap/${folder}`)) {
        if (!/\.(pcap|pcapng|cap)$/.test(name)) continue;
        for (const message of await objects(`${VECTORS}pcap/${folder}/${name}`)) {
          if (message.frame === undefined) assert.ok(message.error.octet >= 0, name);
          else messages++;
          if (message.major === 1) {
            older++;
            assert.match(message.error.message, /^Version 1\.\d: only 2\.x is spoken here$/);
          }
        }
      }
    }
    assert.deepEqual([messages, older], [123, 59]);
  },
);

vectorTest(
  "iked decode --raw: the corpus of 1,600 damaged messages gives an object for each, exit 0",
  async () => {
    const index = new TextDecoder().decode(readVectorOctets("fuzz-ike/INDEX.tsv")).trimEnd().split("\n")
      .slice(1);
    const files = index.map((line) => `${VECTORS}fuzz-ike/${line.split("\t")[0]}`);
    const messages = await objects("--raw", ...files);
    assert.deepEqual(messages.map(({ frame }) => frame), files.map((_, at) => at + 1));
    assert.ok(messages.every(({ payloads, error }) => Array.isArray(payloads) && (error?.octet ?? 0) >= 0));
    assert.ok(messages.filter(({ error }) => error === undefined).length > 500);
    const text = await decode("--raw", ...files.slice(0, 200));
    assert.deepEqual([text.code, text.stderr], [0, ""]);
    assert.equal(text.stdout.split("\n").filter((line) => line.startsWith("/")).length, 200);
  },
);

const payloads: readonly Payload[] = [
  { type: "IDr", critical: false, idType: 2, data: new TextEncoder().encode("b.example.com") },
  { type: "CERT", critical: false, encoding: 4, data: new Uint8Array(2000).fill(0x30) },
  notifyPayload(NOTIFY.MOBIKE_SUPPORTED),
];

Deno.test("iked decode: SKF fragments in IP fragments are opened with the last one", () =>
  inFolder(async (folder) => {
    const sa = new SealedSa("AES-GCM-128 with 16 octet ICV [RFC5282]", "NONE [RFC4306]");
    const messages = sa.sealInFragments(header(1, true), payloads, 1200);
    const packets = messages.flatMap((message, index) => {
      const datagram = udp(4500, 4500, concat(new Uint8Array(4), message));
      const at = Math.min(800, 8 * Math.floor(datagram.length / 8));
      return [
        ipv4(datagram.subarray(0, at), { id: index, more: true }),
        ipv4(datagram.subarray(at), { id: index, offset: at }),
      ];
    });
    await Deno.writeFile(`${folder}/c.pcap`, pcapFile(101, packets));
    await Deno.writeTextFile(`${folder}/keys`, sa.line());
    const [first, second] = await objects(`${folder}/c.pcap`, "--keys", `${folder}/keys`);
    assert.deepEqual([first.frame, first.payloads[0].payloads], [2, undefined]);
    assert.equal(second.frame, 4);
    assert.deepEqual(second.payloads[0].payloads.map(({ type }: Json) => type), ["IDr", "CERT", "N"]);
    const { stdout } = await decode("--keys", `${folder}/keys`, `${folder}/c.pcap`);
    assert.match(stdout, /\n {4}decrypted: 1 of 2 fragments seen\n4 1970/);
    assert.match(stdout, /\n {4}N MOBIKE_SUPPORTED\n$/);
  }));

Deno.test("iked decode: a capture that is cut off gives what it has, then where it ends; exit 0", () =>
  inFolder(async (folder) => {
    const message = new SealedSa("NULL [RFC2410]", "NONE [RFC4306]").seal(header(1), payloads);
    const file = pcapFile(101, [ipv4(udp(500, 500, message)), ipv4(udp(500, 500, message))]);
    await Deno.writeFile(`${folder}/cut`, file.subarray(0, file.length - 1));
    const [whole, cut, end, ...more] = await objects(`${folder}/cut`);
    assert.deepEqual([whole.error, cut.frame, cut.error.message, more], [
      undefined,
      2,
      `Message of ${message.length} octets, ${message.length - 1} came`,
      [],
    ]);
    const octet = file.length - 1;
    assert.deepEqual(end, {
      error: { octet, message: `The file ends within a frame of ${message.length + 28} octets` },
    });
    const text = await decode(`${folder}/cut`);
    assert.equal(text.code, 0);
    assert.equal(text.stderr, `iked: ${folder}/cut: octet ${octet}: ${end.error.message}\n`);
    assert.match(text.stdout, /\n {2}malformed at octet \d+: Message of \d+ octets, \d+ came\n$/);
  }));

Deno.test("iked decode: what cannot be read at all is told on stderr, with --json on stdout too; exit 1", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/text`, "no capture");
    const cases: readonly [readonly string[], RegExp][] = [
      [[`${folder}/none`], /none: There is no such file$/],
      [[folder], /: .*directory/i],
      [[`${folder}/text`], /text: Neither pcap nor pcapng: another magic number is expected$/],
      [["--raw", `${folder}/none`], /none: There is no such file$/],
    ];
    for (const [args, message] of cases) {
      const text = await decode(...args);
      assert.deepEqual([text.code, text.stdout], [1, ""]);
      assert.match(text.stderr.trimEnd(), message);
      const json = await decode(...args, "--json");
      assert.equal(json.code, 1);
      const { error } = JSON.parse(json.stdout);
      assert.ok(error.octet === 0 && json.stderr.includes(error.message));
    }
    const some = await decode("--json", "--raw", `${folder}/none`, `${folder}/text`);
    assert.deepEqual([some.code, some.stdout.trimEnd().split("\n").length], [1, 2]);
  }));

Deno.test("iked decode: wrong arguments and faulty key tables are refused before a capture is opened, exit 1", () =>
  inFolder(async (folder) => {
    const usage = /\nusage: iked decode \[--json\] \[--keys FILE\] FILE\.pcap/;
    for (
      const [args, message] of [
        [[], /^iked: no file is named\n/],
        [["a", "b"], /^iked: superfluous argument: b\n/],
        [["--bogus", "a"], /^iked: unknown option: --bogus\n/],
        [["--json=1", "a"], /^iked: option --json takes no argument\n/],
        [["a", "--keys"], /^iked: option --keys needs an argument\n/],
      ] as const
    ) {
      const { code, stdout, stderr } = await decode(...args);
      assert.deepEqual([code, stdout], [1, ""]);
      assert.match(stderr, message);
      assert.match(stderr, usage);
    }
    await Deno.writeTextFile(`${folder}/keys`, "# table\nx\n1,2\n");
    const faulty = await decode("--keys", `${folder}/keys`, "/nonexistent");
    assert.equal(faulty.code, 1);
    assert.deepEqual(faulty.stderr.trimEnd().split("\n").map((line) => line.split(": error: ")[0]), [
      `${folder}/keys:2:1`,
      `${folder}/keys:3:1`,
    ]);
    const none = await decode("--keys", `${folder}/nothing`, "/nonexistent");
    assert.deepEqual([none.code, none.stderr], [1, `iked: ${folder}/nothing: There is no such file\n`]);
  }));

Deno.test("iked decode -: a capture comes from standard input, and a reader that leaves is no fault", async () => {
  const message = new SealedSa("NULL [RFC2410]", "NONE [RFC4306]").seal(header(1), payloads);
  const file = pcapFile(101, new Array<Uint8Array>(2000).fill(ipv4(udp(500, 500, message))));
  const child = new Deno.Command("sh", {
    args: ["-c", '"$@" | head -n 1', "sh", ...COMMAND, "-"],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(file).then(() => writer.close()).catch(() => {});
  const { stdout, stderr } = await child.output();
  assert.equal(new TextDecoder().decode(stderr), "");
  assert.match(
    new TextDecoder().decode(stdout),
    /^1 1970-01-01T00:00:00\.000000Z 192\.0\.2\.1:500 > 192\.0\.2\.2:500: IKE_AUTH/,
  );
});
