import { setTimeout as delay } from "node:timers/promises";

/** Wraps an error that may be gone at the next try. */
export class Passing extends Error {
  constructor(readonly error: Error) {
    super(error.message);
  }
}

const TRIES = 4;

/** Does it up to four times, as long as what fails may pass; with 300 ms before the second over some three seconds. */
export async function withRetries<T>(attempt: () => Promise<T>, firstWaitMs = 300): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof Passing)) throw error;
      if (tries === TRIES) throw error.error;
      // By chance a little sooner or later, lest all who were turned away come back together.
      await delay(firstWaitMs * 2.5 ** (tries - 1) * (0.75 + Math.random() / 2));
    }
  }
}
