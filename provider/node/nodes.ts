import { PostureError } from "../errors.js";
import { subidsLock, type Answers, type Request, type Step } from "../plan/steps.js";
import type { NodePool } from "./pool.js";
import { parseNodeName } from "./node-name.js";
import { nodeScripts } from "./node-scripts.js";
import { defaultTimeoutSeconds, type Settings } from "./settings.js";
import { answersOf, decodeAnswers, decodeOutcomes, encodeRequests, encodeTransaction, encodeTransactions, requestLine, type Answer } from "./protocol.js";
import { Queue } from "./queue.js";
import { Recall, touches } from "./recall.js";
import { decodeRepairs, type Repairs } from "./repair.js";
import { refusalError, shiftError } from "./refusal.js";
import { decodeShift, encodeShift, type ShiftCounts, type ShiftRequest } from "./shift.js";

/** How long the first of several questions waits for the others; the engine asks for many resources at once. */
const gatherMs = 10;

/** Sixteen containers that are granted ids take their time, and as many may have come before. */
const subidsSeconds = 60;

/** A container that ran is started again. */
const repairSeconds = 300;

/** Millions of files take their time; what hangs shows by its progress. */
const shiftTimeoutMs = 12 * 3600_000;

/** Questions that travel together. */
interface Batch {
  requests: Map<string, Request>;
  sent: boolean;
  answers: Promise<Map<string, Answer>>;
}

/** One transaction, and what is read after it. */
interface Change {
  steps: readonly Step[];
  observe: readonly Request[];
}

/** The answers of one that was done; undefined where they were cut. */
type Done = [Answer[] | undefined];

/** Transactions that travel together: the node works on all of them at once, and one that waits for a lock keeps none for long. */
const gathering = { gatherMs: 25, patienceMs: 500, most: 16 };

/** How long what a node has answered may be gone by within one update. Every change compares before it writes. */
export const recallMs = 30_000;

/** The nodes, as the rest of the library sees them: something to observe, and to apply steps to. */
export class Nodes {
  private readonly batches = new Map<string, Batch>();
  private readonly queues = new Map<string, Queue<Change, Done>>();
  private readonly recalls = new Map<string, Recall>();

  /** @param forMs how long an answer holds for others; default: not at all */
  constructor(
    private readonly pool: NodePool,
    private readonly lockTimeoutSeconds: number,
    private readonly settings: Pick<Settings, "nodes" | "timeoutSeconds"> = { nodes: {}, timeoutSeconds: defaultTimeoutSeconds },
    private readonly forMs = 0,
  ) {}

  /** How the settings call the node with this host name, where they know it. */
  named(hostname: string): string | undefined {
    return Object.keys(this.settings.nodes).find((name) => name === hostname || parseNodeName(name).host.split(".")[0] === hostname);
  }

  /** Reads a node. What is asked in the same moment is one round trip; what was answered lately is not asked again. */
  async observe(node: string, requests: readonly Request[]): Promise<Answers> {
    // before a batch is opened: one that nobody awaits would fail unheard
    requests.forEach(requestLine);
    const recall = this.recallOf(node);
    const replies = new Map<string, Answer>();
    for (let round = 1; ; round++) {
      const unknown = requests.filter((request) => {
        const line = requestLine(request);
        const known = replies.get(line) ?? recall.get(request);
        if (known) replies.set(line, known);
        return !known;
      });
      if (unknown.length === 0) break;
      // what did not come along is asked by itself: it must come to an end, however long a reading takes
      const batch = this.batchOf(node, round > 2);
      if (!batch.sent) for (const request of unknown) batch.requests.set(requestLine(request), request);
      // of one that is under way already: it may bring along what is wanted here
      for (const [line, answer] of await batch.answers) replies.set(line, answer);
    }
    const mine = requests.map((request) => replies.get(requestLine(request))!);
    return answersOf(requests, mine, (what) => denied(node, what));
  }

