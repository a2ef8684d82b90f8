import assert from "node:assert/strict";
import { CONFIGURATION, configure, daemonTest, iked, IkedProcess, inFolder } from "./iked_process.ts";

/** A daemon on the data path `none`, ready. */
function running(
  body: (daemon: IkedProcess, socket: string, folder: string) => Promise<void>,
): Promise<void> {
  return inFolder(async (folder) => {
    const socket = `${folder}/iked.sock`;
    const args = ["-d", "-K", "none", "-f", await configure(folder), "--socket", socket];
    await using daemon = IkedProcess.start(args);
    await daemon.line(/^iked: ready$/);
    await body(daemon, socket, folder);
  });
}

const SECOND =
  'ikev2 "second" passive esp from 10.3.0.0/16 to 10.4.0.0/16 peer 192.0.2.3 psk "an example of a key"\n';
const BROKEN = 'ikev2 "a" actve\nikev2 "b" esp from 10.1.0.0/16 to 10.2.0.0/16 psk "e"\n';

daemonTest(
  "iked ctl reload: the new file is in force, its warnings are told, and the log and monitor say it in numbers",
  () =>
    running(async (daemon, socket, folder) => {
      await configure(folder, CONFIGURATION + SECOND);
      const done = await iked("ctl", "-s", socket, "reload");
      const summary = "policies: 1 unchanged, 1 added; IKE SAs: none; Child SAs: none; starts: 0";
      assert.deepEqual([done.code, done.stdout], [0, `${summary}\n`]);
      await daemon.line(new RegExp(`^iked: notice: configuration reloaded, ${summary}$`));
      const json = await iked("ctl", "-s", socket, "--json", "reload");
      const { version, summary: counts } = JSON.parse(json.stdout);
      assert.deepEqual([json.code, version, counts.policies], [0, 1, {
        unchanged: 2,
        renamed: 0,
        changed: 0,
        added: 0,
        removed: 0,
      }]);
    }),
);

daemonTest(
  "iked ctl reload: a broken file is refused with its places on the caller's terminal, exit 1, and changes nothing",
  () =>
    running(async (_daemon, socket, folder) => {
      const show = async () => (await iked("ctl", "-s", socket, "--json", "show", "sa")).stdout;
      const before = await show();
      await configure(folder, BROKEN);
      const refused = await iked("ctl", "-s", socket, "reload");
      assert.deepEqual([refused.code, refused.stdout], [1, ""]);
      const lines = refused.stderr.trimEnd().split("\n");
      assert.match(lines[0]!, /^\/.*\/iked\.conf:1:11: error: unknown word "actve"$/);
      assert.deepEqual(lines.slice(1, 4), ['ikev2 "a" actve', "          ^", 'did you mean "active"?']);
      assert.equal(lines.at(-1), "ikectl: reload refused, nothing changed");
      const json = await iked("ctl", "-s", socket, "--json", "reload");
      const { error } = JSON.parse(json.stdout);
      assert.equal(json.code, 1);
      assert.equal(error.code, "refused");
      assert.match(error.where, /iked\.conf:1:11$/);
      assert.deepEqual(error.diagnostics[0].suggestion, "active");
      assert.equal(await show(), before);
      await configure(folder);
      const again = await iked("ctl", "-s", socket, "reload");
      assert.match(again.stdout, /^policies: 1 unchanged; /);
    }),
);

