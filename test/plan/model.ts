import { expect } from "chai";
import { expectedMode } from "../../provider/apparmor/kernel.js";
import { profileHeaders } from "../../provider/apparmor/headers.js";
import type { Kept, Kind, Plan } from "../../provider/plan/kind.js";
import type { Answers, Step } from "../../provider/plan/steps.js";
import { PostureError } from "../../provider/errors.js";

export const kernelList = "/sys/kernel/security/apparmor/profiles";

/** A node as a handful of files: what a real one would answer, and what steps would make of it. */
export class Model implements Answers {
  readonly files_ = new Map<string, string>();

  constructor(files: Record<string, string | undefined> = {}) {
    const all: Record<string, string | undefined> = {
      "/etc/machine-id": "0123456789abcdef0123456789abcdef\n",
      [kernelList]: "lxc-container-default (enforce)\n",
      ...files,
    };
    for (const [path, text] of Object.entries(all)) if (text !== undefined) this.files_.set(path, text);
  }

  static container(vmid: number, conf: string, files: Record<string, string | undefined> = {}): Model {
    return new Model({ [`/etc/pve/lxc/${vmid}.conf`]: conf, [`/etc/pve/nodes/pve/lxc/${vmid}.conf`]: conf, ...files });
  }

  /** it can answer anything */
  asked(): boolean {
    return true;
  }

  file(path: string): string | undefined {
    return this.files_.get(path);
  }

  files(pattern: string): Record<string, string> {
    return Object.fromEntries([...this.files_].filter(([path]) => matches(pattern, path)));
  }

  paths(pattern: string): string[] {
    const all = [...this.files_.keys()].flatMap((path) => {
      const parts = path.split("/");
      return parts.slice(2).map((_, i) => parts.slice(0, i + 3).join("/"));
    });
    return [...new Set(all)].filter((path) => matches(pattern, path));
  }

  package(name: string): string | undefined {
    return this.files_.get(`package ${name}`);
  }

  live(vmid: number): string {
    const runs = this.paths(`/sys/fs/cgroup/lxc/${vmid}`).length > 0;
    return runs ? `running\n${this.files_.get(`live ${vmid}`) ?? ""}` : "";
  }

  owner(vmid: number): string {
    return this.files_.get(`owner ${vmid}`) ?? "";
  }

  snapshot(): Record<string, string> {
    return Object.fromEntries(this.files_);
  }

  /** As apply.sh does: refuses when a file is not what it was. */
  apply(steps: readonly Step[]): void {
    for (const step of steps) {
      if (step.do === "file") {
        expect(this.file(step.path), `before ${step.path}`).to.equal(step.before);
        if (step.after === undefined) this.files_.delete(step.path);
        else this.files_.set(step.path, step.after);
      } else if (step.do === "load" || step.do === "unload") {
        const others = (this.file(kernelList) ?? "").split("\n").filter((line) => line !== "" && !line.startsWith(`${step.profile} (`));
        const mine = step.do === "load" ? [`${step.profile} (${expectedMode(this.file(step.path)!)})`] : [];
        this.files_.set(kernelList, [...others, ...mine].map((line) => `${line}\n`).join(""));
      } else if (step.do === "check") {
        const texts = steps.flatMap((other) => (other.do === "file" && other.after !== undefined ? [other.after] : []));
        expect(texts.flatMap((text) => profileHeaders(text).map(({ name }) => name))).to.include(step.profile);
      }
    }
  }
}

const matches = (pattern: string, path: string): boolean =>
  new RegExp(`^${pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&")).join("[^/]*")}$`).test(path);

/** One resource over the model: what the engine would call, and the state that it would keep. */
export class Resource<Inputs extends { node: string }, State extends Inputs & Kept<Memory>, Memory> {
  state: State | undefined;

  constructor(
    readonly kind: Kind<Inputs, State, Memory>,
    readonly model: Model,
  ) {}

  plan(inputs: Inputs): Plan<Memory> {
    return this.kind.plan(inputs, this.state, this.model);
  }

  up(inputs: Inputs): Plan<Memory> {
    const plan = this.plan(inputs);
    this.model.apply(plan.steps);
    const state = this.kind.outputs(inputs, plan.memory, this.model, "shown");
    // as the state is kept: as JSON
    this.state = JSON.parse(JSON.stringify(state)) as State;
    return plan;
  }

  planDelete(claimed: (path: string, form: string) => boolean = () => false): Plan<unknown> {
    return this.kind.planDelete(this.state!, this.model, claimed);
  }

  destroy(claimed?: (path: string, form: string) => boolean): Plan<unknown> {
    const plan = this.planDelete(claimed);
    this.model.apply(plan.steps);
    return plan;
  }
}

/** The steps in one word each, to compare them at a glance. */
export const words = (steps: readonly Step[]): string[] =>
  steps.map((step) => ("path" in step ? `${step.do} ${step.path}` : `${step.do} ${"vmid" in step ? step.vmid : step.profile}`));

export function refusal(work: () => unknown): PostureError {
  try {
    work();
  } catch (error) {
    expect(error).to.be.instanceOf(PostureError);
    return error as PostureError;
  }
  throw new Error("it should have been refused");
}
