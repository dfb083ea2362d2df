import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  answersOf, decodeAnswers, decodeOutcomes, encodeRequests, encodeTransaction, encodeTransactions, type Answer, type Question, type Refusal,
} from "../../provider/node/protocol.js";
import { nodeScripts } from "../../provider/node/node-scripts.js";
import type { Answers, Request, Step } from "../../provider/plan/steps.js";
import { standInsFor, type StandIns } from "../../provider/testing/index.js";

export const { observe: observeScript, apply: applyScript } = nodeScripts;

/** Every kind of sh that a node may have, of those that are here. */
export const shells: [name: string, command: string[]][] = (
  [
    ["sh", ["sh"]],
    ["dash", ["dash"]],
    ["busybox sh", ["busybox", "sh"]],
    // --norc: with a socket for its input bash takes itself for rshd's
    ["bash --posix", ["bash", "--posix", "--norc"]],
  ] as [string, string[]][]
).filter(([, [program, ...rest]]) => spawnSync(program!, [...rest, "-c", "exit 0"]).status === 0);

/** One transaction as apply.sh reads it. */
export const transaction = (steps: Step[], observe: Request[] = [], wait = 1): Buffer => encodeTransactions([encodeTransaction(steps, observe, wait)]);

const roots: string[] = [];
after(() => roots.forEach((root) => rmSync(root, { recursive: true, force: true })));

/** A node's tree with its programs, and the scripts run over it. Content is latin1 as everywhere. */
export class Place {
  shell: string[] = ["sh"];
  private constructor(readonly node: StandIns) {
    mkdirSync(join(node.root, "tmp"), { recursive: true });
  }

  static async make(options: Parameters<typeof standInsFor>[1] = {}): Promise<Place> {
    const root = mkdtempSync(join(tmpdir(), "pve-posture-test-"));
    roots.push(root);
    return new Place(await standInsFor(root, options));
  }

  get env() {
    return { ...this.node.env, TMPDIR: join(this.node.root, "tmp") };
  }

  at(path: string): string {
    return join(this.node.root, path);
  }

  read(path: string): string | undefined {
    return existsSync(this.at(path)) ? readFileSync(this.at(path), "latin1") : undefined;
  }

  write(path: string, content: string): void {
    mkdirSync(join(this.at(path), ".."), { recursive: true });
    writeFileSync(this.at(path), content, "latin1");
  }

  run(script: string, input: Buffer, as: string[] = []) {
    const [program, ...args] = [...as, ...this.shell, "-c", script];
    const result = spawnSync(program!, args, { env: this.env, input, maxBuffer: 1 << 26 });
    return { stdout: result.stdout, stderr: result.stderr.toString(), status: result.status };
  }

  observe(requests: Request[], as: string[] = []): { answers: Answers; statuses: string[] } {
    const { stdout, stderr } = this.run(observeScript, encodeRequests(requests), as);
    const replies = decodeAnswers(stdout, requests.length);
    if (!replies) throw new Error(`no answers but ${stdout.toString()} ${stderr}`);
    const answers = answersOf(requests, replies, (what) => {
      throw new Error(`denied: ${what}`);
    });
    return { answers, statuses: replies.map(({ status }) => status) };
  }

  answers(questions: Question[]): Answer[] {
    const { stdout, stderr } = this.run(observeScript, encodeRequests(questions));
    const replies = decodeAnswers(stdout, questions.length);
    if (!replies) throw new Error(`no answers but ${stdout.toString()} ${stderr}`);
    return replies;
  }

  observeStatus(request: Request): string {
    return decodeAnswers(this.run(observeScript, encodeRequests([request])).stdout, 1)![0]!.status;
  }

  users(profile: string): string {
    const { stdout } = this.run(observeScript, encodeRequests([{ ask: "users", profile }]));
    return decodeAnswers(stdout, 1)![0]!.body.toString();
  }

  apply(steps: Step[], observe: Request[] = [], wait = 1): "done" | Refusal {
    const { stdout, stderr } = this.run(applyScript, transaction(steps, observe, wait));
    return this.outcome(stdout, observe, stderr);
  }

  outcome(stdout: Buffer, observe: Request[] = [], stderr = ""): "done" | Refusal {
    const [outcome] = decodeOutcomes(stdout, [observe.length]);
    if (!outcome) throw new Error(`neither done nor refused: ${stdout.toString()} ${stderr}`);
    return "done" in outcome ? "done" : outcome.refused;
  }

  live(vmid: number): string {
    return this.observe([{ ask: "live", vmid }]).answers.live(vmid);
  }

  /** Runs a program of the node's own, and returns what it says. */
  program(path: string, ...args: string[]): string {
    return spawnSync(this.at(path), args, { env: this.env }).stdout.toString();
  }

  /** The stand-ins' own files aside, everything that is there, with its content. */
  everything(below = ""): Record<string, string> {
    const found: Record<string, string> = {};
    for (const entry of readdirSync(this.at(below || "/"), { withFileTypes: true })) {
      const path = `${below}/${entry.name}`;
      if (path === "/.stand-ins" || path.startsWith("/run/lock")) continue;
      // what we keep there is no part of the node's configuration, but nothing may be left in it
      if (entry.isDirectory()) Object.assign(found, this.everything(path), path === "/var/lib/pve-posture" ? {} : { [`${path}/`]: "" });
      else found[path] = entry.isSymbolicLink() ? "link" : readFileSync(this.at(path), "latin1");
    }
    return found;
  }
}
