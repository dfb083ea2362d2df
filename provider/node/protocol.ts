import type { Answers, Request, Step } from "../plan/steps.js";

/** How requests and steps are written for the scripts on the node, and their answers read. */

export type Answer = { status: "ok" | "absent" | "denied"; body: Buffer };

/** A request, or one of this room's own: every file that matches the shell pattern; every container that runs. */
export type Question = Request | { ask: "all"; pattern: string } | { ask: "lives" };

export const requestLine = (request: Question): string => {
  switch (request.ask) {
    case "file":
      return oneLine(`file ${request.path}`);
    case "files":
    case "paths":
    case "all":
      return oneLine(`${request.ask} ${request.pattern}`);
    case "lives":
      return "lives all";
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

/** A field of a step's line, of which more follow: a blank would make two of it. */
function word(text: string): string {
  if (!/^[^ ]+$/.test(text)) throw new RangeError(`not a word: ${JSON.stringify(text)}`);
  return text;
}

export function encodeRequests(requests: readonly Question[]): Buffer {
  return Buffer.from(requests.map((request) => `${requestLine(request)}\n`).join(""), "latin1");
}

/** Reads as many answers as there were requests; undefined when the output is not of that form. */
export function decodeAnswers(output: Buffer, count: number): Answer[] | undefined {
  const { answers } = readAnswers(output, 0, count);
  return answers.length === count ? answers : undefined;
}

/** As many answers as there are, and where they end. */
function readAnswers(output: Buffer, start: number, count: number): { answers: Answer[]; end: number } {
  const answers: Answer[] = [];
  let at = start;
  while (answers.length < count) {
    const end = output.indexOf("\n", at);
    const head = end < 0 ? null : /^(ok|absent|denied) (\d+)$/.exec(output.toString("latin1", at, end));
    const from = end + 1;
    const to = from + Number(head?.[2]);
    if (!head || to > output.length) break;
    answers.push({ status: head[1] as Answer["status"], body: output.subarray(from, to) });
    at = to;
  }
  return { answers, end: at };
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

/** What `all` is answered with: the files, what else is there, and whether nothing can be missing. */
export function splitAll(body: Buffer): { files: [path: string, body: Buffer][]; others: string[]; whole: boolean } {
  const end = body.indexOf("\n\n");
  const [head, ...lines] = body.toString("latin1", 0, Math.max(end, 0)).split("\n");
  const files: [string, Buffer][] = [];
  const others: string[] = [];
  let at = end + 2;
  for (const line of lines) {
    const [, size, path] = /^(\d+|-) (.+)$/.exec(line) ?? [];
    if (path === undefined) continue;
    if (size === "-") others.push(path);
    else files.push([path, body.subarray(at, (at += Number(size)))]);
  }
  // half an answer is none
  return at === body.length ? { files, others, whole: head === "whole" } : { files: [], others: [], whole: false };
}

/** A transaction as apply.sh reads it: its steps and the questions after them by line, and the bytes that they refer to. */
export interface Encoded {
  steps: Buffer;
  bytes: Buffer;
}

/** Transactions as apply.sh reads them. */
export function encodeTransactions(transactions: readonly Encoded[]): Buffer {
  const lengths = transactions.map(({ steps, bytes }) => `${steps.length} ${bytes.length}`);
  return Buffer.concat([Buffer.from(`transactions ${lengths.join(" ")}\n`), ...transactions.flatMap(({ steps, bytes }) => [steps, bytes])]);
}

export function encodeTransaction(steps: readonly Step[], observe: readonly Request[], lockTimeout: number | ((path: string) => number)): Encoded {
  const payload: Buffer[] = [];
  const length = (content: string | undefined): string => {
    if (content === undefined) return "-";
    payload.push(Buffer.from(content, "latin1"));
    return String(content.length);
  };
  const lines = steps.flatMap((step): string[] => {
    switch (step.do) {
      case "lock":
        return [`lock ${word(step.path)} ${typeof lockTimeout === "number" ? lockTimeout : lockTimeout(step.path)}`];
      case "file":
        return [`file ${word(step.path)} ${length(step.before)} ${length(step.after)}`];
      case "load":
      case "unload":
        return [`${step.do} ${word(step.profile)} ${word(step.path)}`];
      case "stop":
        return [`stop ${step.vmid} ${step.seconds}`];
      case "restart": {
        const { revert, label = "-" } = step;
        const back = revert ? [`revert ${word(revert.path)} ${length(revert.before)} ${length(revert.after)} ${word(revert.profile)}`] : [];
        return [...back, `restart ${step.vmid} ${step.seconds} ${step.start ? 1 : 0} ${length(step.map)} ${word(label)}`];
      }
      default:
        return [`${step.do} ${word(step.profile)}`];
    }
  });
  const text = [...lines, ...observe.map((request) => `observe ${requestLine(request)}`)].map((line) => `${oneLine(line)}\n`);
  return { steps: Buffer.from(text.join(""), "latin1"), bytes: Buffer.concat(payload) };
}

export interface Refusal {
  code: string;
  detail: string;
  output: string;
}

/** How a transaction ended: the answers after it is done (undefined: they were cut), or why it was refused. */
export type Outcome = { done: Answer[] | undefined } | { refused: Refusal };

/**
 * What apply.sh said of each transaction; of one that it said nothing of, undefined.
 *
 * @param counts how many answers each has asked for
 */
export function decodeOutcomes(output: Buffer, counts: readonly number[]): (Outcome | undefined)[] {
  const outcomes = counts.map((): Outcome | undefined => undefined);
  const line = (at: number): string | undefined => {
    const end = output.indexOf("\n", at);
    return end < 0 ? undefined : output.toString("latin1", at, end);
  };
  for (let at = 0; ; ) {
    const head = line(at);
    const index = Number(/^result (\d+)$/.exec(head ?? "")?.[1] ?? NaN) - 1;
    const verdict = Number.isNaN(index) ? undefined : line(at + head!.length + 1);
    if (verdict === undefined) return outcomes;
    at += head!.length + verdict.length + 2;
    const [, length, code, detail] = /^refused (\d+) (\S+) (.*)$/.exec(verdict) ?? [];
    if (code !== undefined) {
      const refused = { code, detail: detail!, output: output.toString("utf8", at, at + Number(length)).trim() };
      // of none in particular: of all
      if (index < 0) return outcomes.map(() => ({ refused }));
      outcomes[index] = { refused };
      at += Number(length);
    } else if (verdict === "done" && index in counts) {
      const read = readAnswers(output, at, counts[index]!);
      outcomes[index] = { done: read.answers.length === counts[index] ? read.answers : undefined };
      at = read.end;
    } else return outcomes;
  }
}
