import { Mutex } from "async-mutex";

/** One at a time on each object, so that our own resources don't race for a file. */
export class Turns {
  private readonly busy = new Map<string, Mutex>();

  take<T>(object: string, work: () => Promise<T>): Promise<T> {
    let mutex = this.busy.get(object);
    if (!mutex) this.busy.set(object, (mutex = new Mutex()));
    return mutex.runExclusive(work);
  }
}
