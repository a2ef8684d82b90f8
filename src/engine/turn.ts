/** Counts work in progress, so that a driver of simulated time knows when to go on. */
export class Activity {
  #count = 0;

  get count(): number {
    return this.#count;
  }

  begin(): void {
    this.#count++;
  }

  end(): void {
    this.#count--;
  }

  /** Counts `work` until it is done. */
  async during<T>(work: Promise<T>): Promise<T> {
    this.begin();
    try {
      return await work;
    } finally {
      this.end();
    }
  }
}

/** The turn of one IKE SA: who holds it works, the others wait in order of arrival. */
export class Turn {
  readonly #activity: Activity;
  readonly #waiting: (() => void)[] = [];
  #held = false;

  constructor(activity: Activity) {
    this.#activity = activity;
  }

  /** How many wait for it. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Resolves when the turn is the caller's, who gives it up with `release`. Waiting counts as activity. */
  acquire(): Promise<void> {
    this.#activity.begin();
    if (!this.#held) {
      this.#held = true;
      return Promise.resolve();
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  release(): void {
    this.#activity.end();
    const next = this.#waiting.shift();
    if (next === undefined) this.#held = false;
    else next();
  }
}
