import assert from "node:assert/strict";
import fc from "fast-check";
import { parseAddress } from "../../../src/ip/mod.ts";
import { createLookup } from "../../../src/policy/mod.ts";
import { explain, type Explanation, printExplanation } from "../../../src/config/explain/mod.ts";
import {
  compile,
  type Compiled,
  Diagnostics,
  formatDiagnostic,
  parse,
  Source,
} from "../../../src/config/mod.ts";
import { assertGolden } from "../../support/golden.ts";
import { makeSentence } from "../../man/ebnf.ts";
import { makerOf } from "../../man/sentences.ts";
import { createRng } from "../../support/rng.ts";
import { readVectorOctets, vectorTest } from "../../support/vectors.ts";
import { environment, octetsOf } from "../support.ts";

/** Every name has an address, as on the host of the vectors. */
const everyName = { ...environment, addressesOf: () => [parseAddress("192.0.2.1")!] };

function explained(
  file: string | Uint8Array,
  name = "iked.conf",
): { readonly explanation: Explanation; readonly compiled: Compiled } {
  const diagnostics = new Diagnostics();
  const context = { macros: new Map<string, string>(), include: () => "no" };
  const { tree } = parse(new Source(name, octetsOf(file)), context, diagnostics);
  const compiled = compile(tree, everyName, diagnostics);
  assert.ok(compiled !== undefined, diagnostics.finish().map(formatDiagnostic).join("\n"));
  return { explanation: explain(tree, compiled), compiled };
}

/** Everything that is said, with its line. */
function said(file: string | Uint8Array): string[] {
  const { settings, policies, unsupported } = explained(file).explanation;
  return [...settings, ...policies.flatMap(({ sentences }) => sentences), ...unsupported]
    .map(({ text, where }) => where === undefined ? text : `${where.line}: ${text}`);
}

/** The examples of the README, by name. */
function readmeExamples(): Map<string, string> {
  const readme = Deno.readTextFileSync(new URL("../../../README.md", import.meta.url));
  const found = readme.matchAll(/<!-- example: (\w+) -->\n```\n([^]*?)```/g);
  return new Map(Array.from(found, ([, name, text]) => [name!, text!]));
}

for (const name of ["left", "right"]) {
  Deno.test(`explain: the README's example "${name}" reads as in the golden file`, async () => {
    await assertGolden(
      `explain_${name}`,
      printExplanation(explained(readmeExamples().get(name)!).explanation),
    );
  });
}

for (const name of ["gateway", "ports"]) {
  Deno.test(`explain: the manual's example "${name}" reads as in the golden file`, async () => {
    const file = await Deno.readFile(new URL(`../../data/explain/${name}.conf`, import.meta.url));
    await assertGolden(`explain_${name}`, printExplanation(explained(file, `${name}.conf`).explanation));
  });
}

/** Published files, and some of what has to be said of each. */
const VECTORS: Readonly<Record<string, readonly string[]>> = {
  "gcp-vpn-bgp.conf": [
    "10: Both prove it with the same pre-shared key",
    "1: We begin, as soon as the daemon is ready, and again whenever it is down",
    "3: Protects (ESP, in a tunnel) what goes between 172.16.10.0/24 here and 10.0.8.0/23 at the peer",
  ],
  "libreswan-02-iked-initiator-west.conf": [
    "3: We begin, as soon as the daemon is ready, and again whenever it is down",
    '11: Packets bear the tag "IKED", which is mark 0x42b82967',
  ],
  "cloudy-router.conf": ["The peer is at any address", "6: Packets are compressed (IPComp)"],
  "faq-responder-eap-android.conf": [
    "1: Users that may authenticate by EAP: 1",
    "3: Protects (ESP, in a tunnel) what goes between ::/0 here and the leased address at the peer",
    "7: Gives the peer address 10.0.5.0/24",
  ],
  "faq-roadwarrior.conf": [
    "6: Asks the peer for address (any, of IPv4)",
    "7: What the peer gives goes to interface lo1",
  ],
  "faq-server1-rsa.conf": ["1: The peer begins; we do when a packet of ours needs it"],
  "man-quick-catch-all.conf": [
    "4: The peer is at any address",
    'Where it matches a peer together with others, it gives way to "policy1", "subnet", "policy4", "policy5" (the last ' +
    "one in the file is taken, unless one is quick)",
  ],
  "man-win7.conf": ["7: Gives the peer address 172.16.2.1", '8: Packets bear the tag "$name-$id"'],
  "ryanakca-dotfiles.conf": ["4: We say that we are /CN=asteria.rak.ac"],
  "taglio-main-5437d.conf": [
    "13: Protects (ESP, in transport mode) what goes between 78.141.201.0[gre] here and 81.44.32.47[gre] at the peer",
  ],
  "vps-responder-eap.conf": ["15: Gives the peer protected-subnet 0.0.0.0/0"],
};

