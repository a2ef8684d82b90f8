import assert from "node:assert/strict";
import { parseAddress } from "../../src/ip/mod.ts";
import { formatSelector } from "../../src/selector/mod.ts";
import { readVectorOctets, vectorTest } from "../support/vectors.ts";
import { environment, read } from "./support.ts";

/** Every name has an address, as on the host of the vectors. */
const everyName = { ...environment, addressesOf: () => [parseAddress("192.0.2.1")!] };

/**
 * Real files, and what this version says of each: the flows of its policies, or all its errors. OpenIKED 7.2 accepts
 * all but course-site-b.conf; the others fail here for what is not supported yet, and say so.
 */
const EXPECTED: Readonly<Record<string, { flows: readonly string[] } | { errors: readonly string[] }>> = {
  "gcp-vpn-bgp.conf": {
    flows: ["169.254.149.90 169.254.149.89", "172.16.10.0/24 10.0.8.0/23"],
  },
  "libreswan-02-iked-initiator-west.conf": {
    errors: ['11:1: "tag" is not supported yet (this version marks no packets)'],
  },
  "cloudy-router.conf": { errors: ['6:24: "ipcomp" is not supported yet (this version does not compress)'] },
  "course-site-b.conf": { errors: ['6:5: "enc" belongs behind "ikesa" or "childsa"'] },
  "faq-responder-eap-android.conf": {
    errors: [
      '1:1: "user" is not supported yet (this version does PSK only)',
      '3:21: "dynamic" is not supported yet (this version assigns no addresses)',
    ],
  },
  "faq-roadwarrior.conf": {
    errors: ['2:14: "dynamic" is not supported yet (this version assigns no addresses)'],
  },
  "faq-server1-rsa.conf": {
    errors: [
      "1:1: this policy has no psk, and other ways to authenticate are not supported yet (this version does PSK only)",
    ],
  },
  "man-quick-catch-all.conf": {
    errors: [1, 3, 5, 7, 8].map((line) =>
      `${line}:1: this policy has no psk, and other ways to authenticate are not supported yet (this version does PSK only)`
    ),
  },
  "man-win7.conf": {
    errors: [
      '1:1: "user" is not supported yet (this version does PSK only)',
      '4:7: "dynamic" is not supported yet (this version assigns no addresses)',
    ],
  },
  "ryanakca-dotfiles.conf": {
    errors: [2, 10].map((line) =>
      `${line}:14: "dynamic" is not supported yet (this version assigns no addresses)`
    ),
  },
  "taglio-main-5437d.conf": {
    errors: ["2:36", "11:44", "20:36", "29:36"].map((place) =>
      `${place}: "transport" is not supported yet (this version does tunnel mode only)`
    ),
  },
  "vps-responder-eap.conf": {
    errors: [
      '5:1: "user" is not supported yet (this version does PSK only)',
      '14:5: "eap" is not supported yet (this version does PSK only)',
    ],
  },
};

for (const [file, expected] of Object.entries(EXPECTED)) {
  const verdict = "flows" in expected ? "is understood" : "is refused for what it asks that is not there yet";
  vectorTest(`${file} ${verdict}`, () => {
    const { compiled, diagnostics } = read(readVectorOctets(`iked-conf/${file}`), { environment: everyName });
    const errors = diagnostics.filter((one) => one.severity === "error")
      .map(({ where, message }) => `${where!.line}:${where!.column}: ${message}`);
    if ("errors" in expected) assert.deepEqual(errors, expected.errors);
    else {
      assert.deepEqual(errors, []);
      const flows = compiled!.configuration.policies.flatMap((policy) =>
        policy.flows.map(({ local, remote }) => `${formatSelector(local)} ${formatSelector(remote)}`)
      );
      assert.deepEqual(flows, expected.flows);
    }
  });
}

/** What of those files a PSK policy can have: their statements, with the unsupported part taken out. */
vectorTest("the files that fail for one clause are understood without it", () => {
  const cases: readonly (readonly [file: string, from: RegExp, to: string, flows: number])[] = [
    ["libreswan-02-iked-initiator-west.conf", /\\\ntag IKED/, "", 3],
    ["cloudy-router.conf", /ipcomp/, "psk x", 1],
    ["faq-server1-rsa.conf", /passive/, "passive psk x", 1],
  ];
  for (const [file, from, to, flows] of cases) {
    const text = new TextDecoder().decode(readVectorOctets(`iked-conf/${file}`));
    const { compiled, text: said } = read(text.replace(from, to), { environment: everyName });
    assert.equal(compiled?.configuration.policies[0]?.flows.length, flows, said);
  }
});
