import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import type { Secrecy } from "../container/shown.js";
import { PostureError } from "../errors.js";
import type { Nodes } from "../node/nodes.js";
import type { Kept, Kind, Plan } from "../plan/kind.js";
import { machineOf } from "../plan/machine.js";
import { changesSomething, type Answers } from "../plan/steps.js";
import type { Claims } from "./claims.js";
import { isUncertain, isUnreachable } from "./reach.js";
import { renderChanges, say, warn } from "./report.js";
import type { Turns } from "./turns.js";
import { failuresOf, hasUnknown, ownInputs, type Failure } from "./validate.js";

type Props = Record<string, unknown>;

interface Diff {
  changes: boolean;
  replaces?: string[];
}

export interface Settings {
  preview: "live" | "offline" | "strict";
  lockTimeoutSeconds: number;
}

/** How often a plan is made anew because somebody else edited the file between our reading and our writing. */
const maxRaces = 10;

/** What the engine asks of a resource, in terms of its kind: observe, plan, apply, read back. */
export class Lifecycle<Inputs extends { node: string }, State extends Inputs & Kept<Memory>, Memory> {
  private readonly warned = new Set<string>();

  constructor(
    private readonly kind: Kind<Inputs, State, Memory>,
    private readonly nodes: () => Nodes,
    private readonly settings: () => Settings,
    private readonly claims: Claims,
    private readonly turns: Turns,
  ) {}

  async check(olds: Props, news: Props): Promise<{ inputs: Props; failures: Failure[] }> {
    const failures = failuresOf(this.kind.schema, ownInputs(news), secrecyOf(news));
    const isNew = Object.keys(ownInputs(olds)).length === 0;
    if (failures.length === 0 && isNew && isPreview(news)) await this.announce(news);
    return { inputs: news, failures };
  }

  async diff(id: string, olds: Props, news: Props): Promise<Diff> {
    if (hasUnknown(ownInputs(news))) return { changes: true, replaces: this.replaces(olds, news) };
    const former = this.stateOf(olds);
    const asDeclared = this.inputsOf(news);
    const asBefore = (answers?: Answers) => this.kind.asBefore?.(asDeclared, former, answers) ?? asDeclared;
    const differs = (inputs: Inputs) => !same(this.inputsIn(olds), inputs) || secrecyOf(olds) !== secrecyOf(news);
    const offline: Diff = { changes: differs(asBefore()), replaces: this.replaces(olds, news) };
    if (isPreview(news) && this.settings().preview === "offline") return offline;
    return this.whenReachable(news, offline, async (): Promise<Diff> => {
      const answers = await this.observe(asDeclared, former);
      const inputs = asBefore(answers);
      const declared = differs(inputs);
      const machine = this.machine(answers, inputs);
      const replaces = this.replaces(olds, news, machineOf(answers));
      if (replaces.length > 0) return { changes: true, replaces };
      const plan = this.plan(id, inputs, former, answers);
      const outputs = this.kind.outputs(inputs, plan.memory, answers, secrecyOf(news));
      this.claims.make(machine, id, this.kind.claims(outputs), this.where(inputs));
      const drift = changesSomething(plan.steps);
      if (drift) {
        this.tell(!declared ? "drift" : isPreview(news) ? "will change" : "changes", inputs, plan, news);
        if (isPreview(news)) this.remark(inputs, plan, news);
      }
      return { changes: drift || declared || !same(this.essential(outputs), this.essential(ownInputs(olds))) };
    });
  }

  async create(news: Props): Promise<{ id: string; outs: Props }> {
    const inputs = this.inputsOf(news);
    const id = `${inputs.node}/${this.kind.title(inputs).replaceAll(" ", "-")}/${randomBytes(4).toString("hex")}`;
    const outs = await this.converge(id, inputs, undefined, news).catch((error: unknown) => {
      // what was not made stands for nothing; a partial failure has an id, and does
      if (!(error instanceof Error && "id" in error)) this.claims.forget(id);
      throw error;
    });
    return { id, outs };
  }

  async update(id: string, olds: Props, news: Props): Promise<{ outs: Props }> {
    return { outs: await this.converge(id, this.inputsOf(news), this.stateOf(olds), news) };
  }

