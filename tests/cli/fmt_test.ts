import assert from "node:assert/strict";
import { IKED, iked, inFolder } from "./iked_process.ts";

const WILD = 'set   active\nikev2 esp from 10.1.0.0/16   to 10.2.0.0/16 psk "visibly an example"\n';
const TIDY = 'set active\nikev2 esp from 10.1.0.0/16 to 10.2.0.0/16 psk "visibly an example"\n';

/** Names in a folder, in order. */
function namesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
}

Deno.test("iked fmt prints the file laid out and leaves it alone", () =>
  inFolder(async (folder) => {
    const file = `${folder}/iked.conf`;
    await Deno.writeTextFile(file, WILD);
    assert.deepEqual(await iked("fmt", file), { code: 0, stdout: TIDY, stderr: "" });
    assert.equal(await Deno.readTextFile(file), WILD);
  }));

Deno.test("iked fmt - reads the standard input", async () => {
  const [program, ...args] = [...IKED, "fmt", "-"];
  const child = new Deno.Command(program!, { args, stdin: "piped", stdout: "piped", stderr: "null" }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(WILD));
  await writer.close();
  const { code, stdout } = await child.output();
  assert.deepEqual([code, new TextDecoder().decode(stdout)], [0, TIDY]);
});

Deno.test("iked fmt -w replaces the file behind a symbolic link, and keeps mode, owner and the link", () =>
  inFolder(async (folder) => {
    const file = `${folder}/iked.conf`, link = `${folder}/link.conf`;
    await Deno.writeTextFile(file, WILD);
    await Deno.chmod(file, 0o640);
    const isRoot = Deno.uid() === 0;
    if (isRoot) await Deno.chown(file, 12, 34);
    await Deno.symlink("iked.conf", link);
    assert.deepEqual(await iked("fmt", "-w", link), { code: 0, stdout: "", stderr: "" });
    assert.equal(await Deno.readTextFile(file), TIDY);
    const { mode, uid, gid, ino } = await Deno.stat(file);
    assert.equal(mode! & 0o7777, 0o640);
    if (isRoot) assert.deepEqual([uid, gid], [12, 34]);
    assert.ok((await Deno.lstat(link)).isSymlink);
    assert.deepEqual(namesIn(folder), ["iked.conf", "link.conf"]);
    // What is laid out already is not written again
    assert.equal((await iked("fmt", "-w", link)).code, 0);
    assert.equal((await Deno.stat(file)).ino, ino);
  }));

/** Runs the rest without the right to give files away. */
const WITHOUT_CHOWN = ["setpriv", "--bounding-set=-chown", "--inh-caps=-chown"];
const cannotDrop = (() => {
  try {
    const [program, ...args] = [...WITHOUT_CHOWN, "true"];
    return Deno.uid() === 0 && new Deno.Command(program!, { args, stderr: "null" }).outputSync().success
      ? ""
      : " [skipped: only root can give up CAP_CHOWN]";
  } catch {
    return " [skipped: no setpriv]";
  }
})();

Deno.test({
  name: `iked fmt -w leaves a file alone whose owner it cannot keep${cannotDrop}`,
  ignore: cannotDrop !== "",
  fn: () =>
    inFolder(async (folder) => {
      const file = `${folder}/iked.conf`;
      await Deno.writeTextFile(file, WILD);
      await Deno.chown(file, 65534, 12);
      const [program, ...args] = [...WITHOUT_CHOWN, ...IKED, "fmt", "-w", file];
      const { code, stderr } = await new Deno.Command(program!, { args, stdin: "null" }).output();
      const said = new TextDecoder().decode(stderr);
      assert.equal(code, 1, said);
      assert.ok(
        said.startsWith(`iked: ${file}: cannot give a new file its owner 65534 and group 12: `),
        said,
      );
      assert.equal(await Deno.readTextFile(file), WILD);
      assert.deepEqual(namesIn(folder), ["iked.conf"]);
    }),
});

Deno.test("iked fmt --check exits 1 where something would change, names the file, and shows nothing of it", () =>
  inFolder(async (folder) => {
    const wild = `${folder}/wild.conf`, tidy = `${folder}/tidy.conf`;
    await Deno.writeTextFile(wild, WILD);
    await Deno.writeTextFile(tidy, TIDY);
    assert.deepEqual(await iked("fmt", "--check", tidy), { code: 0, stdout: "", stderr: "" });
    assert.deepEqual(await iked("fmt", "--check", tidy, wild), {
      code: 1,
      stdout: "",
      stderr: `iked: ${wild}: not formatted\n`,
    });
    assert.equal(await Deno.readTextFile(wild), WILD);
  }));

Deno.test("iked fmt -w leaves a broken file as it was, says where, hides its keys, and goes on with the others", () =>
  inFolder(async (folder) => {
    const broken = `${folder}/broken.conf`, wild = `${folder}/wild.conf`;
    const text = 'ikev2 esp from 10.0.0.1 to 10.0.0.2 psk "hunter2\nset   active\n';
    await Deno.writeTextFile(broken, text);
    await Deno.writeTextFile(wild, WILD);
    const { code, stdout, stderr } = await iked("fmt", "-w", broken, wild);
    assert.deepEqual([code, stdout], [1, ""]);
    assert.ok(stderr.startsWith(`${broken}:1:41: error: this string has no closing "\n`), stderr);
    assert.ok(!stderr.includes("hunter2"), stderr);
    assert.equal(await Deno.readTextFile(broken), text);
    assert.equal(await Deno.readTextFile(wild), TIDY);
    assert.deepEqual(namesIn(folder), ["broken.conf", "wild.conf"]);
  }));

Deno.test("iked fmt says in one line what it cannot do", () =>
  inFolder(async (folder) => {
    assert.deepEqual(await iked("fmt", `${folder}/none`), {
      code: 1,
      stdout: "",
      stderr: `iked: ${folder}/none: no such file\n`,
    });
    assert.equal((await iked("fmt", folder)).stderr, `iked: ${folder}: it is a directory\n`);
    for (const args of [["-w", "--check"], ["-w", "-"], ["-x"], ["--check=1"]]) {
      const { code, stderr } = await iked("fmt", ...args);
      assert.equal(code, 1);
      assert.match(stderr, /^iked: .+\nusage: iked fmt \[-w \| --check\] \[FILE \.\.\.\]\n$/);
    }
  }));
