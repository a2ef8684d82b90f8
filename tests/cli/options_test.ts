import assert from "node:assert/strict";
import { type DaemonOptions, HELP, parseCommandLine } from "../../cli/options.ts";

function daemon(...args: readonly string[]): DaemonOptions {
  const parsed = parseCommandLine("iked", args);
  assert.ok(parsed.ok && parsed.value.kind === "daemon", `"${args.join(" ")}" does not start a daemon`);
  return parsed.value.options;
}

function refused(...args: readonly string[]): { message: string; usage: boolean } {
  const parsed = parseCommandLine("iked", args);
  assert.ok(!parsed.ok, `"${args.join(" ")}" is accepted`);
  return parsed.error;
}

Deno.test("parseCommandLine: nothing given means a daemon in the background with the manual's files", () => {
  assert.deepEqual(daemon(), {
    foreground: false,
    configTest: false,
    mask: false,
    verbose: 0,
    passive: false,
    natt: "on",
    nattPort: 4500,
    macros: new Map(),
    file: "/etc/iked.conf",
    socket: "/var/run/iked.sock",
    directory: "/etc/iked",
    warnings: [],
  });
});

Deno.test("parseCommandLine: every option of the manual has its effect, alone and in a cluster", () => {
  assert.equal(daemon("-d").foreground, true);
  assert.equal(daemon("-n").configTest, true);
  assert.equal(daemon("-nv", "--mask").mask, true);
  assert.equal(daemon("-S").passive, true);
  assert.equal(daemon("-T").natt, "off");
  assert.equal(daemon("-t").natt, "force");
  assert.equal(daemon("-vvv").verbose, 3);
  assert.deepEqual(daemon("-6").warnings, ["-6 has no effect"]);
  const cluster = daemon("-dnSv", "-f", "-", "-K", "none", "--dir", "/d", "--socket", "/s", "-p", "4501");
  assert.equal(cluster.file, "-");
  assert.equal(cluster.datapath, "none");
  assert.equal(cluster.directory, "/d");
  assert.equal(cluster.socket, "/s");
  assert.equal(cluster.nattPort, 4501);
  assert.equal(cluster.natt, "force");
  assert.equal(daemon("-dffile").file, "file");
  assert.equal(daemon("--dir=/d").directory, "/d");
});

Deno.test("parseCommandLine: -D may be repeated, and the value is all behind the first =", () => {
  const macros = daemon("-D", "a=1", "-Db=x = y", "-D", "a=2", "-D", "c=").macros;
  assert.deepEqual([...macros], [["a", "2"], ["b", "x = y"], ["c", ""]]);
  assert.equal(refused("-D", "novalue").message, "-D novalue: a macro is given as NAME=VALUE");
  assert.equal(refused("-D", "=x").message, "-D =x: a macro is given as NAME=VALUE");
});

Deno.test("parseCommandLine: -s is passive, or the socket when a word with a slash follows it", () => {
  assert.equal(daemon("-s").passive, true);
  assert.equal(daemon("-s").socket, "/var/run/iked.sock");
  assert.deepEqual([daemon("-s", "/run/x").passive, daemon("-s", "/run/x").socket], [false, "/run/x"]);
  assert.equal(daemon("-ds", "./x.sock").socket, "./x.sock");
  assert.equal(daemon("-s", "-d").passive, true);
  assert.equal(daemon("-s", "-f", "a/b").socket, "/var/run/iked.sock");
  assert.equal(daemon("-sf", "a/b").file, "a/b");
  assert.equal(daemon("-sf", "a/b").passive, true);
  assert.equal(refused("-sd", "/run/x").message, "unexpected argument: /run/x");
  assert.equal(refused("-s", "word").message, "unexpected argument: word");
  assert.equal(refused("-s", "--", "/run/x").message, "unexpected argument: /run/x");
});

