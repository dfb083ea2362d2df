import { isDeepStrictEqual } from "node:util";
import { PostureError } from "../errors.js";
import type { Claim } from "../plan/kind.js";

/**
 * What the resources of this update stand for, by machine and resource id. Kept for the life of the provider's process,
 * that is of one preview or update.
 *
 * It settles what the files alone can't: a resource that was renamed in the program is created anew before the old
 * one is deleted, and deleting must not take away what the new one has just found in place.
 */
export class Claims {
  private readonly byMachine = new Map<string, Map<string, Claim[]>>();

  /** @throws PostureError `conflict` when another resource declares the same differently */
  make(machine: string, id: string, claims: Claim[], title: string): void {
    const others = [...this.of(machine)].filter(([other]) => other !== id).map(([, list]) => list);
    for (const claim of claims.filter(({ exclusive }) => exclusive)) {
      const linesOf = (list: Claim[]) =>
        list.filter((c) => c.path === claim.path && c.id === claim.id).map(({ text }) => text);
      const mine = linesOf(claims);
      // a part of the whole is another whole: each would take out what the other adds
      if (others.map(linesOf).some((theirs) => theirs.length > 0 && !isDeepStrictEqual(theirs, mine))) {
        throw new PostureError(
          "conflict",
          `${title}: two resources of this program declare ${claim.id} differently`,
          "Declare it in one of them only.",
        );
      }
    }
    this.of(machine).set(id, claims);
  }

  /** Whether another resource stands for the line. */
  claimed(machine: string, id: string, path: string, text: string): boolean {
    return [...this.of(machine)].some(
      ([other, claims]) => other !== id && claims.some((claim) => claim.path === path && [claim.text, claim.id].includes(text)),
    );
  }

  /** Whether another resource, on whatever machine, stands for lines of these files. */
  standsForAny(id: string, paths: readonly string[]): boolean {
    return [...this.byMachine.values()].some((claims) =>
      [...claims].some(([other, list]) => other !== id && list.some(({ path }) => paths.includes(path))),
    );
  }

  /** The resource stands for nothing, wherever it was. */
  forget(id: string): void {
    for (const claims of this.byMachine.values()) claims.delete(id);
  }

  drop(machine: string, id: string): void {
    this.of(machine).delete(id);
  }

  private of(machine: string): Map<string, Claim[]> {
    let claims = this.byMachine.get(machine);
    if (!claims) this.byMachine.set(machine, (claims = new Map()));
    return claims;
  }
}
