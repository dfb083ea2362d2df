/** How a {@link Queue} gathers. */
export interface QueueOptions {
  /** how long the first call waits for others, in milliseconds */
  gatherMs: number;
  /** how long further calls wait for those that are under way, in milliseconds; then they are done beside them */
  patienceMs: number;
  /** how many calls at once */
  most: number;
}

interface Waiting<Call, Result> {
  call: Call;
  resolve(result: Result): void;
  reject(error: unknown): void;
}

/** Calls that are made at about the same time, done as one; while some are done, the next ones gather. */
export class Queue<Call, Result> {
  private waiting: Waiting<Call, Result>[] = [];
  private underWay = 0;
  private timer?: NodeJS.Timeout;

  /** @param work does the calls; its results are in their order */
  constructor(
    private readonly work: (calls: Call[]) => Promise<PromiseSettledResult<Result>[]>,
    private readonly options: QueueOptions,
  ) {}

  add(call: Call): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ call, resolve, reject });
      this.wait();
    });
  }

  private wait(): void {
    const { gatherMs, patienceMs } = this.options;
    this.timer ??= setTimeout(() => this.send(), this.underWay > 0 ? patienceMs : gatherMs);
  }

  private send(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.waiting.length === 0) return;
    const calls = this.waiting.splice(0, this.options.most);
    this.underWay++;
    this.work(calls.map(({ call }) => call))
      .then(
        (results) =>
          results.forEach((result, i) => (result.status === "fulfilled" ? calls[i]!.resolve(result.value) : calls[i]!.reject(result.reason))),
        (error: unknown) => calls.forEach(({ reject }) => reject(error)),
      )
      .finally(() => {
        this.underWay--;
        // those whose calls have just ended are about to make the next ones
        clearTimeout(this.timer);
        this.timer = undefined;
        if (this.waiting.length > 0) this.wait();
      });
    if (this.waiting.length > 0) this.wait();
  }
}