daemonTest(
  "iked ctl reload --plan, load --plan: tell and do nothing; a broken file is told as well",
  () =>
    running(async (_daemon, socket, folder) => {
      await configure(folder, CONFIGURATION + SECOND.replace("passive", "active"));
      const plan = await iked("ctl", "-s", socket, "reload", "--plan");
      assert.deepEqual([plan.code, plan.stdout], [0, "policies: 1 unchanged, 1 added\nstart       second\n"]);
      const again = await iked("ctl", "-s", socket, "--json", "--plan", "reload");
      assert.deepEqual(JSON.parse(again.stdout).plan, {
        policies: { unchanged: 1, renamed: 0, changed: 0, added: 1, removed: 0 },
        ikeSas: [],
        starts: ["second"],
      });
      const other = `${folder}/other.conf`;
      await Deno.writeTextFile(other, BROKEN, { mode: 0o600 });
      const refused = await iked("ctl", "-s", socket, "load", other, "--plan");
      assert.equal(refused.code, 1);
      assert.match(refused.stderr, /other\.conf:1:11: error: unknown word "actve"/);
    }),
);

daemonTest(
  "iked ctl load: takes another file under the same rules of ownership; reload goes back to the daemon's own",
  () =>
    running(async (_daemon, socket, folder) => {
      const other = `${folder}/other.conf`;
      await Deno.writeTextFile(other, SECOND, { mode: 0o644 });
      await Deno.chmod(other, 0o644);
      const open = await iked("ctl", "-s", socket, "load", other);
      assert.equal(open.code, 1);
      assert.match(
        open.stderr,
        /^\/.*other\.conf:1:1: error: cannot use this file: others have access to it[^\n]*\n/,
      );
      await Deno.chmod(other, 0o600);
      const taken = await iked("ctl", "-s", socket, "load", other);
      assert.deepEqual([taken.code, taken.stdout.split(";")[0]], [0, "policies: 1 added, 1 removed"]);
      const missing = await iked("ctl", "-s", socket, "load", `${folder}/none.conf`);
      assert.match(missing.stderr, /none\.conf:1:1: error: cannot use this file: there is no such file\n/);
      const back = await iked("ctl", "-s", socket, "reload");
      assert.deepEqual([back.code, back.stdout.split(";")[0]], [0, "policies: 1 added, 1 removed"]);
    }),
);

daemonTest(
  "iked ctl reload: a key that has changed is a policy that has changed, the same key anew is not",
  () =>
    running(async (_daemon, socket, folder) => {
      await configure(folder, CONFIGURATION.replace("visibly an example", "visibly another example"));
      const changed = await iked("ctl", "-s", socket, "reload");
      assert.match(changed.stdout, /^policies: 1 changed; /);
      const hex = [...new TextEncoder().encode("visibly another example")].map((one) => one.toString(16))
        .join("");
      await configure(folder, CONFIGURATION.replace('"visibly an example"', `0x${hex}`));
      const same = await iked("ctl", "-s", socket, "reload");
      assert.match(same.stdout, /^policies: 1 unchanged; /);
    }),
);

daemonTest(
  "iked ctl reload: eight at once and signals between them are taken one after the other",
  () =>
    running(async (daemon, socket, folder) => {
      await configure(folder, CONFIGURATION + SECOND);
      const all = Array.from({ length: 8 }, () => {
        daemon.kill("SIGHUP");
        return iked("ctl", "-s", socket, "reload");
      });
      for (const { code, stdout } of await Promise.all(all)) {
        assert.equal(code, 0);
        assert.match(stdout, /^policies: (2 unchanged|1 unchanged, 1 added); /);
      }
      daemon.kill("SIGHUP");
      daemon.kill("SIGTERM");
      assert.equal(await daemon.ended(), 0);
    }),
);

daemonTest(
  "iked ctl reload: what was read from standard input is not read again",
  () =>
    inFolder(async (folder) => {
      const socket = `${folder}/iked.sock`;
      await using daemon = IkedProcess.start(["-d", "-K", "none", "-f", "-", "--socket", socket]);
      await daemon.line(/^iked: ready$/);
      const refused = await iked("ctl", "-s", socket, "reload");
      assert.equal(refused.code, 1);
      assert.match(refused.stderr, /^error: the configuration came from the standard input[^\n]*load FILE/);
      const file = await configure(folder);
      assert.equal((await iked("ctl", "-s", socket, "load", file)).code, 0);
    }),
);
