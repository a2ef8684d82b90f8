import assert from "node:assert/strict";
import { ERRNO, explain } from "../../../src/datapath/kernel/failure.ts";

const WANTS = {
  protocol: "esp",
  algorithms: "cbc(cast5): module cast5_generic (CONFIG_CRYPTO_CAST5)",
  module: "xfrm_user (CONFIG_XFRM_USER)",
} as const;

/** What is said of each errno that Linux answers to requests for SAs, policies and SPIs. */
const SAYS: Readonly<Record<keyof typeof ERRNO, RegExp | undefined>> = {
  EPERM: /this needs root or CAP_NET_ADMIN$/,
  ENOENT: /lacks an algorithm: load cbc\(cast5\): module cast5_generic \(CONFIG_CRYPTO_CAST5\)$/,
  ENOSYS: /lacks an algorithm: load cbc\(cast5\): module cast5_generic \(CONFIG_CRYPTO_CAST5\)$/,
  ELIBBAD: /is not allowed \(fips=1\) or failed the kernel's own test: cbc\(cast5\)/,
  ENOKEY: /refuses this key as a weak one/,
  EKEYREJECTED: /refuses this key as a weak one/,
  EINVAL: /does not take this key length, ICV, window or mode with cbc\(cast5\)/,
  EPROTONOSUPPORT: /lacks ESP: load the modules esp4 and esp6 \(CONFIG_INET_ESP, CONFIG_INET6_ESP\)$/,
  ENOPROTOOPT: /lacks a part of XFRM \(CONFIG_XFRM_SUB_POLICY, CONFIG_XFRM_MIGRATE/,
  EAFNOSUPPORT: /lacks this address family for IPsec \(CONFIG_IPV6\)$/,
  ENOMEM: /no memory left/,
  ENOBUFS: /no memory left/,
  ECONNREFUSED: /load the module xfrm_user \(CONFIG_XFRM_USER\)$/,
  EOPNOTSUPP: /load the module xfrm_user \(CONFIG_XFRM_USER\)$/,
  ESRCH: undefined,
  EEXIST: undefined,
};

for (const [name, says] of Object.entries(SAYS)) {
  const errno = ERRNO[name as keyof typeof ERRNO];
  Deno.test(`kernel: ${name} is told as ${says === undefined ? "it is" : "what is missing"}`, () => {
    const { code, message } = explain({ errno, message: "Cannot install an IPsec SA" }, WANTS);
    if (says === undefined) {
      assert.deepEqual([code, message], [
        name === "EEXIST" ? "spi-in-use" : "failed",
        "Cannot install an IPsec SA",
      ]);
    } else {
      assert.equal(code, "unsupported");
      assert.match(message, says);
      assert.match(message, /^Cannot install an IPsec SA: /);
    }
  });
}

Deno.test("kernel: AH and IPComp that the kernel lacks are told with their modules", () => {
  const told = (protocol: "ah" | "ipcomp") =>
    explain({ errno: ERRNO.EPROTONOSUPPORT, message: "x" }, { ...WANTS, protocol }).message;
  assert.match(told("ah"), /lacks AH: load the modules ah4 and ah6 \(CONFIG_INET_AH, CONFIG_INET6_AH\)$/);
  assert.match(told("ipcomp"), /lacks IPComp: load the modules ipcomp and ipcomp6/);
});
