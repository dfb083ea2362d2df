/** Calls that are made at about the same time, done as one. */
export class Queue<Call, Result> {
  private waiting: { call: Call; resolve: (result: Result) => void; reject: (error: unknown) => void }[] = [];
  private underWay = 0;
  private timer?: NodeJS.Timeout;

  /**
   * @param work does them; its results are in the order of the calls
   * @param waitMs how long the first waits for others
   * @param most how many at once
   * @param atOnce how many of these may be under way; further calls wait for one to end, and are the next then
   */
  constructor(
    private readonly work: (calls: Call[]) => Promise<PromiseSettledResult<Result>[]>,
    private readonly waitMs: number,
    private readonly most: number,
    private readonly atOnce: number,
  ) {}

  add(call: Call): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ call, resolve, reject });
      this.timer ??= setTimeout(() => this.send(), this.waitMs);
    });
  }

  private send(): void {
    this.timer = undefined;
    if (this.waiting.length === 0 || this.underWay >= this.atOnce) return;
    const calls = this.waiting.splice(0, this.most);
    this.underWay++;
    this.work(calls.map(({ call }) => call))
      .then(
        (results) =>
          results.forEach((result, i) => (result.status === "fulfilled" ? calls[i]!.resolve(result.value) : calls[i]!.reject(result.reason))),
        (error: unknown) => calls.forEach(({ reject }) => reject(error)),
      )
      .finally(() => {
        this.underWay--;
        this.send();
      });
    if (this.waiting.length > 0) this.send();
  }
}
