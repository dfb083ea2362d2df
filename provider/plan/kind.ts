import type { z } from "zod";
import type { Secrecy } from "../container/shown.js";
import type { PostureError } from "../errors.js";
import type { Shifting } from "./ownership.js";
import type { Answers, Request, Step } from "./steps.js";

/** A line that comes or goes, or (`~`) what changes otherwise; latin1. */
export interface Change {
  sign: "+" | "-" | "~";
  text: string;
}

/** What has to be done on a node, and what will be remembered of it. */
export interface Plan<Memory> {
  steps: Step[];
  /** lines that come and go, by file */
  changes: { path: string; lines: Change[] }[];
  /** what differs where lines don't tell */
  differences: string[];
  /** what the operator should know besides */
  notes: string[];
  /** what the result comes to, where that is hardly meant; quotes values, so it is not for those that are secrets */
  findings?: string[];
  /** why it can't be done just now */
  blocked?: PostureError;
  /** owners of files that have to become others before the steps, and with them */
  shifting?: Shifting;
  memory: Memory;
}

/** Lines of a file that a resource stands for, told to the other resources of the same update. */
export interface Claim {
  path: string;
  /** lines with the same id can't be declared twice with different text */
  id: string;
  exclusive: boolean;
  text: string;
}

/** What every state keeps beside the inputs. */
export interface Kept<Memory> {
  /** a hash that tells machines apart, whatever names they go by */
  machine: string;
  /** in what the node differs from what is declared, as of the last reading */
  drift: string[];
  /** what we did, to give back what was there before; always a secret */
  ledger: Memory;
}

/** Whether another resource stands for the line too, so that it stays whatever this one does. */
export type Claimed = (path: string, form: string) => boolean;

/**
 * One kind of resource, without any I/O: which questions it has for a node, and what is to be done when the answers
 * are in. `Inputs` are the checked inputs, `State` the outputs that the engine keeps.
 */
export interface Kind<Inputs extends { node: string }, State extends Inputs & Kept<Memory>, Memory> {
  schema: z.ZodType<Inputs>;
  /** inputs whose change means another object on the node */
  replaceOn: (keyof Inputs & string)[];
  /** outputs that are no change when they alone differ: what is, beside what is declared */
  incidental?: (keyof State & string)[];
  /** how messages call the object, without the node's name */
  title(inputs: Inputs): string;
  requests(inputs: Inputs): Request[];
  /** the node of the cluster that has the object, where it is another than the one that was asked */
  elsewhere?(inputs: Inputs, answers: Answers): string | undefined;
  /**
   * the questions that the answers so far raise; nothing when all is known
   *
   * @param purpose whether what would be done is only told (`look`), or done
   */
  follow?(inputs: Inputs, former: State | undefined, answers: Answers, purpose: "look" | "mend"): Request[];
  /** the inputs, those that only say the same in other words as they were before; without answers where the node was not asked */
  asBefore?(inputs: Inputs, former: State, answers: Answers | undefined): Inputs;
  /** whether the object that the state is about is no longer there */
  isGone(inputs: Inputs, answers: Answers): boolean;
  plan(inputs: Inputs, former: State | undefined, answers: Answers, claimed?: Claimed): Plan<Memory>;
  /** towards what was there before */
  planDelete(state: State, answers: Answers, claimed: Claimed): Plan<unknown>;
  claims(state: State): Claim[];
  /** what the node has now */
  outputs(inputs: Inputs, memory: Memory, answers: Answers, secrecy: Secrecy): State;
}
