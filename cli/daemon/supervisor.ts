/**
 * Starts the workers and watches them. A role that throws, ends without a word, stops answering or runs out of memory
 * is a fault; what becomes of the daemon then is not decided here.
 */
import { fail, ok, type Result } from "../../src/bytes/mod.ts";
import { formatLastWords, type LastWords } from "./last_words.ts";
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
  /** The same for one that is not ready yet: a kernel loads a module for each algorithm that it is asked for. */
  readonly startMs: number;
  /** Part of the heap's limit, 0 to 1, above which a role counts as out of memory. */
  readonly heapLimit: number;
}

export const WATCH: Watch = { pingIntervalMs: 1000, silenceMs: 10_000, startMs: 60_000, heapLimit: 0.9 };

/** The running workers. */
export interface Roles {
  /** Resolves with the one line once a role has failed its duty; never before. */
  readonly fault: Promise<string>;
  /** The runtime said its last words: becomes the fault of the role that alone does not answer any more. */
  blame(words: LastWords): void;
  /** Ends the workers at once. */
  terminate(): void;
}

class Role {
  readonly #worker: Worker;
  #turn = 0;
  /** Pings since the last word. */
  #unanswered = 0;
  #ready = false;
  #answers: (() => void)[] = [];

  constructor(
    private readonly plan: RolePlan,
    watch: Watch,
    ready: () => void,
    private readonly fault: (line: string) => void,
  ) {
    const { name, url, permissions, start, ports } = plan;
    this.#worker = new Worker(url, { type: "module", name, deno: { permissions } });
    this.#worker.onmessage = ({ data }: MessageEvent<FromRole>) => {
      this.#unanswered = 0;
      if ("pong" in data && data.pong === this.#turn) this.#answers.splice(0).forEach((answer) => answer());
      if ("ready" in data) {
        this.#ready = true;
        ready();
      } else if ("failed" in data) fault(data.failed);
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

  get name(): RoleName {
    return this.plan.name;
  }

  /**
   * Pings, and looks how many pings were not answered. It is these that are counted, and no time: a process that was
   * stopped as a whole has not been silent.
   */
  check({ silenceMs, startMs, pingIntervalMs }: Watch): void {
    const silentMs = this.#unanswered * pingIntervalMs;
    if (silentMs > (this.#ready ? silenceMs : startMs)) {
      this.fault(`role ${this.name} ended or hangs: no answer for ${Math.round(silentMs / 1000)} s`);
    } else this.#ping();
  }

  /** Resolves with the answer to a ping of now. */
  answer(): Promise<void> {
    return new Promise((resolve) => {
      this.#answers.push(resolve);
      this.#ping();
    });
  }

  #ping(): void {
    this.#unanswered++;
    this.#worker.postMessage({ ping: ++this.#turn });
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
  const blame = (words: LastWords): void => {
    const silent = new Set(roles);
    const tell = () => {
      const [one] = silent;
      report(`${one === undefined ? "the runtime" : `role ${one.name}`} ${formatLastWords(words)}`);
    };
    let grace: ReturnType<typeof setTimeout> | undefined;
    // Where two are silent it is not known which; the watch over them finds both.
    const look = () => {
      clearTimeout(grace);
      if (silent.size === 0) tell();
      else if (silent.size === 1) grace = setTimeout(tell, watch.pingIntervalMs);
    };
    look();
    for (const role of roles) {
      void role.answer().then(() => {
        silent.delete(role);
        look();
      });
    }
  };
  const terminate = () => {
    clearInterval(timer);
    for (const role of roles) role.terminate();
  };
  const failed = await Promise.race([Promise.all(ready).then(() => undefined), fault]);
  if (failed === undefined) return ok({ fault, blame, terminate });
  terminate();
  return fail(failed);
}
