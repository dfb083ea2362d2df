import { ansible, ansibleLines } from "./ansible.mjs";
import { floor } from "./floor.mjs";
import { posture } from "./posture.mjs";
import { ssh } from "./ssh.mjs";

/**
 * Who is compared, in the order of the tables. Each has
 * - `key` for `--only`, and `name`,
 * - `once` where a single round is to do,
 * - `onDemand` where it is left out unless it is asked for,
 * - `idle` where nothing reaches the node,
 * - `prepare`, which makes all ready in a new directory and gives `version` and `steps`: what is run and measured.
 */
export const contestants = [posture, floor, ansible, ansibleLines, ssh];
