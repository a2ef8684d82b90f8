import assert from "node:assert/strict";
import { Process } from "../support/process.ts";
import { IKED } from "../cli/iked_process.ts";
import { type Gateway, runOn } from "./gateway.ts";
import { hostTest } from "./namespaces.ts";
import { noPing, ping, Sites, tcp } from "./sites.ts";

const README = Deno.readTextFileSync(new URL("../../README.md", import.meta.url));

/** The block of code that stands behind a marker. */
function block(marker: string): string {
  const found = new RegExp(`${RegExp.escape(marker)}\\s*\`\`\`[a-z]*\\n([^]*?)\`\`\``).exec(README);
  if (found === null) throw new Error(`README.md has no block behind "${marker}"`);
  return found[1]!;
}

/** The words of the command that runs the daemon from its sources. */
function sourceCommand(): string[] {
  const command = block("the same daemon runs from its sources:");
  const [program, ...words] = command.replaceAll("\\\n", " ").trim().split(/\s+/);
  assert.equal(program, "deno");
  const main = words.indexOf("cli/main.ts");
  words[main] = new URL("../../cli/main.ts", import.meta.url).pathname;
  assert.deepEqual(words.slice(main + 1), ["-d"]);
  return [Deno.execPath(), ...words.slice(0, main + 1)];
}

async function succeeds(gateway: Gateway, ...words: readonly string[]): Promise<string> {
  const done = await gateway.iked(...words);
  assert.equal(done.code, 0, done.stderr);
  return done.stdout + done.stderr;
}

function configured(sites: Sites): void {
  sites.left.configure(block("<!-- example: left -->"));
  sites.right.configure(block("<!-- example: right -->"));
}

hostTest(
  "README: the example of two sites passes -n, brings the tunnel up, and ctl shows it",
  async (libc) => {
    await using sites = new Sites(libc);
    const { left, right } = sites;
    configured(sites);
    for (const gateway of [left, right]) {
      // As the README has it: the daemon chooses.
      gateway.datapath = undefined;
      assert.equal(await succeeds(gateway, "-n", "-f", gateway.file), "configuration OK\n");
    }
    await right.start();
    const [command, ...rest] = IKED;
    await using monitor = right.host.run(() =>
      new Process("sh", [
        "-c",
        'exec "$@" >&2',
        "sh",
        command!,
        ...rest,
        "ctl",
        "-s",
        right.socket,
        "monitor",
      ])
    );
    do {
      const { length } = right.daemon.lines;
      Deno.kill(right.daemon.pid, "SIGHUP");
      await right.daemon.line(/configuration reloaded/, length);
    } while (!monitor.lines.some((line) => / config /.test(line)));
    await left.start();
    await Promise.all([left, right].map(({ daemon }) => daemon.line(/ child-up /)));

    assert.equal(await ping(sites.leftLan, "10.2.0.2", 5), 5);
    assert.equal(await ping(sites.rightLan, "10.1.0.2", 5), 5);
    assert.equal(await ping(left.host, "10.2.0.1", 3), 3);
    await tcp([sites.leftLan, "10.1.0.2"], [sites.rightLan, "10.2.0.2"], 2_000_000);

    const ctl = (...words: string[]) => succeeds(left, "ctl", "-s", left.socket, ...words);
    const sa = await ctl("show", "sa");
    assert.match(sa, /^sites #\d+: established since \S+, initiator, NAT none\n/);
    assert.match(
      sa,
      /\n {2}192\.0\.2\.1:500 \(left\.example\.com\) \.\.\. 192\.0\.2\.2:500 \(right\.example\.com\)\n/,
    );
    assert.match(sa, /\n {2}ESP tunnel: installed, SPI in [0-9a-f]{8} out [0-9a-f]{8}, /);
    assert.match(sa, /\n {4}10\.1\.0\.0\/16 === 10\.2\.0\.0\/16\n/);
    assert.match(await ctl("show", "datapath"), /^(userland: xfrm does not work here: |xfrm: )/);
    await monitor.line(/^\S+ child-up policy=sites peer=192\.0\.2\.1 /);
    await left.daemon.stop();
    await monitor.line(/^\S+ ike-down policy=sites peer=192\.0\.2\.1 /);
  },
  noPing,
);

hostTest(
  "README: the command that runs the daemon from its sources does, with just those flags",
  async (libc) => {
    await using sites = new Sites(libc);
    configured(sites);
    await sites.right.start(sourceCommand());
    await sites.left.start(sourceCommand());
    await sites.left.daemon.line(/ child-up /);
    assert.equal(await ping(sites.leftLan, "10.2.0.2", 3), 3);
    assert.equal((await sites.left.daemon.stop()).code, 0);
    assert.equal((await sites.right.daemon.stop()).code, 0);
  },
  noPing ?? noX86(),
);

hostTest("README: without one of those flags the daemon says in one line which", async (libc) => {
  await using sites = new Sites(libc);
  configured(sites);
  const whole = sourceCommand();
  for (const flag of ["--allow-sys", "--allow-ffi", "--allow-write"]) {
    const words = whole.filter((word) => !word.startsWith(flag));
    assert.equal(words.length, whole.length - 1);
    const [command, ...rest] = [...words, ...sites.left.args];
    const { code, stderr } = await runOn(sites.left.host, command!, ...rest);
    assert.equal(code, 1);
    assert.match(stderr, new RegExp(`^iked: error: .*${flag}.*\n$`));
  }
}, noX86());

function noX86(): string | undefined {
  return Deno.build.arch === "x86_64" ? undefined : "the README names libraries of x86_64";
}
