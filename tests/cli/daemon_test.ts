import assert from "node:assert/strict";
import {
  CONFIGURATION,
  configure,
  daemonTest,
  groupSignalled,
  IKED,
  iked,
  ikedApart,
  IkedProcess,
  inBackground,
  inFolder,
} from "./iked_process.ts";

/** Starts a daemon on the data path `none`, ready, and gives it to `body`. */
function running(
  body: (daemon: IkedProcess, socket: string, folder: string) => Promise<void>,
  ...options: readonly string[]
): Promise<void> {
  return inFolder(async (folder) => {
    const socket = `${folder}/iked.sock`;
    const args = ["-d", "-K", "none", "-f", await configure(folder), "--socket", socket, ...options];
    await using daemon = IkedProcess.start(args);
    await daemon.line(/^iked: ready$/);
    await body(daemon, socket, folder);
  });
}

daemonTest(
  "iked -d: it is ready once, answers its socket, and SIGTERM ends it with 0 and without the socket",
  () =>
    running(async (daemon, socket) => {
      assert.equal((await Deno.stat(socket)).mode! & 0o777, 0o600);
      const datapath = await iked("ctl", "-s", socket, "--json", "show", "datapath");
      assert.deepEqual(JSON.parse(datapath.stdout), {
        version: 1,
        datapath: "none",
        reason: "-K none",
        drops: {},
      });
      assert.equal(datapath.stdout.trimEnd().includes("\n"), false);
      assert.deepEqual(await iked("ctl", "-s", socket, "sh", "sa"), {
        code: 0,
        stdout: "no IKE SA\n",
        stderr: "",
      });
      daemon.kill("SIGTERM");
      assert.equal(await daemon.ended(), 0);
      assert.deepEqual(daemon.said.filter((line) => line.startsWith("iked: ready")), ["iked: ready"]);
      await assert.rejects(Deno.lstat(socket), Deno.errors.NotFound);
    }),
);

daemonTest(
  "iked ctl: every command of this release is answered, as text and as JSON",
  () =>
    running(async (_daemon, socket) => {
      const all = [
        "passive",
        "active",
        "couple",
        "decouple",
        "log verbose",
        "log brief",
        "reset sa",
        "reset all",
      ];
      for (const words of all) {
        assert.deepEqual(await iked("ctl", "-s", socket, ...words.split(" ")), {
          code: 0,
          stdout: "",
          stderr: "",
        });
        const json = await iked("ctl", ...words.split(" "), "--json", "-s", socket);
        assert.deepEqual([json.code, JSON.parse(json.stdout)], [0, { version: 1 }]);
      }
      const sas = await iked("ctl", "-s", socket, "--json", "show", "sa");
      assert.deepEqual(JSON.parse(sas.stdout), { version: 1, ikeSas: [] });
    }),
);