  /**
   * Applies the steps as one transaction, then reads the node. What is applied at about the same time is one round trip,
   * save for what takes its time.
   */
  async apply(node: string, steps: readonly Step[], observe: readonly Request[]): Promise<Answers> {
    const recall = this.recallOf(node);
    // what the steps don't touch is what it was
    const known = new Map(observe.flatMap((request) => {
      const answer = touches(steps, request) ? undefined : recall.get(request);
      return answer ? [[requestLine(request), answer] as const] : [];
    }));
    const change = { steps, observe: observe.filter((request) => !known.has(requestLine(request))) };
    const long = steps.some((step) => step.do === "stop" || step.do === "restart");
    const [answers] = long ? await this.applyAll(node, [change]).then(([result]) => settled(result!)) : await this.queueOf(node).add(change);
    // it is done, whatever became of the answers: that must not pass for a failure
    if (!answers) return this.observe(node, observe);
    change.observe.forEach((request, i) => known.set(requestLine(request), answers[i]!));
    return answersOf(observe, observe.map((request) => known.get(requestLine(request))!), (what) => denied(node, what));
  }

  private async applyAll(node: string, changes: readonly Change[]): Promise<PromiseSettledResult<Done>[]> {
    // whoever shares a round trip doesn't keep the others waiting for his lock: he comes again
    const wait = changes.length > 1 ? Math.min(1, this.lockTimeoutSeconds) : this.lockTimeoutSeconds;
    // our own lock of the granted ids is held by one after the other of them
    const waits = (path: string) => (path === subidsLock.path ? Math.max(this.lockTimeoutSeconds, subidsSeconds) : wait);
    const input = encodeTransactions(changes.map(({ steps, observe }) => encodeTransaction(steps, observe, waits)));
    // down, up, down again and up again
    const onTop = changes.flatMap(({ steps }) => steps).reduce((sum, step) => sum + ("seconds" in step ? 4 * step.seconds : step.do === "lock" ? waits(step.path) : 0), 0);
    const recall = this.recallOf(node);
    const { code, stdout, stderr } = await this.pool.run(node, nodeScripts.apply, input, this.limit(onTop)).catch((error: unknown) => {
      recall.forget();
      throw error;
    });
    const outcomes = decodeOutcomes(stdout, changes.map(({ observe }) => observe.length));
    const results = await Promise.allSettled(
      outcomes.map(async (outcome, i): Promise<Done> => {
        if (!outcome) throw broken(node, code, stdout, stderr);
        if ("refused" in outcome) throw refusalError(node, outcome.refused, changes[i]!.steps);
        return [outcome.done];
      }),
    );
    for (const [i, { steps, observe }] of changes.entries()) {
      const result = results[i]!;
      if (result.status === "rejected") recall.forget();
      else recall.note(steps, observe, result.value[0]);
    }
    return results;
  }

  /**
   * Shifts the owners of a container's files, or ends that.
   *
   * @param progress is told how many files were looked at so far
   */
  async shift(node: string, request: ShiftRequest, progress: (files: number) => void): Promise<Partial<ShiftCounts>> {
    const onStderr = (data: Buffer) => {
      const files = [...data.toString().matchAll(/^progress \S+ (\d+)$/gm)].at(-1)?.[1];
      if (files !== undefined) progress(Number(files));
    };
    const recall = this.recallOf(node);
    const { code, stdout, stderr } = await this.pool
      .run(node, nodeScripts.shift, encodeShift(request), { timeoutMs: shiftTimeoutMs, onStderr })
      .finally(() => recall.forget());
    const outcome = decodeShift(stdout);
    if (!outcome) throw cutShort(node, request.vmid, code, stderr);
    if ("refused" in outcome) throw shiftError(node, request.vmid, outcome.refused);
    return outcome.done;
  }

  /** Whether an answer may be of some seconds ago. */
  get remembers(): boolean {
    return this.forMs > 0;
  }

  /** What is asked next is read anew. */
  forget(): void {
    for (const recall of this.recalls.values()) recall.forget();
  }

