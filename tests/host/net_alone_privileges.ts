/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
/** The listener of `net_alone_worker.ts`: it has to be there before role net's, and takes what is not for the role. */
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