Deno.test("parseCommandLine: -T excludes -t and -p", () => {
  for (const other of [["-t"], ["-p", "4500"]]) {
    assert.equal(refused("-T", ...other).message, "-T and -t or -p are mutually exclusive");
    assert.equal(refused(...other, "-T").message, "-T and -t or -p are mutually exclusive");
  }
});

Deno.test("parseCommandLine: a usage error names the option and asks for the usage line", () => {
  assert.deepEqual(refused("-x"), { message: "unknown option: -x", usage: true });
  assert.deepEqual(refused("--bogus=1"), { message: "unknown option: --bogus", usage: true });
  assert.deepEqual(refused("--d"), { message: "unknown option: --d", usage: true });
  assert.deepEqual(refused("-s/run/x").message, "unknown option: -/");
  assert.deepEqual(refused("-f"), { message: "option -f needs an argument", usage: true });
  assert.deepEqual(refused("--socket"), { message: "option --socket needs an argument", usage: true });
  assert.deepEqual(refused("--help=x"), { message: "option --help takes no argument", usage: true });
  assert.deepEqual(refused("start"), { message: "unexpected argument: start", usage: true });
  assert.deepEqual(refused("--json").usage, true);
  assert.deepEqual(refused("--mask"), { message: "--mask belongs to -n", usage: true });
});

Deno.test("parseCommandLine: values out of range name the range", () => {
  for (const port of ["0", "65536", "-1", "x", "4500 ", "0x1"]) {
    assert.equal(refused("-p", port).message, `-p ${port}: a port is 1 to 65535`);
  }
  assert.equal(refused("-K", "tun").message, "-K tun: a data path is one of userland, xfrm, pfkey, none");
});

Deno.test("parseCommandLine: subcommands, and the name ikectl", () => {
  assert.deepEqual(parseCommandLine("iked", ["ctl", "show", "sa"]), {
    ok: true,
    value: { kind: "ctl", args: ["show", "sa"] },
  });
  assert.deepEqual(parseCommandLine("iked", ["--json", "ctl", "show", "sa"]), {
    ok: true,
    value: { kind: "ctl", args: ["--json", "show", "sa"] },
  });
  assert.deepEqual(parseCommandLine("iked", ["--json", "decode", "a.pcap"]), {
    ok: true,
    value: { kind: "decode", args: ["--json", "a.pcap"] },
  });
  assert.deepEqual(parseCommandLine("ikectl", ["show", "-x"]), {
    ok: true,
    value: { kind: "ctl", args: ["show", "-x"] },
  });
  assert.deepEqual(parseCommandLine("iked", ["decode", "--json", "x"]), {
    ok: true,
    value: { kind: "decode", args: ["--json", "x"] },
  });
  assert.match(HELP, /iked decode /);
  const permissions = parseCommandLine("iked", ["--print-permissions", "--probe", "--dir", "/d"]);
  assert.deepEqual(permissions, {
    ok: true,
    value: { kind: "print-permissions", json: false, probe: true, directory: "/d" },
  });
  assert.deepEqual(parseCommandLine("iked", ["-dV"]), { ok: true, value: { kind: "version" } });
  assert.deepEqual(parseCommandLine("iked", ["selftest"]), { ok: true, value: { kind: "selftest" } });
  assert.deepEqual(refused("selftest", "x"), { message: "selftest takes no arguments", usage: true });
  assert.match(HELP, /iked selftest\n/);
  assert.deepEqual(parseCommandLine("iked", ["fmt", "-w", "x"]), {
    ok: true,
    value: { kind: "fmt", args: ["-w", "x"] },
  });
  assert.match(HELP, /iked fmt /);
  assert.deepEqual(parseCommandLine("iked", ["--json", "explain", "x"]), {
    ok: true,
    value: { kind: "explain", args: ["--json", "x"] },
  });
  assert.match(HELP, /iked explain /);
  for (const word of ["ca"]) {
    assert.deepEqual(refused(word, "x"), { message: `${word}: not supported yet`, usage: false });
    assert.ok(!new RegExp(`iked ${word}`).test(HELP), `--help lists "${word}"`);
  }
});
