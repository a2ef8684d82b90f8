/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
/** Role engine as it is, and a fault once it is asked for. */
import "./faults.ts";
import "../../cli/daemon/engine_worker.ts";
