import type { Restart, Step } from "../plan/steps.js";

type File = Extract<Step, { do: "file" }>;

/**
 * Profiles that this update has changed, by machine: a container that does not come up under the new text gets the
 * former one back with its configuration.
 */
export class RecentProfiles {
  private readonly byMachine = new Map<string, Map<string, NonNullable<Restart["revert"]>>>();

  /** Remembers what steps that were applied have made of profiles. */
  note(machine: string, steps: readonly Step[]): void {
    for (const step of steps) {
      if (step.do !== "load") continue;
      const file = steps.find((other): other is File => other.do === "file" && other.path === step.path);
      if (file?.before === undefined || file.after === undefined || file.before === file.after) continue;
      const { path, before, after } = file;
      const known = this.byMachine.get(machine) ?? new Map<string, NonNullable<Restart["revert"]>>();
      this.byMachine.set(machine, known.set(step.profile, { path, before, after, profile: step.profile }));
    }
  }

  /** The steps, a restart among them with the former text of the profile that the container is to have. */
  complete(machine: string, steps: readonly Step[]): Step[] {
    return steps.map((step) => {
      const revert = step.do === "restart" && step.label !== undefined ? this.byMachine.get(machine)?.get(step.label) : undefined;
      return revert ? { ...step, revert } : step;
    });
  }
}
