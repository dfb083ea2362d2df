import { setTimeout as delay } from "node:timers/promises";

/** Wraps an error that may be gone at the next try. */
export class Passing extends Error {
  constructor(readonly error: Error) {
    super(error.message);
  }
}

/** Does it up to three times, as long as what fails may pass. */
export async function withRetries<T>(attempt: () => Promise<T>, firstWaitMs = 200): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof Passing)) throw error;
      if (tries === 3) throw error.error;
      await delay(firstWaitMs * 3 ** (tries - 1));
    }
  }
}
