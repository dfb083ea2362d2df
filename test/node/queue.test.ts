import { expect } from "chai";
import { setTimeout as delay } from "node:timers/promises";
import { Queue } from "../../provider/node/queue.js";

/** A queue whose work is done when the test says so. */
function world(options = { gatherMs: 5, patienceMs: 60, most: 3 }) {
  const journeys: { calls: number[]; done: (results?: PromiseSettledResult<string>[]) => void; fail: (error: Error) => void }[] = [];
  const queue = new Queue<number, string>(
    (calls) =>
      new Promise((resolve, reject) => {
        journeys.push({ calls, done: (results = calls.map((call) => ({ status: "fulfilled", value: `did ${call}` }))) => resolve(results), fail: reject });
      }),
    options,
  );
  return { queue, journeys, calls: () => journeys.map(({ calls }) => calls) };
}

describe("calls that are made at about the same time", () => {
  it("are done as one, and each has its own result", async () => {
    const { queue, journeys, calls } = world();
    const results = [1, 2].map((call) => queue.add(call));
    await delay(20);
    expect(calls()).to.deep.equal([[1, 2]]);
    journeys[0]!.done();
    expect(await Promise.all(results)).to.deep.equal(["did 1", "did 2"]);
  });

  it("gather while others are done, and go when those have ended", async () => {
    const { queue, journeys, calls } = world({ gatherMs: 5, patienceMs: 10_000, most: 3 });
    const first = queue.add(1);
    await delay(20);
    const others = [2, 3].map((call) => queue.add(call));
    await delay(20);
    expect(calls()).to.deep.equal([[1]]);
    journeys[0]!.done();
    await first;
    await delay(20);
    expect(calls()).to.deep.equal([[1], [2, 3]]);
    journeys[1]!.done();
    await Promise.all(others);
  });

  it("wait no longer than they have patience", async () => {
    const { queue, journeys, calls } = world();
    const results = [queue.add(1)];
    await delay(20);
    results.push(queue.add(2));
    await delay(120);
    expect(calls()).to.deep.equal([[1], [2]]);
    journeys.forEach(({ done }) => done());
    await Promise.all(results);
  });

  it("are no more than so many", async () => {
    const { queue, journeys, calls } = world({ gatherMs: 5, patienceMs: 20, most: 3 });
    const results = [1, 2, 3, 4].map((call) => queue.add(call));
    await delay(80);
    expect(calls()).to.deep.equal([[1, 2, 3], [4]]);
    journeys.forEach(({ done }) => done());
    await Promise.all(results);
  });

  it("fail each for itself, or all where the journey failed", async () => {
    const { queue, journeys } = world();
    const why = new Error("one");
    const results = [1, 2].map((call) => queue.add(call));
    await delay(20);
    journeys[0]!.done([{ status: "rejected", reason: why }, { status: "fulfilled", value: "did 2" }]);
    expect(await Promise.allSettled(results)).to.deep.equal([{ status: "rejected", reason: why }, { status: "fulfilled", value: "did 2" }]);
    const more = [3, 4].map((call) => queue.add(call));
    await delay(20);
    journeys[1]!.fail(why);
    expect(await Promise.allSettled(more)).to.deep.equal([3, 4].map(() => ({ status: "rejected", reason: why })));
  });
});
