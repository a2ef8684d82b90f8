import assert from "node:assert/strict";
import { join } from "node:path";
import { installedCertificates } from "../../../cli/config/certificates.ts";
import { groupId, hosts, protocols, services } from "../../../cli/config/databases.ts";
import { loadConfiguration, parseMacro } from "../../../cli/config/mod.ts";
import { resolveNames } from "../../../cli/config/names.ts";
import { includePath, ownershipFault } from "../../../cli/config/read_file.ts";
import { formatAddress } from "../../../src/ip/mod.ts";
import { formatDiagnostic } from "../../../src/config/mod.ts";
import { CERTIFICATE_DER, CERTIFICATE_PEM } from "../../support/certificate.ts";

const POLICY = 'ikev2 "a" from 10.0.0.1 to 10.0.0.2 psk "key" # iked: allow W017\n';

interface FileSpec {
  readonly text: string;
  readonly mode?: number;
}

/** Files in a folder of their own, for the time of one test. */
async function withFiles(
  files: Readonly<Record<string, string | FileSpec>>,
  run: (folder: string) => void | Promise<void>,
): Promise<void> {
  const folder = Deno.makeTempDirSync({ prefix: "iked-config-" });
  try {
    for (const [name, spec] of Object.entries(files)) {
      const { text, mode } = typeof spec === "string" ? { text: spec, mode: 0o600 } : spec;
      const path = join(folder, name);
      Deno.mkdirSync(join(path, ".."), { recursive: true });
      Deno.writeTextFileSync(path, text);
      Deno.chmodSync(path, mode ?? 0o600);
    }
    await run(folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

/** What is said of a file, with the folder taken out of it. */
async function said(folder: string, name: string): Promise<string> {
  const { diagnostics } = await loadConfiguration({ file: join(folder, name) });
  return diagnostics.map(formatDiagnostic).join("\n").replaceAll(`${folder}/`, "");
}

Deno.test("a file belongs to root or the caller, others have nothing, the group reads only as the daemon's", () => {
  const fault = (uid: number, gid: number, mode: number) =>
    ownershipFault({ uid, gid, mode: 0o100000 | mode }, 1000, 77);
  assert.equal(fault(0, 0, 0o600), undefined);
  assert.equal(fault(1000, 5, 0o400), undefined);
  assert.equal(fault(0, 77, 0o640), undefined);
  assert.match(fault(1001, 5, 0o600)!, /belongs to uid 1001/);
  assert.match(fault(0, 0, 0o604)!, /others have access to it \(mode 0604\)/);
  assert.match(fault(0, 0, 0o602)!, /others have access/);
  assert.match(fault(0, 0, 0o601)!, /others have access/);
  assert.match(fault(0, 77, 0o660)!, /its group can write it \(mode 0660\)/);
  assert.match(fault(0, 5, 0o640)!, /its group can read it and is not _iked/);
  assert.match(ownershipFault({ uid: 0, gid: 5, mode: 0o640 }, 0, undefined)!, /its group can read it/);
});

Deno.test("a good file is loaded, its key as octets", async () => {
  await withFiles({ "iked.conf": POLICY }, async (folder) => {
    const loaded = await loadConfiguration({ file: join(folder, "iked.conf"), passive: true, natt: "force" });
    assert.ok(loaded.ok);
    assert.deepEqual(loaded.diagnostics, []);
    assert.equal(loaded.configuration.policies[0]!.name, "a");
    assert.deepEqual([loaded.configuration.globals.active, loaded.configuration.globals.natt], [
      false,
      "force",
    ]);
    assert.equal(new TextDecoder().decode(loaded.secrets[0]!.octets), "key");
  });
});

Deno.test("certificates in certs/ are looked at for the srcid of policies that sign", async () => {
  const policy = (rest: string) => `ikev2 "a" from 10.0.0.1 to 10.0.0.2 srcid gw.example.con ${rest}\n`;
  const files = {
    "rsa.conf": policy("rsa"),
    "psk.conf": policy("psk 0x8f3a1c5d7e9b2046f1d3c5a79b8e6042"),
    "dir/certs/gw.crt": `a comment\n${CERTIFICATE_PEM}${CERTIFICATE_PEM}`,
    "dir/certs/README": "no certificate",
    "dir/certs/folder/x": "",
  };
  await withFiles(files, async (folder) => {
    Deno.writeFileSync(join(folder, "dir/certs/gw.der"), CERTIFICATE_DER);
    const directory = join(folder, "dir");
    assert.deepEqual(installedCertificates(directory).map((one) => one.file), ["gw.crt", "gw.crt", "gw.der"]);
    assert.deepEqual(installedCertificates(join(folder, "none")), []);
    const codes = async (name: string, more: { directory?: string }) => {
      const { diagnostics } = await loadConfiguration({ file: join(folder, name), ...more });
      return diagnostics.map((one) => `${one.code} ${one.suggestion}`);
    };
    assert.deepEqual(await codes("rsa.conf", { directory }), ["W018 gw.example.com"]);
    assert.deepEqual(await codes("rsa.conf", { directory: join(folder, "none") }), []);
    assert.deepEqual(await codes("rsa.conf", {}), []);
    assert.deepEqual(await codes("psk.conf", { directory }), []);
  });
});

Deno.test("a file with the wrong mode, a folder and a missing file are refused in one line", async () => {
  await withFiles({ "open.conf": { text: POLICY, mode: 0o644 }, "folder/x": "" }, async (folder) => {
    assert.equal(
      await said(folder, "open.conf"),
      "open.conf:1:1: error: cannot use this file: others have access to it (mode 0644): chmod 0600",
    );
    assert.equal(await said(folder, "folder"), "folder:1:1: error: cannot use this file: it is a directory");
    assert.equal(await said(folder, "none"), "none:1:1: error: cannot use this file: there is no such file");
  });
});

Deno.test("includes are relative to the file they stand in, and pass the same checks", async () => {
  const files = {
    "iked.conf": 'include "d/macros"\nikev2 "a" from $net to 10.0.0.2 psk "visibly an example"\n',
    "d/macros": 'include "more"\n',
    "d/more": "net = 10.1.0.0/16\n",
    "bad.conf": 'include "open"\n',
    open: { text: "net = 10.1.0.0/16\n", mode: 0o640 },
  };
  await withFiles(files, async (folder) => {
    Deno.chmodSync(join(folder, "open"), 0o666);
    assert.equal(await said(folder, "iked.conf"), "");
    assert.equal(
      await said(folder, "bad.conf"),
      `bad.conf:1:9: error: cannot include "open": others have access to it (mode 0666): chmod 0600
include "open"
        ^`,
    );
  });
  assert.equal(includePath("/etc/x", "/a/b"), "/etc/x");
  assert.equal(includePath("x", "/a/b"), "/a/x");
  assert.equal(includePath("x", "stdin"), "x");
});

Deno.test("files that include each other, also by another name, are refused where the circle closes", async () => {
  await withFiles({ "a.conf": 'include "b.conf"\n', "b.conf": '\ninclude "link"\n' }, async (folder) => {
    Deno.symlinkSync(join(folder, "a.conf"), join(folder, "link"));
    assert.equal(
      await said(folder, "a.conf"),
      `b.conf:2:9: error: cannot include "link": it is being read already: files include each other
include "link"
        ^`,
    );
  });
});

Deno.test("names in the file are looked up: interfaces, /etc/protocols, /etc/services, /etc/hosts", async () => {
  const lists = {
    protocols: "# comment\nip\t0\tIP\ntcp 6 TCP # transmission control\nbroken\nudplite\t136\tUDPLite\n",
    services: "telnet 23/tcp\ndomain 53/tcp\ndomain 53/udp dns\nx bad/tcp\n",
    hosts: "192.0.2.1 gw.example.com gw\n2001:db8::1\tGW.example.com # v6\nbroken gw\n",
    group: "root:x:0:\n_iked:x:77:a,b\n",
  };
  await withFiles(lists, (folder) => {
    const protocol = protocols(join(folder, "protocols"));
    assert.deepEqual(["tcp", "udplite", "broken", "none"].map(protocol), [6, 136, undefined, undefined]);
    const service = services(join(folder, "services"));
    assert.deepEqual([service("domain", 17), service("dns", 17), service("dns", 6), service("x", 6)], [
      53,
      53,
      undefined,
      undefined,
    ]);
    assert.deepEqual(hosts(join(folder, "hosts"))("gw.example.com")?.map(formatAddress), [
      "192.0.2.1",
      "2001:db8::1",
    ]);
    assert.equal(groupId("_iked", join(folder, "group")), 77);
    assert.equal(groupId("nobody", join(folder, "group")), undefined);
    assert.equal(protocols(join(folder, "missing"))("tcp"), undefined);
  });
  const [own] = Deno.networkInterfaces().filter((one) => one.family === "IPv4");
  const resolved = await resolveNames([own!.name], 1000);
  assert.ok(resolved.get(own!.name)?.addresses.map(formatAddress).includes(own!.address));
});

Deno.test("-D takes NAME=VALUE", () => {
  assert.deepEqual(parseMacro("gw=192.0.2.1"), ["gw", "192.0.2.1"]);
  assert.deepEqual(parseMacro("a=b = c\nd"), ["a", "b = c\nd"]);
  for (const wrong of ["gw", "=x", "a-b=c", ""]) assert.equal(parseMacro(wrong), undefined);
});

Deno.test("the standard input is read as well, and permissions beyond read and sys are not needed", async () => {
  const script = `import { loadConfiguration } from ${
    JSON.stringify(new URL("../../../cli/config/mod.ts", import.meta.url))
  };
const loaded = await loadConfiguration({ file: "-", macros: new Map([["key", "visibly an example"]]) });
console.log(JSON.stringify([loaded.ok, loaded.diagnostics, loaded.ok && loaded.configuration.policies.length]));`;
  await withFiles({ "script.ts": script }, async (folder) => {
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--no-prompt",
        "--no-lock",
        "--no-config",
        "--allow-read",
        "--allow-sys=uid,hostname,networkInterfaces",
        join(folder, "script.ts"),
      ],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(`${POLICY}ikev2 "b" from 10.0.0.3 to 10.0.0.4 psk $key\n`));
    await writer.close();
    const { stdout, stderr } = await child.output();
    assert.equal(new TextDecoder().decode(stdout).trim(), "[true,[],2]", new TextDecoder().decode(stderr));
  });
});
