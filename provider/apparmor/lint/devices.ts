import { isOwn, ofRule, type Check } from "./context.js";

/** A glob over device nodes: what is created later, or numbered higher, is in it too. */
export const deviceGlob: Check = (context) =>
  context.profile.rules.flatMap((each) => {
    const { rule } = each;
    if (rule.kind !== "file" || rule.qualifiers.mode === "deny" || !rule.path || !isOwn(context, each)) return [];
    const what = globbed(rule.path.value);
    if (!what || !/[wa]/.test(rule.permissions)) return [];
    return [
      ofRule(context, each, {
        code: "device-glob",
        severity: what === "every device" || what === "disks" || context.container ? "warning" : "info",
        message: `${rule.path.value} makes ${what} writable, those that come later too`,
        hint: "name the devices one by one: /dev/nvidia0 rw,",
      }),
    ];
  });

/** Terminals, shared memory and the like are no devices that matter. */
const harmless = /^\/dev\/(pts|shm|tty|pty|hugepages|mqueue|fd|input\/by|log|\.lxc|snd|char\/?\{)/;

function globbed(path: string): string | undefined {
  if (!path.startsWith("/dev/") || !/[*?[{]/.test(path) || harmless.test(path)) return undefined;
  const rest = path.slice("/dev/".length);
  if (/^(\*\*?|\{\*\*,\}|\{,\*\*\})\/?$/.test(rest)) return "every device";
  // An alternation alone names each of its devices.
  if (!/[*?[]/.test(rest)) return undefined;
  if (/^(sd|vd|nvme|dm-|mapper|disk|loop|hd|md|zd)/.test(rest)) return "disks";
  return /^[a-z]/.test(rest) ? `every device of ${/^[\w./-]+/.exec(rest)![0]}` : undefined;
}