  async read(id: string, props: Props): Promise<{ id: string; props: Props }> {
    const inputs = this.inputsIn(props);
    const answers = await this.observe(inputs);
    if (this.kind.isGone(inputs, answers)) return { id: "", props: {} };
    const { ledger } = this.stateOf(props);
    const state = this.reading(() => this.kind.outputs(inputs, ledger, answers, secrecyOf(props)), inputs);
    return { id, props: { ...state, ...hidden(props) } };
  }

  async delete(id: string, props: Props): Promise<void> {
    const state = this.stateOf(props);
    const inputs = this.inputsIn(props);
    await this.exclusively(state.machine, inputs, async () => {
      await this.settle(inputs, async () => {
        const answers = await this.observe(inputs);
        const machine = this.machine(answers, inputs);
        const claimed = (path: string, text: string) => this.claims.claimed(machine, id, path, text);
        let plan: Plan<unknown>;
        try {
          plan = this.reading(() => this.kind.planDelete(state, answers, claimed), inputs);
        } catch (error) {
          if (!this.hasMoved(error, id, state)) throw error;
          say(`${this.where(inputs)}: ${(error as PostureError).what}; another resource stands for it there`);
          return;
        }
        const kept = this.kind.claims(state).filter(({ path, text }) => claimed(path, text));
        if (kept.length > 0) {
          warn(
            `${this.where(inputs)}: another resource stands for ${kept.length} of its lines now; they stay, and what was there ` +
              "before them is no longer known. If it was renamed in the program, give it `aliases` with its former name instead.",
          );
        }
        this.claims.drop(machine, id);
        for (const note of plan.notes) say(`${this.where(inputs)}: ${note}`);
        if (plan.blocked) throw plan.blocked;
        if (plan.steps.length === 0) return;
        await this.nodes()
          .apply(inputs.node, plan.steps, [])
          .catch((error: unknown) => Promise.reject(hideSecrets(error, secrecyOf(props))));
      });
    });
  }

  /** Whether the container has migrated, and a resource of this update stands for it on its new node. */
  private hasMoved(error: unknown, id: string, state: State): boolean {
    const paths = this.kind.claims(state).map(({ path }) => path);
    return (
      error instanceof PostureError && error.code === "container-elsewhere" && this.claims.standsForAny(id, paths)
    );
  }

  /** Makes the node what is declared and returns what it has then. */
  private converge(id: string, inputs: Inputs, former: State | undefined, news: Props): Promise<Props> {
    const requests = this.kind.requests(inputs);
    const secrecy = secrecyOf(news);
    return this.exclusively(former?.machine, inputs, () =>
      this.settle(inputs, async () => {
        const answers = await this.observe(inputs, former);
        const plan = this.plan(id, inputs, former, answers);
        const machine = this.machine(answers, inputs);
        const intended = this.kind.outputs(inputs, plan.memory, answers, secrecy);
        this.claims.make(machine, id, this.kind.claims(intended), this.where(inputs));
        if (!changesSomething(plan.steps)) return { ...intended, ...hidden(news) };
        if (plan.blocked) throw plan.blocked;
        const apply = () => this.nodes().apply(inputs.node, plan.steps, requests);
        const unsure = (cause: Error) =>
          partial(id, { ...intended, ...kept(news) }, `${cause.message}\n  It is not known whether the change took effect.`);
        const after = await apply().catch((error: unknown) => {
          if (!isUncertain(error)) throw hideSecrets(error, secrecy);
          return this.afterLoss(inputs, plan, apply, error, unsure);
        });
        const { state, problem } = this.readBack(inputs, intended, plan.memory, after, secrecy);
        if (problem) {
          throw partial(id, { ...state, ...kept(news) }, `${this.where(inputs)}: the node took the change, but ${problem}`);
        }
        // of an update, diff has told
        if (!former) this.tell("changed", inputs, plan, news);
        this.remark(inputs, plan, news);
        return { ...state, ...hidden(news) };
      }),
    );
  }

  /** What the node has after the change; where that can't be read, what was intended must not be lost. */
  private readBack(
    inputs: Inputs,
    intended: State,
    memory: Memory,
    after: Answers,
    secrecy: Secrecy,
  ): { state: State; problem?: string } {
    let state = intended;
    try {
      state = this.kind.outputs(inputs, memory, after, secrecy);
      const differs = changesSomething(this.kind.plan(inputs, state, after).steps);
      return differs ? { state, problem: "shows something else now" } : { state };
    } catch (error) {
      if (!(error instanceof PostureError)) throw error;
      return { state, problem: `now says: ${error.what}` };
    }
  }

