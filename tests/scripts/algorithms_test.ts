import assert from "node:assert/strict";
import { algorithmName, everyAlgorithm } from "../../src/crypto/mod.ts";
import { algorithmsPage } from "../../scripts/algorithms.ts";
import { formatShown, parseShown, type Shown, shownName } from "../../scripts/shown.ts";

function line(change: Partial<Shown> = {}): Shown {
  return {
    kind: "ke",
    name: "Curve25519",
    sa: "ike",
    peer: "example 1.0",
    role: "initiator",
    datapath: "userland",
    ...change,
  };
}

Deno.test("shown: every algorithm has a name of its own, by which its lines are read again", () => {
  const names = everyAlgorithm.map((entry) => `${entry.kind} ${shownName(entry)}`);
  assert.equal(new Set(names).size, names.length);
  const lines = everyAlgorithm.map((entry) => line({ kind: entry.kind, name: shownName(entry) }));
  assert.deepEqual(parseShown(formatShown(lines)), lines);
});

Deno.test("shown: a line that states nothing that the registry has is an error with its number", () => {
  const wrong = [
    line({ name: "Curve9" }),
    line({ kind: "encr" }),
    line({ sa: "tcp" as "esp" }),
    line({ role: "both" as "initiator" }),
    line({ peer: "" }),
  ];
  const good = JSON.stringify(line());
  for (const one of wrong) assert.throws(() => parseShown(`${good}\n${JSON.stringify(one)}\n`), /Line 2/);
  assert.throws(() => parseShown("no JSON\n"));
});

Deno.test("shown: lines are sorted as the registry is, and each is there once", () => {
  const lines = [line({ name: "Curve448" }), line({ role: "responder" }), line(), line()];
  const sorted = parseShown(formatShown(lines));
  assert.deepEqual(sorted, [line(), line({ role: "responder" }), line({ name: "Curve448" })]);
  assert.equal(formatShown(sorted), formatShown(lines));
});

Deno.test("algorithms page: a row for every algorithm, with implementations and peers", () => {
  const page = algorithmsPage([
    line(),
    line({ role: "responder" }),
    line({ peer: "other 2.0" }),
    line({ kind: "encr", name: "ENCR_AES_CBC-192", sa: "esp" }),
    line({ kind: "encr", name: "ENCR_AES_CBC-128", sa: "esp", datapath: "xfrm" }),
    line({ kind: "encr", name: "ENCR_AES_CBC-128", sa: "esp", datapath: "userland" }),
    line({ kind: "encr", name: "ENCR_AES_CBC-128", sa: "esp", datapath: "userland", role: "responder" }),
    line({ kind: "integ", name: "AUTH_HMAC_MD5_96", sa: "ah", datapath: "xfrm" }),
  ]);
  for (const entry of everyAlgorithm) {
    assert.ok(page.includes(`| \`${algorithmName(entry)}\``), entry.ianaName);
  }
  const rowOf = (name: string) => page.split("\n").find((row) => row.startsWith(`| \`${name}\``));
  assert.match(
    rowOf("curve25519")!,
    /\| yes \| yes \| example 1\.0 \(both roles, userland\); other 2\.0 \(initiator, userland\) \|$/,
  );
  assert.match(rowOf("aes-192")!, /\| yes \| yes \| {2}\| example 1\.0 \(initiator, userland\) \|$/);
  assert.match(
    rowOf("aes-128")!,
    /\| yes \| yes \| {2}\| example 1\.0 \(both roles, userland; initiator, xfrm\) \|$/,
  );
  assert.match(rowOf("aes-256")!, /\| yes \| yes \| {2}\| {2}\|$/);
  assert.match(
    rowOf("blowfish")!,
    /\(insecure\).*\| `childsa` \| {2}\| yes, in OpenSSL's legacy module \| {2}\|/,
  );
  assert.match(rowOf("ec155")!, /\(insecure\).*\| {2}\| yes \| {2}\|$/);
  assert.match(page, /\| `hmac-md5` .*\| {2}\| {2}\| example 1\.0 \(initiator, xfrm\) \|\n/);
  const kernel = page.slice(page.indexOf("## On the kernel's ESP"), page.indexOf("## Not yet shown"));
  const lacks = kernel.split("\n").find((row) => row.startsWith("| example 1.0 |"))!;
  assert.ok(lacks.includes("`aes-256`") && lacks.includes("`hmac-md5`") && !lacks.includes("`aes-128`,"));
  assert.ok(!kernel.includes("other 2.0") && !kernel.includes("`curve25519`"));
  const rest = page.slice(page.indexOf("## Not yet shown"));
  assert.ok(rest.includes("`ec155`") && !rest.includes("`curve25519`"));
});