for (const [file, expected] of Object.entries(VECTORS)) {
  vectorTest(`explain: ${file} is explained, each sentence with its line`, () => {
    const all = said(readVectorOctets(`iked-conf/${file}`));
    for (const one of expected) assert.ok(all.includes(one), `"${one}" is not said:\n${all.join("\n")}`);
  });
}

const FLOW = "from 10.0.0.0/24 to 10.1.0.0/24";

Deno.test("explain: no key or password is in it, as text or as JSON", () => {
  const file =
    `user "someone" "opensesame"\nkey = "hunter2hunter2"\nikev2 ${FLOW} peer 192.0.2.9 psk $key\n` +
    `ikev2 ${FLOW} peer 192.0.2.8 psk 0x68756e74657232\n`;
  const { explanation } = explained(file);
  for (const text of [printExplanation(explanation), JSON.stringify(explanation)]) {
    assert.ok(!/opensesame|hunter2|68756e74657232/.test(text), text);
  }
});

Deno.test("explain: every valid policy of the language is explained, with its name and all of its flows", () => {
  const rng = createRng(20_261_125);
  let explained = 0;
  for (let i = 0; i < 3000; i++) {
    const words = makeSentence(makerOf(rng), "policy").map(({ text }) => text);
    const file = `${words.toSpliced(1, 0, `"p${i}"`).join(" ")}\n`;
    const diagnostics = new Diagnostics();
    const context = {
      macros: new Map<string, string>(),
      include: () => "no",
      readKey: () => octetsOf("00112233"),
    };
    const { tree } = parse(new Source("iked.conf", octetsOf(file)), context, diagnostics);
    const compiled = compile(tree, everyName, diagnostics);
    if (compiled === undefined) continue;
    explained++;
    const explanation = explain(tree, compiled), [policy] = explanation.policies;
    assert.equal(policy!.name, `p${i}`);
    const flows = policy!.sentences.filter(({ topic }) => topic === "traffic");
    assert.equal(flows.length, compiled.configuration.policies[0]!.flows.length, file);
    assert.ok(!/undefined|NaN|\[object/.test(printExplanation(explanation)), file);
  }
  assert.ok(explained > 30, String(explained));
});

Deno.test("explain: who begins depends on the mode, on the peer and on set passive", () => {
  const begin = (file: string) => said(file).filter((one) => /begin/i.test(one)).at(-1);
  assert.match(begin(`ikev2 active ${FLOW} peer 192.0.2.9 psk x`)!, /^1: We begin, as soon as/);
  assert.match(begin(`ikev2 ${FLOW} peer 192.0.2.9 psk x`)!, /^The peer begins; we do when a packet/);
  assert.match(begin(`ikev2 ${FLOW} peer 192.0.2.0/24 psk x`)!, /^The peer begins: we cannot/);
  assert.match(
    begin(`set passive\nikev2 active ${FLOW} peer 192.0.2.9 psk x`)!,
    /^2: Nobody but the peer begins/,
  );
});

Deno.test("explain: traffic is held back before the tunnel is up, unless nothing is ever protected", () => {
  const policy = `ikev2 ${FLOW} peer 192.0.2.9 psk x`;
  assert.ok(said(policy).some((one) => one.startsWith("Until it is up, packets of ours")));
  for (const set of ["set decouple", "set datapath none"]) {
    assert.ok(
      said(`${set}\n${policy}`).some((one) => one.startsWith("Nothing is protected, up or not")),
      set,
    );
  }
});

Deno.test("explain: the weakest algorithm that may be agreed on is named, with its strength", () => {
  const policy = (block: string) => `ikev2 ${FLOW} peer 192.0.2.9 ${block} psk x`;
  const has = (block: string, text: string) => {
    const all = said(policy(block));
    assert.ok(all.some((one) => one.includes(text)), `"${text}" is not said of ${block}:\n${all.join("\n")}`);
  };
  has("ikesa enc aes-256-gcm group modp2048", "The weakest of it is modp2048, about 110 bits of strength");
  has("ikesa enc aes-128-gcm group ecp521", "The weakest of it is aes-128-gcm, about 128 bits of strength");
  has("ikesa enc 3des auth hmac-md5 group modp1024", "Insecure: 3des, hmac-md5, modp1024");
  has("childsa enc null auth hmac-sha2-256", "With null nothing is encrypted");
  has("childsa enc aes-128-gcm group curve25519", "with a key exchange of their own (forward secrecy)");
  has("lifetime 1h bytes 0 ikelifetime 90", "Keys of traffic are replaced before 1 hour have passed");
  has("lifetime 1h bytes 0 ikelifetime 90", "the IKE SA's before 1 minute 30 seconds have passed");
});

const evaluations = fc.array(fc.constantFrom("", "quick", "skip", "default"), { minLength: 1, maxLength: 6 });

Deno.test("explain: the policy that lookup takes gives way to no other, and all others give way to it", () => {
  fc.assert(
    fc.property(evaluations, (list) => {
      const file = list.map((evaluation, at) =>
        `ikev2 "p${at}" ${evaluation} ${FLOW} peer ${at % 2 === 0 ? "192.0.2.9" : "192.0.2.0/24"} psk x\n`
      ).join("");
      const { explanation, compiled } = explained(file);
      const host = parseAddress("192.0.2.9")!;
      const taken = createLookup(compiled.configuration.policies).incoming({ local: host, peer: host });
      for (const { name, sentences } of explanation.policies) {
        const text = sentences.find(({ topic }) => topic === "precedence")!.text;
        const skipped = text.includes("(skip)");
        if (name === taken?.name) assert.ok(!text.includes("gives way"), text);
        else if (!skipped) assert.match(text, new RegExp(`gives way to [^,]*.*"${taken!.name}"`));
      }
    }),
  );
});

Deno.test("explain: many policies for one peer are compared with few others each, and the nearest are named", () => {
  const lines = Array.from({ length: 2000 }, (_, i) => `ikev2 "p${i}" ${FLOW} peer 192.0.2.9 psk x`);
  const { explanation } = explained(lines.join("\n"));
  const text = explanation.policies[1000]!.sentences.at(-1)!.text;
  assert.match(text, /gives way to "p1001", .* and 8 or more others, and comes before "p984"/);
});

Deno.test("explain: where not all policies could be compared, nothing is claimed of them", () => {
  const lines = Array.from(
    { length: 3000 },
    (_, i) => `ikev2 "p${i}" ${FLOW} peer 10.${i >> 8}.${i & 255}.0/24 psk x`,
  );
  const texts = explained(lines.join("\n")).explanation.policies.map(({ sentences }) =>
    sentences.at(-1)!.text
  );
  assert.equal(texts[0], "No other policy is for the same peers");
  assert.match(texts[2999]!, /^Which other policies are for the same peers was not found out/);
});
