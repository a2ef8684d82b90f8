/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
/** Role net as it is, and a fault once it is asked for. */
import "./faults.ts";
import "../../cli/daemon/net_worker.ts";
