// What Linux knows about processes, from /proc.
import { readFile, readdir } from "node:fs/promises";

/** Clock ticks of /proc/PID/stat are hundredths of a second on every Linux that Node runs on. */
const ticks = 100;

/** The fields of a process behind its name: state, parent, …; undefined where it has ended. */
async function fields(pid) {
  const text = await readFile(`/proc/${pid}/stat`, "latin1").catch(() => undefined);
  return text?.slice(text.lastIndexOf(")") + 2).split(" ");
}

async function parents() {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(pids.map(async (pid) => [pid, Number((await fields(pid))?.[1])]));
  return new Map(found);
}

export async function childrenOf(pid) {
  return [...(await parents())].filter(([, parent]) => parent === pid).map(([child]) => child);
}

export async function descendantsOf(pid) {
  const parentOf = await parents();
  const descends = (one) => {
    for (let at = parentOf.get(one); at; at = parentOf.get(at)) if (at === pid) return true;
    return false;
  };
  return [...parentOf.keys()].filter(descends);
}

/** CPU seconds of a process and of those children, and theirs, that have ended. */
export async function cpuSeconds(pid) {
  const [, , , , , , , , , , , user, system, childrenUser, childrenSystem] = (await fields(pid)) ?? [];
  return (Number(user) + Number(system) + Number(childrenUser) + Number(childrenSystem)) / ticks;
}

export const commandOf = (pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");

/** The most memory that a process ever had resident, in bytes; undefined where it has ended. */
export async function peakMemory(pid) {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
  return kilobytes && Number(kilobytes) * 1024;
}
