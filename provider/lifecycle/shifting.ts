import { PostureError } from "../errors.js";
import type { Plan } from "../plan/kind.js";
import { changesSomething, containerLock, type Restart, type Step } from "../plan/steps.js";
import { isUncertain } from "./reach.js";

/** What changing the owners of a container's files takes of the rest. */
export interface Shifter<Memory> {
  /** the files become those of the new map and stay locked, are given back, or become those of the former map and are given back */
  shift(what: "shift" | "unmount" | "back" | "return"): Promise<void>;
  apply(steps: readonly Step[]): Promise<unknown>;
  /** what remains to be done, from a new reading of the node */
  plan(): Promise<Plan<Memory>>;
  /** the way to what was there before, from a new reading of the node */
  planBack(): Promise<Plan<unknown>>;
}

/** How often the configuration is planned anew because somebody else was faster. */
const maxRaces = 10;

/**
 * Changes the owners of a container's files, and its map with them. Proxmox VE's lock `disk` keeps the container from being
 * started while the two don't fit; a journal on the node lets the next update go on after an interruption.
 *
 * @returns the plan that was carried out
 */
export async function shiftAndApply<Memory>(first: Plan<Memory>, shifter: Shifter<Memory>): Promise<Plan<Memory>> {
  const { vmid, running, state } = first.shifting!;
  const restart = first.steps.find((step): step is Restart => step.do === "restart");
  const start = (expected: Partial<Restart> = {}) =>
    shifter.apply([containerLock(vmid), { do: "restart", vmid, seconds: restart?.seconds ?? 60, ...expected, start: true }]);
  /** It runs again with what it had; what keeps it from that is told besides. */
  const andStart = async (error: unknown): Promise<never> => {
    if (running) await start().catch((second: unknown) => Promise.reject(both(error, second)));
    throw error;
  };

  if (running) await shifter.apply([containerLock(vmid), { do: "stop", vmid, seconds: restart?.seconds ?? 60 }]);
  if (state !== "finished") await shifter.shift(state === "undo" ? "back" : "shift").catch(unlessUncertain(andStart));
  const plan = await applyFiles(shifter.plan, shifter.apply).catch(
    unlessUncertain(async (error) => {
      if (state !== "undo") await shifter.shift("back").catch((second: unknown) => Promise.reject(both(error, second)));
      return andStart(error);
    }),
  );
  if (state !== "undo") await shifter.shift("unmount");
  const last = plan.steps.find((step): step is Restart => step.do === "restart") ?? (running ? restart : undefined);
  if (!last) return plan;
  // the profile that goes back with it stands in the first plan only
  await start({ ...last, ...(restart?.revert ? { revert: restart.revert } : {}) }).catch(
    unlessUncertain(async (error) => {
      const undo = async () => {
        if (state !== "undo") await shifter.shift("return");
        await applyFiles(shifter.planBack, shifter.apply);
        if (state !== "undo") await shifter.shift("unmount");
      };
      await undo().catch((second: unknown) => Promise.reject(both(error, second)));
      return andStart(error);
    }),
  );
  return plan;
}

async function applyFiles<P extends Plan<unknown>>(makePlan: () => Promise<P>, apply: Shifter<unknown>["apply"]): Promise<P> {
  for (let races = 0; ; races++) {
    const plan = await makePlan();
    if (plan.blocked) throw plan.blocked;
    const steps = plan.steps.filter(({ do: what }) => what !== "restart");
    try {
      if (changesSomething(steps)) await apply(steps);
      return plan;
    } catch (error) {
      if (!(error instanceof PostureError) || error.code !== "changed-meanwhile" || races >= maxRaces) throw error;
    }
  }
}

/** Where it isn't known what became of a step, nothing is undone: the journal stays, and the next update goes on. */
const unlessUncertain =
  (undo: (error: unknown) => Promise<never>) =>
  (error: unknown): Promise<never> =>
    isUncertain(error) ? Promise.reject(error as Error) : undo(error);

function both(error: unknown, second: unknown): Error {
  const [what, then] = [error, second].map((one) => (one instanceof Error ? one.message : String(one)));
  return new PostureError("restore-failed", `${what}\nand putting back what was there failed too: ${then}`, "Run `pulumi up` again: it goes on where this ended.", { cause: error });
}
