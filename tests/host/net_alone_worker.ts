/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
/** Role net, whose thread keeps CAP_NET_ADMIN alone, when it is told to, while the process becomes another user. */
import { CAP, keepCapabilities, openLibc, setCapabilities } from "../../ffi/libc/mod.ts";

self.addEventListener("message", (event) => {
  const { data } = event as MessageEvent;
  if (!("privileges" in data)) return;
  event.stopImmediatePropagation();
  const libc = openLibc(data.libc);
  if (data.privileges === "keep") keepCapabilities(libc);
  else setCapabilities(libc, { effective: CAP.NET_ADMIN, permitted: CAP.NET_ADMIN, inheritable: 0n });
  libc.close();
  self.postMessage({ done: data.privileges });
});
await import("../../cli/daemon/net_worker.ts");
