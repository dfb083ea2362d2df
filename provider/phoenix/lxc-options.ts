import type { LxcContainerSecurityInputs } from "../../schemas/lxc-container-security.js";
import { ownInput, rawKeyProblem, repeats } from "../container/keys.js";
import { parseDeviceRule } from "../devices/cgroup2.js";
import type { Reading } from "./reading.js";

/** What `lxc_options` come to as inputs. */
export type LxcOptions = Pick<
  LxcContainerSecurityInputs,
  "apparmorProfile" | "idmap" | "deviceRules" | "capDrop" | "capKeep" | "mountEntries" | "mountAuto" | "raw"
>;

const currentNames: Record<string, string> = {
  "lxc.aa_profile": "lxc.apparmor.profile",
  "lxc.aa_allow_incomplete": "lxc.apparmor.allow_incomplete",
  "lxc.id_map": "lxc.idmap",
  "lxc.seccomp": "lxc.seccomp.profile",
  "lxc.utsname": "lxc.uts.name",
  "lxc.tty": "lxc.tty.max",
  "lxc.pts": "lxc.pty.max",
};

/** Reads `lxc_options`, each in one of the forms that the file has: `key=value`, `key:value`, `key: value`. */
export function readLxcOptions(options: readonly string[], reading: Reading): LxcOptions {
  const inputs: LxcOptions = {};
  options.forEach((option, index) => {
    const path = `lxc_options[${index}]`;
    const match = /^\s*(lxc\.[a-z0-9_.-]+)\s*[=:]\s*(.*?)\s*$/i.exec(option);
    const [, key = "", value = ""] = match ?? [];
    const problem = !match
      ? `\`${option}\` is no \`lxc.<key>=<value>\`: it would make no raw line of the configuration`
      : value === ""
        ? `\`${key}\` has no value. LXC would forget what its defaults say of the key: declare what should hold instead`
        : takeOption(inputs, key, value, reading);
    if (problem) reading.problem(path, problem);
  });
  return inputs;
}

/** Adds one option to the inputs; a text says why it can't be. */
function takeOption(inputs: LxcOptions, key: string, value: string, reading: Reading): string | undefined {
  switch (ownInput(key)) {
    case "apparmorProfile":
      if (inputs.apparmorProfile !== undefined && inputs.apparmorProfile !== value)
        return `says ${value}, but an option before it ${inputs.apparmorProfile}: keep one`;
      inputs.apparmorProfile = value;
      return undefined;
    case "idmap": {
      const match = /^([ugb])\s+(\d+)\s+(\d+)\s+(\d+)$/.exec(value);
      if (!match) return `\`${value}\` must be <u|g|b> <in the container> <on the node> <count>, such as \`u 0 100000 65536\``;
      const type = match[1] === "b" ? "both" : (match[1] as "u" | "g");
      const [container, host, count] = match.slice(2).map(Number) as [number, number, number];
      (inputs.idmap ??= []).push({ type, container, host, count });
      return undefined;
    }
    case "deviceRules":
      return takeRule(inputs, key.endsWith(".deny") ? "deny" : "allow", value, reading);
    case "capDrop":
      (inputs.capDrop ??= []).push(...value.split(/\s+/));
      return commaProblem(value);
    case "capKeep":
      (inputs.capKeep ??= []).push(...value.split(/\s+/));
      return commaProblem(value);
    case "mountEntries":
      (inputs.mountEntries ??= []).push(value);
      return undefined;
    case "mountAuto":
      (inputs.mountAuto ??= []).push(...value.split(/\s+/));
      return undefined;
    default:
      return takeRaw(inputs, key, value, reading);
  }
}

function takeRule(inputs: LxcOptions, action: "allow" | "deny", rule: string, reading: Reading): string | undefined {
  const parsed = parseDeviceRule(rule);
  if (typeof parsed === "string") return parsed;
  (inputs.deviceRules ??= []).push({ action, rule });
  if (action === "allow" && parsed.type === "a") {
    reading.note(`Warning: \`lxc.cgroup2.devices.allow=${rule}\` opens every device of the node to the container.`);
  }
  // the kernel hands these out as drivers load (Documentation/admin-guide/devices.txt)
  const { major } = parsed;
  if (parsed.type === "c" && major !== "*" && ((major >= 234 && major <= 254) || (major >= 384 && major <= 511))) {
    reading.note(`\`${rule}\`: major ${major} is handed out anew at each boot; a GPU's devices are better left to gpu_assignment.`);
  }
  return undefined;
}

const commaProblem = (value: string): string | undefined =>
  value.includes(",")
    ? `\`${value}\` has commas, but LXC separates capabilities by blanks: it would look for one of this very name, ` +
      "and the container would not start. Write blanks, if these really are the capabilities meant"
    : undefined;

function takeRaw(inputs: LxcOptions, key: string, value: string, reading: Reading): string | undefined {
  const problem = rawKeyProblem(key);
  if (problem) {
    const name = key.startsWith("lxc.cgroup.") ? key.replace("lxc.cgroup.", "lxc.cgroup2.") : currentNames[key];
    return `\`${key}\` ${problem}${name ? ` (in the file: \`${name}\`)` : ""}`;
  }
  if (key === "lxc.apparmor.allow_nesting") {
    reading.note("`lxc.apparmor.allow_nesting` shapes only the profile that is `generated`; under any other it does nothing.");
  }
  const raw = (inputs.raw ??= {});
  const before = raw[key];
  if (before !== undefined && !repeats(key)) reading.note(`\`${key}\` stands more than once: the last one holds, as for LXC.`);
  raw[key] = before === undefined || !repeats(key) ? value : [before, value].flat();
  return undefined;
}
