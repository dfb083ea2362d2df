import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import type { Secrecy } from "../container/shown.js";
import { PostureError, type ErrorCode } from "../errors.js";
import type { Nodes } from "../node/nodes.js";
import { repairNotes } from "../node/repair.js";
import type { Kept, Kind, Plan } from "../plan/kind.js";
import { notInForceMark } from "../plan/live.js";
import { hostnameOf, machineOf } from "../plan/machine.js";
import type { Shifting } from "../plan/ownership.js";
import { changesSomething, transactions, type Answers, type Step } from "../plan/steps.js";
import type { Claims } from "./claims.js";
import { isUncertain, isUnreachable } from "./reach.js";
import { RecentProfiles } from "./recent.js";
import { renderChanges, say, warn } from "./report.js";
import { shiftAndApply, type Shifter } from "./shifting.js";
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

/** What a node says, and the node that says it: of a container that has migrated, the one that has it now. */
interface Seen {
  node: string;
  answers: Answers;
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
    private readonly recent = new RecentProfiles(),
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
    return this.whenReachable(news, offline, () => this.twice(async (): Promise<Diff> => {
      const seen = await this.observe(asDeclared, former, isPreview(news) ? "look" : "mend");
      const { answers } = seen;
      const inputs = asBefore(answers);
      const declared = differs(inputs);
      const replaces = this.replaces(olds, news, machineOf(answers), seen.node !== inputs.node);
      if (replaces.length > 0) return { changes: true, replaces };
      const plan = this.plan(id, inputs, former, seen, secrecyOf(news));
      const outputs = this.kind.outputs(inputs, plan.memory, answers, secrecyOf(news));
      this.claims.make(this.machine(seen), id, this.kind.claims(outputs), this.where(inputs, seen));
      const drift = hasWork(plan);
      if (drift) {
        this.tell(!declared ? "drift" : isPreview(news) ? "will change" : "changes", this.where(inputs, seen), plan, news);
        if (isPreview(news)) this.remark(this.where(inputs, seen), plan, news);
      }
      return { changes: drift || declared || !same(this.essential(outputs), this.essential(ownInputs(olds))) };
    }));
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
    let { node, answers } = await this.observe(inputs, undefined, "look");
    if (this.kind.isGone(inputs, answers) && this.nodes().remembers) {
      this.nodes().forget();
      ({ node, answers } = await this.observe(inputs, undefined, "look"));
    }
    if (this.kind.isGone(inputs, answers)) return { id: "", props: {} };
    const { ledger } = this.stateOf(props);
    const state = this.reading(() => this.kind.outputs(inputs, ledger, answers, secrecyOf(props)), node, secrecyOf(props));
    return { id, props: { ...state, ...hidden(props) } };
  }

  async delete(id: string, props: Props): Promise<void> {
    const state = this.stateOf(props);
    const inputs = this.inputsIn(props);
    await this.exclusively(state.machine, inputs, async () => {
      await this.settle(inputs, async () => {
        const seen = await this.observe(inputs, state);
        const where = this.where(inputs, seen);
        const machine = this.machine(seen);
        const claimed = (path: string, text: string) => this.claims.claimed(machine, id, path, text);
        const planAt = ({ node, answers }: Seen) => this.reading(() => this.kind.planDelete(state, answers, claimed), node, secrecyOf(props));
        let plan: Plan<unknown>;
        try {
          plan = planAt(seen);
        } catch (error) {
          if (!this.hasMoved(error, id, state)) throw error;
          say(`${where}: ${(error as PostureError).what}; another resource stands for it there`);
          return;
        }
        const kept = this.kind.claims(state).filter(({ path, text }) => claimed(path, text));
        if (kept.length > 0) {
          warn(
            `${where}: another resource stands for ${kept.length} of its lines now; they stay, and what was there ` +
              "before them is no longer known. If it was renamed in the program, give it `aliases` with its former name instead.",
          );
        }
        this.claims.drop(machine, id);
        for (const note of plan.notes) say(`${where}: ${note}`);
        if (plan.blocked) throw withoutValues(onNode(plan.blocked, seen.node), secrecyOf(props));
        if (!hasWork(plan)) return;
        const again = () => this.observe(inputs, state);
        const apply = plan.shifting
          ? shiftAndApply(
              plan,
              this.shifter(seen.node, plan.shifting, inputs, {
                plan: async () => planAt(await again()),
                planBack: async () => this.plan(id, inputs, state, await again()),
              }),
            )
          : this.nodes().apply(seen.node, plan.steps, []);
        await apply.catch((error: unknown) => Promise.reject(hideSecrets(error, secrecyOf(props))));
        this.tell("given back", where, { ...plan, differences: [] }, props);
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
    let known = former;
    return this.exclusively(former?.machine, inputs, () =>
      this.settle(inputs, async () => {
        const seen = await this.observe(inputs, known);
        const plan = this.plan(id, inputs, known, seen, secrecyOf(news));
        const [where, machine] = [this.where(inputs, seen), this.machine(seen)];
        const intended = this.kind.outputs(inputs, plan.memory, seen.answers, secrecy);
        this.claims.make(machine, id, this.kind.claims(intended), where);
        if (plan.blocked) throw withoutValues(onNode(plan.blocked, seen.node), secrecy);
        if (!hasWork(plan)) return { ...intended, ...hidden(news) };
        const steps = this.recent.complete(machine, plan.steps);
        const apply = () => this.nodes().apply(seen.node, steps, requests);
        const unsure = (cause: Error) =>
          partial(id, { ...intended, ...kept(news) }, `${cause.message}\n  It is not known whether the change took effect.`);
        if (plan.steps.some((step) => step.do === "restart")) say(`${where}: restarting the container`);
        const change = plan.shifting
          ? this.shift(id, inputs, known, intended, { ...plan, steps }, seen.node)
          : apply().then((after) => ({ after, memory: plan.memory }));
        const { after, memory } = await change.catch(async (error: unknown) => {
          // some of it may be there: what we did must not be lost
          if (error instanceof PostureError && error.code === "restore-failed") {
            throw partial(id, { ...intended, ...kept(news) }, (hideSecrets(error, secrecy) as Error).message);
          }
          if (!isUncertain(error)) throw hideSecrets(error, secrecy);
          if (plan.shifting) throw unsure(error);
          return { after: await this.afterLoss(inputs, plan, apply, error, unsure), memory: plan.memory };
        });
        this.recent.note(machine, plan.steps);
        const { state, problem } = this.readBack(inputs, intended, memory, after, secrecy);
        if (problem) {
          // what it was planned from was of some seconds ago: once more, from what is there now
          if (known === former && this.nodes().remembers) {
            known = state;
            throw new PostureError("changed-meanwhile", `${where}: ${problem}`);
          }
          throw partial(id, { ...state, ...kept(news) }, `${where}: the node took the change, but ${problem}`);
        }
        // of an update, diff has told
        if (!former) this.tell("changed", where, plan, news);
        this.remark(where, plan, news);
        return { ...state, ...hidden(news) };
      }),
    );
  }

  private async shift(id: string, inputs: Inputs, former: State | undefined, intended: State, plan: Plan<Memory>, node: string) {
    const done = await shiftAndApply(
      plan,
      this.shifter(node, plan.shifting!, inputs, {
        plan: async () => this.plan(id, inputs, former, await this.observe(inputs, former)),
        planBack: async () => {
          const seen = await this.observe(inputs, intended);
          return former
            ? this.plan(id, this.inputsIn(former as Props), intended, seen)
            : this.reading(() => this.kind.planDelete(intended, seen.answers, () => false), seen.node);
        },
      }),
    );
    return { after: await this.nodes().observe(node, this.kind.requests(inputs)), memory: done.memory };
  }

  private shifter<M>(node: string, shifting: Shifting, inputs: Inputs, plans: Pick<Shifter<M>, "plan" | "planBack">): Shifter<M> {
    const { vmid, from, to, binds, volumes, running } = shifting;
    const where = this.where(inputs, { node });
    return {
      ...plans,
      apply: (steps: readonly Step[]) => this.nodes().apply(node, steps, []),
      shift: async (what) => {
        if (what === "shift") say(`${where}: changing the owners of its files`);
        const maps = what === "return" ? { from: to, to: from } : { from, to };
        let told = Date.now();
        const counts = await this.nodes().shift(node, { do: what === "return" ? "shift" : what, vmid, ...maps, binds, volumes, running }, (files) => {
          if (Date.now() - told < tellEveryMs) return;
          told = Date.now();
          say(`${where}: ${files} files so far`);
        });
        if (counts.shifted !== undefined) {
          const other = counts.other ? `; ${counts.other} belong to ids that the container does not have, and stay as they are` : "";
          say(`${where}: the owners of ${counts.shifted} files are changed, ${counts.kept} were right already${other}`);
        }
      },
    };
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
      const differs = hasWork(this.kind.plan(inputs, state, after));
      return differs ? { state, problem: "shows something else now" } : { state };
    } catch (error) {
      if (!(error instanceof PostureError)) throw error;
      return { state, problem: `now says: ${(withoutValues(error, secrecy) as PostureError).what}` };
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
    // where it was killed with the connection, the second try starts from what was there before
    await this.observe(inputs).catch(() => {});
    try {
      return await apply();
    } catch (error) {
      // the first try may still be at it
      if (isUncertain(error) || (error instanceof PostureError && error.code === "container-locked")) throw unsure(cause);
      if (!(error instanceof PostureError) || error.code !== "changed-meanwhile") throw error;
    }
    const { answers } = await this.observe(inputs).catch(() => Promise.reject(unsure(cause)));
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
      const seen = await this.observe(inputs, undefined, "look");
      const where = this.where(inputs, seen);
      try {
        const plan = this.plan("", inputs, undefined, seen, secrecyOf(news));
        if (hasWork(plan)) this.tell(`will change${missing}`, where, plan, news);
        else say(`${where}: is as declared already; it will be adopted unchanged${missing}`);
        this.remark(where, plan, news);
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

  private tell(word: string, where: string, plan: Plan<unknown>, news: Props): void {
    const when = word === "changed" ? "before" : "now";
    const lines = [...renderChanges(plan.changes, secrecyOf(news)), ...plan.differences.map((line) => `${when}: ${secrecyOf(news) === "hidden" && line.startsWith(notInForceMark) ? `${notInForceMark}(secret)` : line}`)];
    say([`${where}: ${word}`, ...lines.map((line) => `  ${line}`)].join("\n"));
  }

  private remark(where: string, { notes, findings = [], blocked }: Plan<unknown>, news: Props): void {
    for (const note of [...notes, ...(secrecyOf(news) === "shown" ? findings : [])]) say(`${where}: ${note}`);
    if (blocked && isPreview(news)) warn(`${where}: an update would fail now: ${(withoutValues(blocked, secrecyOf(news)) as PostureError).what}`);
  }

  /** In a preview, a node that can't be reached is a warning: those of pull requests have no SSH. */
  private async whenReachable<T>(news: Props, otherwise: T, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!isPreview(news) || this.settings().preview === "strict" || !isUnreachable(error)) throw error;
      const node = String(news["node"]);
      this.warnOnce(node, `${error.message}\n  This preview shows the state only, not what is on ${node}. An update would fail here.`);
      return otherwise;
    }
  }

  /** What was read some seconds ago is looked at once more before it becomes an error: something may have been made since. */
  private async twice<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!this.nodes().remembers || !(error instanceof PostureError) || !ofState.has(error.code)) throw error;
      this.nodes().forget();
      return work();
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
        return await this.twice(work);
      } catch (error) {
        if (!(error instanceof PostureError)) throw error;
        // what was read before doesn't hold any more
        this.nodes().forget();
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

  /** Asks the node, or the one of its cluster that has the container now, where the settings know that. */
  private async observe(inputs: Inputs, former?: State, purpose: "look" | "mend" = "mend"): Promise<Seen> {
    const seen = await this.ask(inputs.node, inputs, former, purpose);
    const owner = this.kind.elsewhere?.(inputs, seen.answers);
    const node = owner === undefined ? undefined : this.nodes().named(owner);
    if (node === undefined) return seen;
    const there = await this.ask(node, inputs, former, purpose);
    // the settings may mean another machine by that name
    return hostnameOf(there.answers) === owner ? there : seen;
  }

  /** Everything is asked anew with each question that an answer raises, so that all answers are of one moment. */
  private async ask(node: string, inputs: Inputs, former: State | undefined, purpose: "look" | "mend"): Promise<Seen> {
    let looked = false;
    for (let requests = [...this.kind.requests(inputs), transactions]; ; ) {
      const answers = await this.nodes().observe(node, requests);
      if (!looked && answers.paths(transactions.pattern).length > 0) {
        looked = true;
        if (purpose === "mend") {
          // those that are under way are left alone
          const notes = repairNotes(await this.nodes().repair(node));
          notes.forEach((note) => warn(`${node}: ${note}`));
          if (notes.length > 0) continue;
        } else this.warnOnce(`${node} transactions`, `${node}: a transaction is under way there, or was interrupted; the next \`pulumi up\` undoes one that was`);
      }
      const more = (this.kind.follow?.(inputs, former, answers, purpose) ?? []).filter((request) => !answers.asked(request));
      if (more.length === 0) return { node, answers };
      requests = [...requests, ...more];
    }
  }

  private warnOnce(about: string, text: string): void {
    if (this.warned.has(about)) return;
    this.warned.add(about);
    warn(text);
  }

  private plan(id: string, inputs: Inputs, former: State | undefined, seen: Seen, secrecy: Secrecy = "shown"): Plan<Memory> {
    const claimed = (path: string, form: string) => this.claims.claimed(this.machine(seen), id, path, form);
    return this.reading(() => this.kind.plan(inputs, former, seen.answers, claimed), seen.node, secrecy);
  }

  /** What claims are kept by; a machine that can't be told is the one of that name. */
  private machine({ node, answers }: Seen): string {
    return machineOf(answers) || node;
  }

  /** Says on which node it was. */
  private reading<T>(work: () => T, node: string, secrecy: Secrecy = "shown"): T {
    try {
      return work();
    } catch (error) {
      throw error instanceof PostureError ? withoutValues(onNode(error, node), secrecy) : error;
    }
  }

  private where(inputs: Inputs, { node }: Pick<Seen, "node"> = inputs): string {
    return `${node}: ${this.kind.title(inputs)}`;
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

  private replaces(olds: Props, news: Props, machine?: string, followed = false): string[] {
    const changed = this.kind.replaceOn.filter(
      (key) => !hasUnknown(news[key]) && !isDeepStrictEqual(olds[key], news[key]),
    );
    // another name for the same machine is no other machine, and a container that has migrated is the same one
    const moved = !followed && !hasUnknown(news["node"]) && olds["node"] !== news["node"] && (!machine || machine !== olds["machine"]);
    return moved ? [...changed, "node"] : changed;
  }
}

/** The error, with the node that it is about. */
const onNode = (error: PostureError, node: string): PostureError =>
  error.what.startsWith(`${node}: `) ? error : new PostureError(error.code, `${node}: ${error.what}`, error.hint, { cause: error });

/** What a node is found to be that doesn't allow what is declared. */
const ofState: ReadonlySet<string> = new Set<ErrorCode>(["container-not-found", "container-elsewhere", "conflict", "gpu-not-found", "invalid-input"]);

/** How often a long work is heard of. */
const tellEveryMs = 10_000;

/** Whether anything is to be done on the node. */
const hasWork = ({ steps, shifting }: Plan<unknown>): boolean => changesSomething(steps) || shifting !== undefined;

const isPreview = (news: Props): boolean => news["__preview"] === true;
const secrecyOf = (news: Props): Secrecy => (Array.isArray(news["__secret"]) && news["__secret"].length > 0 ? "hidden" : "shown");

/** As the engine sees them: what is undefined is not there. */
const same = (a: unknown, b: unknown): boolean =>
  isDeepStrictEqual(JSON.parse(JSON.stringify(a)), JSON.parse(JSON.stringify(b)));

/** What must be known when nothing but the state is at hand. */
const hidden = (props: Props): Props => (props["__secret"] === undefined ? {} : { __secret: props["__secret"] });

/** With the provider's text, which the engine would otherwise lose in a partial failure. */
const kept = (news: Props): Props => ({ ...hidden(news), __provider: news["__provider"] });

const notShown = "(details not shown, as an input is a secret)";

/** The compiler quotes the text that it doesn't understand. What became of a container is no secret. */
function hideSecrets(error: unknown, secrecy: Secrecy): unknown {
  if (secrecy === "shown" || !(error instanceof PostureError)) return error;
  const hint = /^(?:restart|restore)-failed$/.test(error.code) ? error.hint : undefined;
  return new PostureError(error.code, `the node refused it: ${error.code} ${notShown}`, hint);
}

/** What a plan says of a conflict quotes what is declared. */
function withoutValues(error: PostureError, secrecy: Secrecy): unknown {
  if (secrecy === "shown" || !/^(?:conflict|invalid-input)$/.test(error.code)) return error;
  return new PostureError(error.code, `${error.code} ${notShown}`);
}

/** An error that the engine takes as «it exists, but not quite as it should», and that keeps what was really done. */
function partial(id: string, properties: Props, message: string): Error {
  const error = new PostureError("node-failed", message, "Run `pulumi up` again: it looks at the node and finishes.");
  return Object.assign(error, { id, properties, reasons: [error.message] });
}
