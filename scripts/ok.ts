/** `deno task ok`: formatting, lint with the house rules, type check of everything, size of files. */

/** A file longer than this has more than one reason to be opened. */
const LINES = 500;

async function step(title: string, args: readonly string[]): Promise<boolean> {
  console.log(`ok: ${title}`);
  const child = new Deno.Command(Deno.execPath(), {
    args: [...args],
    stdout: "inherit",
    stderr: "inherit",
  })
    .spawn();
  return (await child.status).success;
}

async function sources(folder: string): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of Deno.readDir(folder)) {
    const path = folder === "." ? entry.name : `${folder}/${entry.name}`;
    if (
      entry.isDirectory && !entry.name.startsWith(".") &&
      !["node_modules", "dist"].includes(entry.name)
    ) {
      found.push(...await sources(path));
    } else if (entry.isFile && entry.name.endsWith(".ts")) found.push(path);
  }
  return found;
}

const files = (await sources(".")).sort();
let fine = await step("fmt", ["fmt", "--check", "--quiet"]);
fine = await step("lint", ["lint", "--quiet"]) && fine;
// Workers name another library than the rest: Deno 2.5 mixes the two up when it checks them together.
const workers = files.filter((file) => file.endsWith("_worker.ts"));
const others = files.filter((file) => !file.endsWith("_worker.ts"));
fine = await step("check", ["check", "--frozen", "--quiet", ...others]) && fine;
fine = await step("check workers", ["check", "--frozen", "--quiet", ...workers]) &&
  fine;
for (const page of ["reasons", "algorithms", "editors", "man", "schema"]) {
  fine = await step(`docs: ${page}`, ["run", "--allow-read", "--frozen", `scripts/${page}.ts`, "--check"]) &&
    fine;
}
for (const file of files) {
  const lines = (await Deno.readTextFile(file)).split("\n").length - 1;
  if (lines > LINES) {
    console.error(`${file}: ${lines} lines, more than ${LINES}`);
    fine = false;
  }
}
console.log(fine ? "ok: all is well" : "ok: failed");
Deno.exit(fine ? 0 : 1);
