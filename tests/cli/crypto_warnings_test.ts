import assert from "node:assert/strict";
import { LIBCRYPTO_PATHS } from "../../ffi/libcrypto/library.ts";
import { CONFIGURATION, configure, IKED, inFolder } from "./iked_process.ts";

const libcrypto = LIBCRYPTO_PATHS.find((file) => {
  try {
    return Deno.statSync(file).isFile;
  } catch {
    return false;
  }
});
const skipped = libcrypto === undefined ? " [needs libcrypto.so.3]" : "";

/** What `iked -n` says of the example with these words in it; without OpenSSL's modules where asked. */
async function said(folder: string, words: string, modules = true): Promise<string> {
  const file = await configure(folder, CONFIGURATION.replace(" psk", ` ${words} psk`));
  const [command, ...args] = IKED;
  const env: Record<string, string> = modules ? {} : { OPENSSL_MODULES: "/nonexistent" };
  const output = await new Deno.Command(command!, { args: [...args, "-n", "-f", file], env }).output();
  assert.equal(output.code, 0);
  const stderr = new TextDecoder().decode(output.stderr);
  assert.match(stderr, /configuration OK\n$/);
  return stderr;
}

Deno.test(
  `iked -n: an algorithm that is configured and not there is named, with what would have it${skipped}`,
  {
    ignore: libcrypto === undefined,
  },
  () =>
    inFolder(async (folder) => {
      const warning = /iked: warning: configured, but not there on this host, .*: (.*)\n/;
      const without = await said(folder, "childsa enc blowfish auth hmac-sha1", false);
      assert.equal(without.match(warning)?.[1], "blowfish (it is in OpenSSL's legacy module)");
      const group = await said(folder, "ikesa enc aes-128 auth hmac-sha1 group sntrup761x25519");
      assert.equal(group.match(warning)?.[1], "sntrup761x25519 (iked has it not yet)");
      const known = await said(folder, "ikesa enc aes-128 auth hmac-sha1 group ec155");
      assert.doesNotMatch(known, /not there/);
      assert.doesNotMatch(await said(folder, "", false), /warning/);
    }),
);
