import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PostureError } from "../errors.js";
import type { Answers, Request, Step } from "../plan/steps.js";
import { defaultTimeoutMs } from "./connection.js";
import type { NodePool } from "./pool.js";
import { parseNodeName } from "./node-name.js";
import type { Settings } from "./settings.js";
import { answersOf, decodeAnswers, decodeOutcome, encodeRequests, encodeTransaction, requestLine, type Answer } from "./protocol.js";
import { refusalError, shiftError } from "./refusal.js";
import { decodeShift, encodeShift, shiftScript, type ShiftCounts, type ShiftRequest } from "./shift.js";

const script = (name: string): string => readFileSync(join(__dirname, "scripts", name), "utf8");
const observeScript = script("prelude.sh") + script("observe.sh");
const applyScript = script("prelude.sh") + script("apply.sh");

/** How long the first of several questions waits for the others; the engine asks for many resources at once. */
const gatherMs = 10;

/** Millions of files take their time; what hangs shows by its progress. */
const shiftTimeoutMs = 12 * 3600_000;

interface Batch {
  requests: Map<string, Request>;
  answers: Promise<Map<string, Answer>>;
}

/** The nodes, as the rest of the library sees them: something to observe, and to apply steps to. */
export class Nodes {
  private readonly batches = new Map<string, Batch>();

  constructor(
    private readonly pool: NodePool,
    private readonly lockTimeoutSeconds: number,
    private readonly settings: Pick<Settings, "nodes"> = { nodes: {} },
  ) {}

  /** How the settings call the node with this host name, where they know it. */
  named(hostname: string): string | undefined {
    return Object.keys(this.settings.nodes).find((name) => name === hostname || parseNodeName(name).host.split(".")[0] === hostname);
  }

  /** Reads a node. What is asked in the same moment is one round trip. */
  async observe(node: string, requests: readonly Request[]): Promise<Answers> {
    // before a batch is opened: one that nobody awaits would fail unheard
    const lines = requests.map(requestLine);
    const batch = this.batchOf(node);
    lines.forEach((line, i) => batch.requests.set(line, requests[i]!));
    const answers = await batch.answers;
    const mine = lines.map((line) => answers.get(line)!);
    return answersOf(requests, mine, (what) => denied(node, what));
  }

  /** Applies the steps as one transaction, then reads the node, in one round trip. */
  async apply(node: string, steps: readonly Step[], observe: readonly Request[]): Promise<Answers> {
    const input = encodeTransaction(steps, observe, this.lockTimeoutSeconds);
    // down, up, down again and up again
    const restarts = steps.reduce((sum, step) => sum + ("seconds" in step ? 4 * step.seconds : 0), 0);
    const { code, stdout, stderr } = await this.pool.run(node, applyScript, input, { timeoutMs: defaultTimeoutMs + restarts * 1000 });
    const outcome = decodeOutcome(stdout, observe);
    // it is done, whatever became of the answers: that must not pass for a failure
    if (!outcome && stdout.toString("latin1", 0, 5) === "done\n") return this.observe(node, observe);
    if (!outcome) throw broken(node, code, stdout, stderr);
    if (!Array.isArray(outcome)) throw refusalError(node, outcome, steps);
    return answersOf(observe, outcome, (what) => denied(node, what));
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
    const { code, stdout, stderr } = await this.pool.run(node, shiftScript(), encodeShift(request), { timeoutMs: shiftTimeoutMs, onStderr });
    const outcome = decodeShift(stdout);
    if (!outcome) throw cutShort(node, request.vmid, code, stderr);
    if ("refused" in outcome) throw shiftError(node, request.vmid, outcome.refused);
    return outcome.done;
  }

  close(): Promise<void> {
    return this.pool.close();
  }

  private batchOf(node: string): Batch {
    const open = this.batches.get(node);
    if (open) return open;
    const requests = new Map<string, Request>();
    const answers = new Promise<void>((resolve) => setTimeout(resolve, gatherMs)).then(async () => {
      this.batches.delete(node);
      const asked = [...requests.values()];
      const { code, stdout, stderr } = await this.pool.run(node, observeScript, encodeRequests(asked));
      const replies = decodeAnswers(stdout, asked.length);
      if (!replies) throw broken(node, code, stdout, stderr);
      return new Map(asked.map((request, i) => [requestLine(request), replies[i]!]));
    });
    const batch = { requests, answers };
    this.batches.set(node, batch);
    return batch;
  }
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
    "Log in as root, or as a user who may run `sudo -n sh` (see «least privilege» in the README).",
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
