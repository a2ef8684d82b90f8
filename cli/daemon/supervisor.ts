/**
 * Starts the workers and watches them. A role that throws, ends without a word, stops answering or is about to run
 * out of memory is a fault; what becomes of the daemon then is not decided here.
 */
import { fail, ok, type Result } from "../../src/bytes/mod.ts";
import type { FromRole } from "./role.ts";
import type { RoleName } from "./ports.ts";

/** One worker to start. */
export interface RolePlan {
  readonly name: RoleName;
  readonly url: URL;
  readonly permissions: Deno.PermissionOptions;
  readonly start: unknown;
  readonly ports: Readonly<Record<string, MessagePort>>;
}

/** How closely roles are watched. */
export interface Watch {
  readonly pingIntervalMs: number;
  /** A role that has not answered for so long is gone. */
  readonly silenceMs: number;
  /** Part of the heap's limit, 0 to 1, above which a role counts as out of memory. */
  readonly heapLimit: number;
}

export const WATCH: Watch = { pingIntervalMs: 1000, silenceMs: 10_000, heapLimit: 0.9 };

/** The running workers. */
export interface Roles {
  /** Resolves with the one line once a role has failed its duty; never before. */
  readonly fault: Promise<string>;
  /** Ends the workers at once. */
  terminate(): void;
}

class Role {
  readonly #worker: Worker;
  #heardAt: number;
  #turn = 0;

  constructor(
    private readonly plan: RolePlan,
    watch: Watch,
    ready: () => void,
    private readonly fault: (line: string) => void,
  ) {
    const { name, url, permissions, start, ports } = plan;
    this.#heardAt = performance.now();
    this.#worker = new Worker(url, { type: "module", name, deno: { permissions } });
    this.#worker.onmessage = ({ data }: MessageEvent<FromRole>) => {
      this.#heardAt = performance.now();
      if ("ready" in data) ready();
      else if ("failed" in data) fault(data.failed);
      else if ("fault" in data) fault(`role ${name} failed: ${data.fault}`);
      else if (data.heap > watch.heapLimit) {
        fault(`role ${name} is out of memory: ${Math.round(data.heap * 100)} % of what it may use`);
      }
    };
    this.#worker.onerror = (event) => {
      event.preventDefault();
      fault(`role ${name} failed: ${event.message}`);
    };
    this.#worker.postMessage({ start, ports }, Object.values(ports));
  }

  /** Pings, and looks how long the last word is ago. */
  check(watch: Watch): void {
    const silentMs = performance.now() - this.#heardAt;
    if (silentMs > watch.silenceMs) {
      this.fault(`role ${this.plan.name} ended or hangs: no answer for ${Math.round(silentMs / 1000)} s`);
    } else {
      this.#worker.postMessage({ ping: ++this.#turn });
    }
  }

  terminate(): void {
    this.#worker.terminate();
  }
}

/**
 * Starts all roles at once. Resolves when each is ready, or with the line of the first that cannot start; `fault` is
 * live from the beginning.
 */
export async function startRoles(
  plans: readonly RolePlan[],
  watch: Watch = WATCH,
): Promise<Result<Roles, string>> {
  let report!: (line: string) => void;
  const fault = new Promise<string>((resolve) => report = resolve);
  const roles: Role[] = [];
  const ready = plans.map((plan) =>
    new Promise<void>((resolve) => {
      roles.push(new Role(plan, watch, resolve, report));
    })
  );
  const timer = setInterval(() => roles.forEach((role) => role.check(watch)), watch.pingIntervalMs);
  const terminate = () => {
    clearInterval(timer);
    for (const role of roles) role.terminate();
  };
  const failed = await Promise.race([Promise.all(ready).then(() => undefined), fault]);
  if (failed === undefined) return ok({ fault, terminate });
  terminate();
  return fail(failed);
}