  /**
   * The connection broke while the steps ran. Sending them again is safe: they wait for the lock that the first try may
   * still hold, and refuse if it has taken effect, which reading then shows.
   */
  private async afterLoss(
    inputs: Inputs,
    plan: Plan<Memory>,
    apply: () => Promise<Answers>,
    cause: Error,
    unsure: (cause: Error) => Error,
  ): Promise<Answers> {
    try {
      return await apply();
    } catch (error) {
      // the first try may still be at it
      if (isUncertain(error) || (error instanceof PostureError && error.code === "container-locked")) throw unsure(cause);
      if (!(error instanceof PostureError) || error.code !== "changed-meanwhile") throw error;
    }
    const answers = await this.observe(inputs).catch(() => Promise.reject(unsure(cause)));
    const files = plan.steps.filter((step) => step.do === "file");
    if (files.every((step) => answers.file(step.path) === step.after)) return answers;
    // somebody else has written since, before the first try or after it: what we did must not be lost
    throw unsure(cause);
  }

  /** What would be made, as far as the inputs are known; the engine itself asks nothing for what is not there yet. */
  private async announce(news: Props): Promise<void> {
    if (this.settings().preview === "offline") return;
    const own = Object.entries(ownInputs(news));
    const later = own.filter(([, value]) => hasUnknown(value)).map(([key]) => key);
    const known = this.kind.schema.safeParse(Object.fromEntries(own.filter(([key]) => !later.includes(key))));
    if (!known.success) return;
    const inputs = known.data;
    const missing = later.length > 0 ? ` (as far as is known: ${later.join(", ")} will be known in the update)` : "";
    await this.whenReachable(news, undefined, async () => {
      const answers = await this.observe(inputs);
      try {
        const plan = this.plan("", inputs, undefined, answers);
        if (changesSomething(plan.steps)) this.tell(`will change${missing}`, inputs, plan, news);
        else say(`${this.where(inputs)}: is as declared already; it will be adopted unchanged${missing}`);
        this.remark(inputs, plan, news);
        if (plan.blocked) say(`${this.where(inputs)}: ${plan.blocked.what}`);
      } catch (error) {
        // what is missing now may be made by the same program before its turn comes
        if (!(error instanceof PostureError)) throw error;
        warn(error.message);
      }
    });
  }

  private essential(outputs: object): Props {
    const incidental: readonly string[] = this.kind.incidental ?? [];
    return Object.fromEntries(Object.entries(outputs).filter(([key]) => !incidental.includes(key)));
  }

  private tell(word: string, inputs: Inputs, plan: Plan<unknown>, news: Props): void {
    const when = word === "changed" ? "before" : "now";
    const lines = [...renderChanges(plan.changes, secrecyOf(news)), ...plan.differences.map((line) => `${when}: ${line}`)];
    say([`${this.where(inputs)}: ${word}`, ...lines.map((line) => `  ${line}`)].join("\n"));
  }

  private remark(inputs: Inputs, { notes, findings = [] }: Plan<unknown>, news: Props): void {
    for (const note of [...notes, ...(secrecyOf(news) === "shown" ? findings : [])]) say(`${this.where(inputs)}: ${note}`);
  }

