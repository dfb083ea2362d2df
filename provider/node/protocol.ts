import type { Answers, Request, Step } from "../plan/steps.js";

/** How requests and steps are written for the scripts on the node, and their answers read. */

export type Answer = { status: "ok" | "absent" | "denied"; body: Buffer };

export const requestLine = (request: Request): string => {
  switch (request.ask) {
    case "file":
      return oneLine(`file ${request.path}`);
    case "files":
    case "paths":
      return oneLine(`${request.ask} ${request.pattern}`);
    case "package":
      return oneLine(`package ${request.name}`);
    case "users":
      return oneLine(`users ${request.profile}`);
    case "live":
    case "owner":
      return oneLine(`${request.ask} ${request.vmid}`);
  }
};

/** The last guard: whatever a caller forgot to check, a line of the protocol stays one line. */
function oneLine(line: string): string {
  if (/[\u0000-\u001f\u007f-\uffff]/.test(line)) throw new RangeError(`not a request: ${JSON.stringify(line)}`);
  return line;
}

export function encodeRequests(requests: readonly Request[]): Buffer {
  return Buffer.from(requests.map((request) => `${requestLine(request)}\n`).join(""), "latin1");
}

/** Reads as many answers as there were requests; undefined when the output is not of that form. */
export function decodeAnswers(output: Buffer, count: number): Answer[] | undefined {
  const answers: Answer[] = [];
  for (let at = 0; answers.length < count; ) {
    const end = output.indexOf("\n", at);
    const head = end < 0 ? null : /^(ok|absent|denied) (\d+)$/.exec(output.toString("latin1", at, end));
    if (!head) return undefined;
    const from = end + 1;
    const to = from + Number(head[2]);
    if (to > output.length) return undefined;
    answers.push({ status: head[1] as Answer["status"], body: output.subarray(from, to) });
    at = to;
  }
  return answers;
}

/** The answers by what was asked. `denied` is told to the caller, which knows how to name it. */
export function answersOf(
  requests: readonly Request[],
  replies: readonly Answer[],
  denied: (what: string) => never,
): Answers {
  const byLine = new Map(requests.map((request, i) => [requestLine(request), replies[i]!]));
  const get = (request: Request): Answer => {
    const line = requestLine(request);
    const answer = byLine.get(line);
    if (!answer) throw new RangeError(`not asked: ${line}`);
    return answer.status === "denied" ? denied(line.slice(line.indexOf(" ") + 1)) : answer;
  };
  const text = (request: Request) => get(request).body.toString("latin1");
  return {
    asked: (request) => byLine.has(requestLine(request)),
    file(path) {
      const answer = get({ ask: "file", path });
      return answer.status === "absent" ? undefined : answer.body.toString("latin1");
    },
    files: (pattern) => Object.fromEntries(splitFiles(text({ ask: "files", pattern }))),
    paths: (pattern) => text({ ask: "paths", pattern }).split("\n").filter(Boolean),
    package: (name) => text({ ask: "package", name }).trim() || undefined,
    live: (vmid) => text({ ask: "live", vmid }),
    owner: (vmid) => text({ ask: "owner", vmid }).trim(),
  };
}

function splitFiles(body: string): [string, string][] {
  const files: [string, string][] = [];
  for (let at = 0; at < body.length; ) {
    const end = body.indexOf("\n", at);
    const head = end < 0 ? null : /^(\d+) (.+)$/.exec(body.slice(at, end));
    if (!head) break;
    const from = end + 1;
    files.push([head[2]!, body.slice(from, from + Number(head[1]))]);
    at = from + Number(head[1]);
  }
  return files;
}

/** A transaction as apply.sh reads it: steps by line, an empty line, then the bytes they refer to. */
export function encodeTransaction(steps: readonly Step[], observe: readonly Request[], lockTimeout: number): Buffer {
  const payload: Buffer[] = [];
  const length = (content: string | undefined): string => {
    if (content === undefined) return "-";
    payload.push(Buffer.from(content, "latin1"));
    return String(content.length);
  };
  const lines = steps.flatMap((step): string[] => {
    switch (step.do) {
      case "lock":
        return [`lock ${step.path} ${lockTimeout}`];
      case "file":
        return [`file ${step.path} ${length(step.before)} ${length(step.after)}`];
      case "load":
      case "unload":
        return [`${step.do} ${step.profile} ${step.path}`];
      case "stop":
        return [`stop ${step.vmid} ${step.seconds}`];
      case "restart": {
        const { revert, label = "-" } = step;
        const back = revert ? [`revert ${revert.path} ${length(revert.before)} ${length(revert.after)} ${revert.profile}`] : [];
        return [...back, `restart ${step.vmid} ${step.seconds} ${step.start ? 1 : 0} ${length(step.map)} ${label}`];
      }
      default:
        return [`${step.do} ${step.profile}`];
    }
  });
  const bytes = payload.reduce((sum, part) => sum + part.length, 0);
  const header = [`bytes ${bytes}`, ...lines, ...observe.map((request) => `observe ${requestLine(request)}`)];
  return Buffer.concat([Buffer.from(`${header.map(oneLine).join("\n")}\n\n`, "latin1"), ...payload]);
}

export interface Refusal {
  code: string;
  detail: string;
  output: string;
}

/** What apply.sh said: the answers after it is done, or why it refused; undefined when it said neither. */
export function decodeOutcome(output: Buffer, observe: readonly Request[]): Answer[] | Refusal | undefined {
  const end = output.indexOf("\n");
  const head = output.toString("latin1", 0, Math.max(end, 0));
  if (head === "done") return decodeAnswers(output.subarray(end + 1), observe.length);
  const refused = /^refused (\S+) (.*)$/.exec(head);
  return refused
    ? { code: refused[1]!, detail: refused[2]!, output: output.toString("utf8", end + 1).trim() }
    : undefined;
}
