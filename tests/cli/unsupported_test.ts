import assert from "node:assert/strict";
import { configure, daemonTest, iked, IkedProcess, inFolder } from "./iked_process.ts";

const KEY = 'psk "kX3-vQ81-rTz7-Lm2p-Wd90"';
const WHOLE = `set fragmentation
user "test" "pass-W0rd-Lm2p" # iked: allow W008
ikev2 "old" ah transport \\
	from 10.0.0.1 to 192.0.2.9 \\
	tag "$name" peer 192.0.2.9 ${KEY}
`;
const LINE = ":1:5: error: fragmentation is not supported yet: this version sends no IKE fragments: " +
  "leave it out, or write nofragmentation";

Deno.test("iked -n accepts what the engine cannot do yet, and -nv prints it, with --mask without secrets", () =>
  inFolder(async (folder) => {
    const file = await configure(folder, WHOLE);
    assert.deepEqual(await iked("-n", "-f", file), { code: 0, stdout: "", stderr: "configuration OK\n" });
    const open = await iked("-nv", "-f", file), masked = await iked("-nv", "--mask", "-f", file);
    assert.match(open.stdout, /^user "test" "pass-W0rd-Lm2p"$/m);
    assert.match(masked.stdout, /^user "test" \(secret\)$/m);
    assert.match(masked.stdout, /psk \(secret\)/);
    assert.doesNotMatch(masked.stdout, /pass-W0rd|0x[0-9a-f]{8}/);
    assert.equal(
      open.stdout.replace('"pass-W0rd-Lm2p"', "(secret)").replace(/0x[0-9a-f]+/, "(secret)"),
      masked.stdout,
    );
  }));

Deno.test("iked -d does not start with it, and says in one line what it is and where", () =>
  inFolder(async (folder) => {
    const file = await configure(folder, WHOLE);
    const { code, stderr } = await iked("-d", "-K", "none", "-f", file, "--socket", `${folder}/iked.sock`);
    assert.deepEqual([code, stderr], [1, `iked: error: ${file}${LINE}\n`]);
    await assert.rejects(Deno.lstat(`${folder}/iked.sock`), Deno.errors.NotFound);
  }));

daemonTest("a reload refuses it with that line, and changes nothing", () =>
  inFolder(async (folder) => {
    const socket = `${folder}/iked.sock`;
    const file = await configure(folder, `ikev2 "one" from 10.0.0.1 to 10.0.0.2 peer 192.0.2.9 ${KEY}\n`);
    await using daemon = IkedProcess.start(["-d", "-K", "none", "-f", file, "--socket", socket]);
    await daemon.line(/^iked: ready$/);
    await configure(folder, WHOLE);
    const { code, stderr } = await iked("ctl", "-s", socket, "reload");
    assert.equal(code, 1);
    assert.ok(stderr.includes(`${file}${LINE}`), stderr);
    await configure(folder, `ikev2 "one" from 10.0.0.1 to 10.0.0.2 peer 192.0.2.9 ${KEY}\n`);
    assert.equal((await iked("ctl", "-s", socket, "reload")).code, 0);
  }));