  /** In a preview, a node that can't be reached is a warning: those of pull requests have no SSH. */
  private async whenReachable<T>(news: Props, otherwise: T, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!isPreview(news) || this.settings().preview === "strict" || !isUnreachable(error)) throw error;
      const node = String(news["node"]);
      if (!this.warned.has(node)) {
        this.warned.add(node);
        warn(`${error.message}\n  This preview shows the state only, not what is on ${node}. An update would fail here.`);
      }
      return otherwise;
    }
  }

  private exclusively<T>(machine: string | undefined, inputs: Inputs, work: () => Promise<T>): Promise<T> {
    return this.turns.take(`${machine ?? inputs.node} ${this.kind.title(inputs)}`, work);
  }

  /** Starts over when somebody else was faster, and waits while the container is locked. */
  private async settle<T>(inputs: Inputs, work: () => Promise<T>): Promise<T> {
    const deadline = Date.now() + this.settings().lockTimeoutSeconds * 1000;
    for (let races = 0, told = false; ; ) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof PostureError)) throw error;
        if (error.code === "changed-meanwhile" && races++ < maxRaces) {
          await sleep(Math.random() * 100 * races);
          continue;
        }
        if (error.code !== "container-locked" || Date.now() >= deadline) throw error;
        if (!told) say(`${this.where(inputs)}: ${error.what}; waiting up to ${this.settings().lockTimeoutSeconds} s`);
        told = true;
        await sleep(1000);
      }
    }
  }

  /** Everything is asked anew with each question that an answer raises, so that all answers are of one moment. */
  private async observe(inputs: Inputs, former?: State): Promise<Answers> {
    for (let requests = this.kind.requests(inputs); ; ) {
      const answers = await this.nodes().observe(inputs.node, requests);
      const more = (this.kind.follow?.(inputs, former, answers) ?? []).filter((request) => !answers.asked(request));
      if (more.length === 0) return answers;
      requests = [...requests, ...more];
    }
  }

  private plan(id: string, inputs: Inputs, former: State | undefined, answers: Answers): Plan<Memory> {
    const claimed = (path: string, form: string) => this.claims.claimed(this.machine(answers, inputs), id, path, form);
    return this.reading(() => this.kind.plan(inputs, former, answers, claimed), inputs);
  }

  /** What claims are kept by; a machine that can't be told is the one of that name. */
  private machine(answers: Answers, { node }: Inputs): string {
    return machineOf(answers) || node;
  }

  /** Says on which node it was. */
  private reading<T>(work: () => T, { node }: Inputs): T {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof PostureError) || error.what.startsWith(`${node}: `)) throw error;
      throw new PostureError(error.code, `${node}: ${error.what}`, error.hint, { cause: error });
    }
  }

  private where(inputs: Inputs): string {
    return `${inputs.node}: ${this.kind.title(inputs)}`;
  }

  private stateOf(props: Props): State {
    const { ledger } = props;
    if (typeof ledger === "object" && ledger !== null) return props as unknown as State;
    throw new PostureError(
      "invalid-input",
      `the state of ${this.kind.title(this.inputsIn(props))} has no ledger, so what was there before us is not known`,
      "Bring the state back from a backup. Failing that, `pulumi state delete` it and run `pulumi up`: what is there is adopted.",
    );
  }

  private inputsOf(news: Props): Inputs {
    return this.kind.schema.parse(ownInputs(news));
  }

  /** The inputs within a state, whatever else stands there. */
  private inputsIn(props: Props): Inputs {
    const shape = (this.kind.schema as unknown as { shape: Props }).shape;
    return Object.fromEntries(Object.entries(props).filter(([key]) => key in shape)) as unknown as Inputs;
  }

  private replaces(olds: Props, news: Props, machine?: string): string[] {
    const changed = this.kind.replaceOn.filter(
      (key) => !hasUnknown(news[key]) && !isDeepStrictEqual(olds[key], news[key]),
    );
    // another name for the same machine is no other machine
    const moved = !hasUnknown(news["node"]) && olds["node"] !== news["node"] && (!machine || machine !== olds["machine"]);
    return moved ? [...changed, "node"] : changed;
  }
}

const isPreview = (news: Props): boolean => news["__preview"] === true;
const secrecyOf = (news: Props): Secrecy => (Array.isArray(news["__secret"]) && news["__secret"].length > 0 ? "hidden" : "shown");

/** As the engine sees them: what is undefined is not there. */
const same = (a: unknown, b: unknown): boolean =>
  isDeepStrictEqual(JSON.parse(JSON.stringify(a)), JSON.parse(JSON.stringify(b)));

/** What must be known when nothing but the state is at hand. */
const hidden = (props: Props): Props => (props["__secret"] === undefined ? {} : { __secret: props["__secret"] });

/** With the provider's text, which the engine would otherwise lose in a partial failure. */
const kept = (news: Props): Props => ({ ...hidden(news), __provider: news["__provider"] });

/** The compiler quotes the text that it doesn't understand. */
function hideSecrets(error: unknown, secrecy: Secrecy): unknown {
  if (secrecy === "shown" || !(error instanceof PostureError)) return error;
  return new PostureError(error.code, `the node refused it: ${error.code} (details not shown, as an input is a secret)`);
}

/** An error that the engine takes as «it exists, but not quite as it should», and that keeps what was really done. */
function partial(id: string, properties: Props, message: string): Error {
  const error = new PostureError("node-failed", message, "Run `pulumi up` again: it looks at the node and finishes.");
  return Object.assign(error, { id, properties, reasons: [error.message] });
}
