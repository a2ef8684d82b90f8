import assert from "node:assert/strict";
import { childNeeds, lackAsDiagnostic } from "../../cli/daemon/child_needs.ts";
import { capableChoices, datapathChoices } from "../../cli/daemon/datapath_choice.ts";
import { encrAlgorithm, integAlgorithm } from "../../src/crypto/algorithms.ts";
import { readGood } from "../config/support.ts";

const place = { file: "iked.conf", line: 3, column: 5 };

Deno.test("datapathChoices: -K wins over set datapath; without either xfrm comes before userland", () => {
  const names = (...asked: Parameters<typeof datapathChoices>) =>
    datapathChoices(...asked).map(({ datapath, reason }) => `${datapath}: ${reason}`);
  assert.deepEqual(names("none", "userland"), ["none: -K none"]);
  assert.deepEqual(names(undefined, "userland"), ["userland: set datapath userland"]);
  assert.deepEqual(names("pfkey", undefined), ["pfkey: -K pfkey"]);
  const both = names(undefined, undefined);
  assert.deepEqual([both.length, both[0]!.split(":")[0], both[1]!.split(":")[0]], [2, "xfrm", "userland"]);
});

Deno.test("capableChoices: what one data path cannot do is the reason for the other, and said where that does not work", () => {
  const choices = datapathChoices(undefined, undefined);

  assert.deepEqual(capableChoices(choices, []), { datapaths: choices, otherwise: "" });
  const reason =
    "ah does not work with the data path userland: it does ESP alone: use -K xfrm, or write esp " +
    "(iked.conf:3:5)";
  assert.deepEqual(capableChoices(choices, [{ feature: "ah", where: place }]), {
    datapaths: [{ datapath: "xfrm", reason }],
    otherwise: `; ${reason}`,
  });
  // No data path can do it: nothing is left to try.
  assert.deepEqual(capableChoices(choices, [{ feature: "eap", where: place }]).datapaths, []);
});

Deno.test("capableChoices: who asks for the kernel is told of userland only where that can do the same", () => {
  const asked = [{ datapath: "xfrm", reason: "-K xfrm" }] as const;
  assert.deepEqual(capableChoices(asked, []), { datapaths: asked, otherwise: ", or use -K userland" });
  assert.equal(capableChoices(asked, [{ feature: "ah", where: place }]).otherwise, "");
  assert.equal(capableChoices([{ datapath: "userland", reason: "-K userland" }], []).otherwise, "");
});

function needs(text: string) {
  return childNeeds(readGood(text).configuration);
}

Deno.test("childNeeds: each cipher, integrity algorithm and outer family of a configuration once", () => {
  const flow = "from 10.1.0.0/16 to 10.2.0.0/16", key = 'psk "an example of 32 characters long"';
  const words = (text: string) =>
    needs(text).map(({ need: { suite, family } }) => {
      const cipher = suite.encr === undefined ? "-" : encrAlgorithm(suite.encr)!.names[0];
      const mac = suite.integ === undefined ? "-" : integAlgorithm(suite.integ)!.names[0];
      return `IPv${family} ${cipher} ${mac}${suite.esn ? " esn" : ""}`;
    });
  const one = `ikev2 esp ${flow} peer 192.0.2.1 childsa enc aes-256-gcm noesn ${key}\n`;
  assert.deepEqual(words(one), ["IPv4 aes-256-gcm -"]);
  assert.deepEqual(words(one + one.replace("192.0.2.1", "192.0.2.7")), ["IPv4 aes-256-gcm -"]);
  assert.deepEqual(words(one.replace("192.0.2.1", "2001:db8::1")), ["IPv6 aes-256-gcm -"]);
  assert.deepEqual(words(one.replace("192.0.2.1", "any")), ["IPv4 aes-256-gcm -", "IPv6 aes-256-gcm -"]);
  assert.deepEqual(
    words(
      one.replace(
        "enc aes-256-gcm noesn",
        "enc aes-128 enc cast auth hmac-sha1 auth hmac-sha2-256 auth hmac-md5 esn",
      ),
    ),
    ["IPv4 aes-128 hmac-sha1 esn", "IPv4 cast hmac-sha2-256 esn", "IPv4 cast hmac-md5 esn"],
  );
  // The default proposals: two AEADs, three ciphers of one mode, and what authenticates them.
  const standard = words(one.replace("childsa enc aes-256-gcm noesn", ""));
  assert.ok(standard.length <= 8, standard.join(", "));
  for (const name of ["aes-128-gcm", "aes-192 ", "hmac-sha2-512", "hmac-sha1"]) {
    assert.ok(standard.some((text) => text.includes(name)), name);
  }
});

Deno.test("lackAsDiagnostic: names the policy, its place, and what the data path cannot do", () => {
  const of = needs(
    'ikev2 "site" esp from 10.1.0.0/16 to 10.2.0.0/16 peer 192.0.2.1 psk "an example of 32 characters long"\n',
  );
  const { message, where, severity } = lackAsDiagnostic("xfrm", { at: 1, message: "no module" }, of);
  assert.deepEqual([severity, message, where?.line], [
    "error",
    'the data path xfrm cannot do Child SAs of "site": no module',
    1,
  ]);
});
