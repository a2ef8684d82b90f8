import assert from "node:assert/strict";
import { CAP } from "../../ffi/libc/mod.ts";
import { hostTest } from "./namespaces.ts";

const notRoot = Deno.uid() === 0 ? undefined : "not root";

hostTest(
  "A process keeps CAP_NET_ADMIN alone when it becomes another user, and survives SIGUSR1",
  async () => {
    const script = new URL("./drop_process.ts", import.meta.url).pathname;
    const { stdout, success } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-lock", script],
      stderr: "inherit",
    }).output();
    assert.ok(success);
    assert.deepEqual(JSON.parse(new TextDecoder().decode(stdout)), {
      uid: 65534,
      euid: 65534,
      gid: 65534,
      egid: 65534,
      effective: String(CAP.NET_ADMIN),
      marked: true,
      port: "EACCES",
    });
  },
  notRoot,
);
