/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
/** Role keys as it is, and a fault once it is asked for. */
import "./faults.ts";
import "../../cli/daemon/keys_worker.ts";
