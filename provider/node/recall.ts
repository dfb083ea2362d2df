import { kernelList } from "../apparmor/kernel.js";
import { machineRequests } from "../plan/machine.js";
import type { Request, Step } from "../plan/steps.js";
import { requestLine, splitAll, type Answer, type Question } from "./protocol.js";

const confsOfAll = "/etc/pve/nodes/*/lxc/*.conf";
const ofOne = /^\/etc\/pve\/nodes\/\*\/lxc\/\d+\.conf$/;

/**
 * What the first reading of a node takes along: the other resources of the same update will ask for it, one after the
 * other, and the engine waits for each.
 */
const alongAlways: readonly Question[] = [
  ...machineRequests,
  { ask: "file", path: kernelList },
  { ask: "package", name: "apparmor" },
  { ask: "paths", pattern: "/etc/pve/lxc" },
  { ask: "paths", pattern: confsOfAll },
  { ask: "lives" },
  { ask: "all", pattern: "/etc/pve/lxc/*.conf" },
  { ask: "all", pattern: "/etc/pve/firewall/*.fw" },
  { ask: "all", pattern: "/var/lib/lxc/*/config" },
  { ask: "all", pattern: "/var/lib/pve-posture/*" },
  { ask: "all", pattern: "/etc/apparmor.d/*" },
];

/** Parts of profiles include one another, level by level. */
const alongIncludes: readonly Question[] = ["abi", "abstractions", "abstractions/*", "tunables", "tunables/*"].map((folder) => ({
  ask: "all",
  pattern: `/etc/apparmor.d/${folder}/*`,
}));

/** All questions of a kind that were answered at once: what is not among the answers is not there. */
interface Listing {
  /** the lines of the questions */
  matches: RegExp;
  /** what can't be told all the same */
  others: Set<string>;
  missing: Answer;
  at: number;
}

const absent: Answer = { status: "absent", body: Buffer.alloc(0) };
const nothing: Answer = { status: "ok", body: Buffer.alloc(0) };

interface Known {
  /** undefined: it is known to be another one by now */
  answer?: Answer;
  at: number;
}

/** Whether the answer may be another one after the steps. */
export function touches(steps: readonly Step[], request: Request): boolean {
  return steps.some((step) => {
    if (step.do === "stop" || step.do === "restart") return true;
    // containers go up and down by themselves, and what they run with is what counts
    if (request.ask !== "file") return request.ask === "users" || request.ask === "files" || request.ask === "live";
    return step.do === "file" ? step.path === request.path : (step.do === "load" || step.do === "unload") && request.path === kernelList;
  });
}

/** What a node has answered lately, and what it was found to be by our own changes since. */
export class Recall {
  private readonly known = new Map<string, Known>();
  /** by the line of the question that brought them */
  private readonly listings = new Map<string, Listing>();
  /** when our own steps have changed what a question is about */
  private readonly noted = new Map<string, number>();
  private since = 0;

  /** @param forMs how long an answer holds; 0: not at all */
  constructor(
    private readonly forMs: number,
    private readonly now = Date.now,
  ) {}

  /** The answer to a question; undefined where it has to be asked. */
  get(request: Request): Answer | undefined {
    const line = requestLine(request);
    return this.fresh(line) ?? this.missing(line) ?? (request.ask === "paths" ? this.amongAll(request.pattern) : undefined);
  }

  /** The questions, with those that will come next. */
  along(requests: readonly Request[]): Question[] {
    if (this.forMs === 0) return [...requests];
    const more: Question[] = [];
    if (this.fresh(requestLine({ ask: "file", path: "/etc/machine-id" })) === undefined) more.push(...alongAlways);
    if (requests.some((request) => request.ask === "file" && /^\/etc\/apparmor\.d\/.+\//.test(request.path))) more.push(...alongIncludes);
    // what was taken along already, and did not tell, is asked by itself
    const along = more.filter((question) => this.fresh(requestLine(question)) === undefined);
    const covered = new Set(along.map(requestLine));
    const patterns = along.flatMap((question) => (question.ask === "all" ? [globOf(question.pattern)] : []));
    const isCovered = (request: Request): boolean => {
      if (covered.has(requestLine(request))) return true;
      if (request.ask === "file") return patterns.some((pattern) => pattern.test(request.path));
      if (request.ask === "live") return covered.has(requestLine({ ask: "lives" }));
      return request.ask === "paths" && ofOne.test(request.pattern) && covered.has(requestLine({ ask: "paths", pattern: confsOfAll }));
    };
    return [...requests.filter((request) => !isCovered(request)), ...along];
  }

  /** @param asked when; what we have changed since is known better */
  take(question: Question, answer: Answer, asked: number): void {
    if (asked < this.since) return;
    const at = this.now();
    const keep = (line: string, answer: Answer) => {
      if ((this.noted.get(line) ?? 0) > asked) return;
      this.known.set(line, { answer, at });
    };
    keep(requestLine(question), answer);
    if (question.ask !== "all" && question.ask !== "lives") return;
    const { files, others, whole } = splitAll(answer.body);
    const [kind, matches, missing] = question.ask === "lives" ? ["live", /^live \d+$/, nothing] as const : ["file", globOf(`file ${question.pattern}`), absent] as const;
    for (const [name, body] of files) keep(`${kind} ${name}`, { status: "ok", body });
    if (whole) this.listings.set(requestLine(question), { matches, others: new Set(others.map((name) => `${kind} ${name}`)), missing, at });
  }

  /** What steps of ours have made of the node, and what it answered then. */
  note(steps: readonly Step[], observed: readonly Request[], answers: readonly Answer[] = []): void {
    const at = this.now();
    const keep = (path: string, answer?: Answer) => {
      const line = requestLine({ ask: "file", path });
      this.known.set(line, { answer, at });
      this.noted.set(line, at);
    };
    for (const step of steps) {
      if (step.do === "file") {
        const { path, after } = step;
        keep(path, after === undefined ? absent : { status: "ok", body: Buffer.from(after, "latin1") });
      } else if (step.do === "load" || step.do === "unload") keep(kernelList);
      else if (step.do === "stop" || step.do === "restart") this.forget();
    }
    answers.forEach((answer, i) => this.take(observed[i]!, answer, this.now()));
  }

  /** After what went wrong nothing is certain. */
  forget(): void {
    this.since = this.now();
    this.known.clear();
    this.listings.clear();
  }

  private fresh(line: string): Answer | undefined {
    const known = this.known.get(line);
    return known && this.now() - known.at < this.forMs ? known.answer : undefined;
  }

  private missing(line: string): Answer | undefined {
    const listing = [...this.listings.values()].find(
      ({ matches, others, at }) => this.now() - at < this.forMs && matches.test(line) && !others.has(line),
    );
    return listing?.missing;
  }

  private amongAll(pattern: string): Answer | undefined {
    if (!ofOne.test(pattern)) return undefined;
    const listed = this.fresh(requestLine({ ask: "paths", pattern: confsOfAll }));
    const matches = globOf(pattern);
    const found = listed && linesOf(listed).filter((path) => matches.test(path));
    return found && { status: "ok", body: Buffer.from(found.map((path) => `${path}\n`).join(""), "latin1") };
  }
}

const linesOf = (answer: Answer): string[] => answer.body.toString("latin1").split("\n").filter(Boolean);

/** A shell's pattern: `*` stands for what is between two slashes, and for no dot in front. */
function globOf(pattern: string): RegExp {
  const parts = pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join("(?!\\.)[^/]*")}$`);
}