  /** Ends the transactions that were interrupted on the node: puts back what was there before them. */
  async repair(node: string): Promise<Repairs> {
    const { code, stdout, stderr } = await this.pool.run(node, nodeScripts.repair, Buffer.alloc(0), this.limit(repairSeconds));
    if (code !== 0) throw broken(node, code, stdout, stderr);
    const repairs = decodeRepairs(stdout);
    if (repairs.undone.length > 0) this.recallOf(node).forget();
    return repairs;
  }

  close(): Promise<void> {
    return this.pool.close();
  }

  private limit(onTop = 0): { timeoutMs: number } {
    return { timeoutMs: (this.settings.timeoutSeconds + onTop) * 1000 };
  }

  private queueOf(node: string): Queue<Change, Done> {
    const known = this.queues.get(node) ?? new Queue((changes: Change[]) => this.applyAll(node, changes), gathering);
    this.queues.set(node, known);
    return known;
  }

  private recallOf(node: string): Recall {
    const known = this.recalls.get(node) ?? new Recall(this.forMs);
    this.recalls.set(node, known);
    return known;
  }

  /** @param alone nothing is taken along, and nobody else's is waited for */
  private batchOf(node: string, alone: boolean): Batch {
    const key = alone ? `${node} alone` : node;
    const open = this.batches.get(key);
    if (open && !(alone && open.sent)) return open;
    const batch: Batch = { requests: new Map(), sent: false, answers: Promise.resolve(new Map()) };
    batch.answers = new Promise<void>((resolve) => setTimeout(resolve, gatherMs)).then(async () => {
      const recall = this.recallOf(node);
      const own = [...batch.requests.values()];
      const questions = alone ? own : recall.along(own);
      batch.sent = true;
      const asked = Date.now();
      // without memory there is nothing to wait for
      if (this.forMs === 0) this.batches.delete(key);
      try {
        const { code, stdout, stderr } = await this.pool.run(node, nodeScripts.observe, encodeRequests(questions), this.limit());
        const replies = decodeAnswers(stdout, questions.length);
        if (!replies) throw broken(node, code, stdout, stderr);
        questions.forEach((question, i) => recall.take(question, replies[i]!, asked));
        return new Map(questions.map((question, i) => [requestLine(question), replies[i]!]));
      } finally {
        if (this.batches.get(key) === batch) this.batches.delete(key);
      }
    });
    this.batches.set(key, batch);
    return batch;
  }
}

function settled<T>(result: PromiseSettledResult<T>): T {
  if (result.status === "rejected") throw result.reason;
  return result.value;
}

function cutShort(node: string, vmid: number, code: number | null, stderr: Buffer): PostureError {
  const said = stderr.toString("utf8").replace(/^progress .*\n?/gm, "").trim().slice(-2000);
  return new PostureError(
    "interrupted",
    `${node}: changing the owners of the files of container ${vmid} ended with ${code ?? "a signal"}${said ? ` and said: ${said}` : ""}`,
    "The container stays locked, and its files are as far as it came. Run `pulumi up` again: it goes on from there.",
  );
}

function denied(node: string, what: string): never {
  throw new PostureError(
    "not-permitted",
    `${node}: reading ${what} was refused`,
    "Log in as root, or as an account that may use `sudo` for it (docs/sudo.md).",
  );
}

function broken(node: string, code: number | null, stdout: Buffer, stderr: Buffer): PostureError {
  // the first line is what a greeting would be; what follows may be a file of the node, with its secrets
  const [greeting = ""] = stdout.toString("utf8", 0, 200).split("\n");
  const said = stderr.toString("utf8").trim().slice(0, 2000) || (/^(?:ok|absent|denied|done|refused)\b/.test(greeting) ? "" : greeting);
  return new PostureError(
    "interrupted",
    `${node}: the script ended with ${code ?? "a signal"}${said ? ` and said: ${said}` : " and said nothing"}`,
    "A login that prints text (in .bashrc, or a forced command) or a full /tmp does this; `ssh <node> true` must print nothing.",
  );
}