daemonTest(
  "iked ctl monitor: a reload is told as one JSON object on a line; the end of iked is one line and exit 1",
  () =>
    running(async (daemon, socket) => {
      const [program, ...rest] = IKED;
      const args = [...rest, "ctl", "-s", socket, "--json", "monitor"];
      const monitor = new Deno.Command(program!, { args, stdout: "piped", stderr: "piped" }).spawn();
      const reader = monitor.stdout.pipeThrough(new TextDecoderStream()).getReader();
      let first: string | undefined;
      const told = reader.read().then(({ value }) => first = value);
      while (first === undefined) {
        daemon.kill("SIGHUP");
        await Promise.race([told, daemon.line(/configuration reloaded/)]);
      }
      const event = JSON.parse(first.split("\n")[0]!);
      assert.match(event.time, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
      assert.deepEqual([event.event, event.policy, event.peer], ["config", null, null]);
      daemon.kill("SIGTERM");
      while (!(await reader.read()).done);
      assert.equal(await new Response(monitor.stderr).text(), "ikectl: iked ended\n");
      assert.equal((await monitor.status).code, 1);
    }),
);

daemonTest(
  "iked: SIGINT twice, and while it stops, still ends it once, with 0",
  () =>
    running(async (daemon) => {
      daemon.kill("SIGINT");
      daemon.kill("SIGINT");
      daemon.kill("SIGTERM");
      assert.equal(await daemon.ended(), 0);
    }),
);

daemonTest(
  "iked: SIGUSR1 and SIGPIPE are ignored, and no inspector listens afterwards",
  () =>
    running(async (daemon, socket) => {
      const since = performance.now();
      do {
        for (const signal of ["SIGUSR1", "SIGPIPE", "SIGUSR1"] as const) daemon.kill(signal);
        assert.equal((await iked("ctl", "-s", socket, "show", "sa")).code, 0);
        // Deno 2.9 begins to listen for SIGUSR1 half a second after the start.
      } while (performance.now() - since < 1000);
      for (const table of ["tcp", "tcp6"]) {
        const sockets = (await Deno.readTextFile(`/proc/${daemon.pid}/net/${table}`)).trimEnd().split("\n")
          .slice(1);
        assert.deepEqual(sockets, []);
      }
      daemon.kill("SIGTERM");
      assert.equal(await daemon.ended(), 0);
    }),
);

daemonTest(
  "iked: SIGHUP takes the new file; a broken one is refused with its places and changes nothing",
  () =>
    running(async (daemon, socket, folder) => {
      await configure(
        folder,
        `${CONFIGURATION}ikev2 "second" passive esp from 10.3.0.0/16 to 10.4.0.0/16 psk "e"\n`,
      );
      daemon.kill("SIGHUP");
      await daemon.line(
        /^iked: notice: configuration reloaded, policies: 1 unchanged, 1 added; IKE SAs: none; /,
      );
      await configure(folder, 'ikev2 "a" actve\nikev2 "b" esp from 10.1.0.1/16 to 10.2.0.0/16 psk "e"\n');
      daemon.kill("SIGHUP");
      await daemon.line(/^iked: error: .*iked\.conf:1:11: unknown word "actve": did you mean "active"\?$/);
      await daemon.line(/^iked: warning: .*iked\.conf:2:\d+: .* \[W009\]$/);
      await daemon.line(/^iked: error: reload refused, nothing changed$/);
      assert.equal((await iked("ctl", "-s", socket, "show", "sa")).code, 0);
    }),
);

daemonTest(
  "iked: a second one on the same socket says so, and the first goes on",
  () =>
    running(async (daemon, socket) => {
      const second = await daemon.beside(...daemon.args);
      assert.deepEqual(second, {
        code: 1,
        stdout: "",
        stderr: `iked: error: iked is running already: it answers at ${socket}\n`,
      });
      assert.equal((await iked("ctl", "-s", socket, "show", "sa")).code, 0);
    }),
);

daemonTest(
  "iked: a port in use is one line that says whose fault it may be",
  () =>
    running(async (daemon, socket) => {
      const second = await daemon.beside(...daemon.args, "--socket", `${socket}2`);
      assert.equal(second.code, 1);
      assert.match(second.stderr, /^iked: error: [^\n]*500[^\n]*another IKE daemon[^\n]*\n$/);
    }),
);

daemonTest("iked: after kill -9 the socket left behind is replaced", () =>
  inFolder(async (folder) => {
    const socket = `${folder}/iked.sock`;
    const args = ["-d", "-K", "none", "-f", await configure(folder), "--socket", socket];
    {
      await using killed = IkedProcess.start(args);
      await killed.line(/^iked: ready$/);
    }
    assert.ok((await Deno.lstat(socket)).isSocket);
    await using daemon = IkedProcess.start(args);
    await daemon.line(/^iked: ready$/);
    assert.equal((await iked("ctl", "-s", socket, "show", "sa")).code, 0);
  }));

daemonTest(
  "iked: -K pfkey with what PF_KEY has no word for, or on a kernel without it, is one line that says so",
  () =>
    inFolder(async (folder) => {
      const file = await configure(folder);
      const start = (...args: string[]) =>
        ikedApart([], "-d", "-f", file, "--socket", `${folder}/s`, ...args);
      const unsaid =
        `iked: error: ${file}:1:1: error: the data path pfkey cannot do Child SAs of "example": ` +
        "Cannot install an IPsec SA: PF_KEY has no extended sequence numbers: write noesn, or use -K xfrm\n";
      assert.deepEqual(await start("-K", "pfkey"), { code: 1, stdout: "", stderr: unsaid });
      const childsa = "childsa enc aes-256 auth hmac-sha1 noesn psk";
      await configure(folder, `set datapath pfkey\n${CONFIGURATION.replace("psk", childsa)}`);
      const lacks = await start();
      assert.match(
        lacks.stderr,
        /^iked: error: pfkey does not work here: [^\n]*(af_key \(CONFIG_NET_KEY\)|CAP_NET_ADMIN)[^\n]*, or use -K userland\n$/,
      );
    }),
);

daemonTest(
  "iked: -K xfrm starts where the kernel has ESP, else one line names what it lacks",
  () =>
    inFolder(async (folder) => {
      const file = await configure(folder);
      await using daemon = IkedProcess.start(["-d", "-f", file, "--socket", `${folder}/s`, "-K", "xfrm"]);
      const line = await daemon.line(/^iked: (ready|error: .*)$/);
      if (line === "iked: ready") return;
      assert.match(line, /(esp4|XFRM|UDP_ENCAP).*, or use -K userland$/);
      assert.equal(await daemon.ended(), 1);
    }),
);

daemonTest(
  "iked: without -K and set datapath it is xfrm where that works, else userland; log and ctl say why",
  () =>
    inFolder(async (folder) => {
      const file = await configure(folder), socket = `${folder}/s`;
      await using asked = IkedProcess.start(["-d", "-f", file, "--socket", `${folder}/asked`, "-K", "xfrm"]);
      const able = await asked.line(/^iked: (ready|error: .*)$/) === "iked: ready";
      await using daemon = IkedProcess.start(["-d", "-f", file, "--socket", socket]);
      await daemon.line(/^iked: ready$/);
      const said = await daemon.line(/^iked: info: data path /);
      const { datapath, reason } = JSON.parse(
        (await iked("ctl", "-s", socket, "--json", "show", "datapath")).stdout,
      );
      assert.equal(said, `iked: info: data path ${datapath}: ${reason}`);
      assert.equal(datapath, able ? "xfrm" : "userland");
      if (!able) assert.equal(asked.said.at(-1), `iked: error: ${reason}, or use -K userland`);
      // A reload asks again.
      const answer = await iked("ctl", "-s", socket, "reload");
      assert.equal(answer.code, 0, answer.stderr);
    }),
);

daemonTest("iked: without privileges it says in one line what it needs", () =>
  inFolder(async (folder) => {
    const bare = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"];
    const file = await configure(folder);
    for (const datapath of ["none", "userland"]) {
      const outcome = await ikedApart(bare, "-d", "-K", datapath, "-f", file, "--socket", `${folder}/s`);
      assert.equal(outcome.code, 1);
      assert.match(outcome.stderr, /^iked: error: [^\n]*(start iked as root|CAP_NET)[^\n]*\n$/, datapath);
    }
  }));

daemonTest(
  "iked: without -d it returns 0 once the daemon in the background answers, and says nothing",
  () =>
    inFolder(async (folder) => {
      const socket = `${folder}/iked.sock`;
      const args = ["-K", "none", "-f", await configure(folder), "--socket", socket];
      assert.deepEqual(await inBackground(args, ["ctl", "-s", socket, "show", "datapath"]), {
        code: 0,
        stdout: "start 0\nnone: -K none\nthen 0\n",
        stderr: "",
      });
    }),
);

daemonTest(
  "iked: without -d a start that fails prints the child's line and returns 1",
  () =>
    inFolder(async (folder) => {
      const file = await configure(folder, "ikev2 bogus\n");
      const broken = await inBackground(["-6", "-f", file, "--socket", `${folder}/s`], ["-V"]);
      assert.match(broken.stdout, /^start 1\n/);
      assert.match(broken.stderr, /^iked: warning: -6 has no effect\n.*iked\.conf:1:\d+: error: [^]*\n$/);
      assert.equal(broken.stderr.match(/no effect/g)!.length, 1);
      const stdin = await inBackground(["-f", "-"], ["-V"]);
      assert.equal(
        stdin.stderr,
        "iked: error: -f - needs -d: there is no standard input in the background\n",
      );
    }),
);

daemonTest("iked: a signal to the whole process group ends it with 0", () =>
  inFolder(async (folder) => {
    const socket = `${folder}/iked.sock`;
    const args = ["-d", "-K", "none", "-f", await configure(folder), "--socket", socket];
    assert.deepEqual(await groupSignalled(socket, args), { code: 0, stdout: "", stderr: "iked: ready\n" });
  }));
