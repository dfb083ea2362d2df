import { PostureError, type ErrorCode } from "../errors.js";
import type { Step } from "../plan/steps.js";
import type { Refusal } from "./protocol.js";

const vmidOf = (path: string): string => /(\d+)\.(?:conf|fw|lock)$/.exec(path)?.[1] ?? path;

/** What apply.sh refused, in words for the operator. */
export function refusalError(node: string, { code, detail, output }: Refusal, steps: readonly Step[]): PostureError {
  const said = output ? `:\n${output}` : "";
  const error = (as: ErrorCode, what: string, hint?: string) => new PostureError(as, `${node}: ${what}`, hint);
  switch (code) {
    case "container-locked":
      if (!/\d\.lock$/.test(detail)) {
        return error(
          "container-locked",
          `another task holds ${detail}`,
          "Wait for it to end: this library is at work there from elsewhere too. Or raise pve-posture:lockTimeoutSeconds.",
        );
      }
      return error(
        "container-locked",
        `another task holds the lock of container ${vmidOf(detail)} (${detail})`,
        "Wait for the task to end (see the task list of the node), or raise pve-posture:lockTimeoutSeconds.",
      );
    case "changed-meanwhile":
      return error("changed-meanwhile", `${detail} was changed by somebody else while we were at it`, "Run it again.");
    case "no-quorum":
      return error(
        "no-quorum",
        `${detail} can't be written: /etc/pve is read-only, as it is while the cluster has no quorum`,
        "See `pvecm status` on the node. Nothing was changed.",
      );
    case "no-apparmor":
      return detail === "parser"
        ? error("no-apparmor", "has no apparmor_parser", "Install it on the node: apt install apparmor. Nothing was changed.")
        : error(
            "no-apparmor",
            "the kernel has no AppArmor: /sys/kernel/security/apparmor/profiles can't be read",
            "Enable it (kernel parameters apparmor=1 security=apparmor) and mount securityfs. Nothing was changed.",
          );
    case "profile-invalid":
      return detail.startsWith("name ")
        ? error(
            "profile-invalid",
            `the profile's text declares ${output.replace(/\n/g, ", ") || "nothing"}, not ${detail.slice(5)}`,
            "The name in the text and the resource's must agree. Nothing was changed.",
          )
        : error("profile-invalid", `apparmor_parser refuses profile ${detail}${parserWords(output, detail)}`, "Correct the profile's text; lines count from its first. Nothing was changed.");
    case "profile-not-loaded":
      return error(
        "profile-not-loaded",
        `AppArmor profile ${detail} is not loaded, so the container would not start`,
        "Declare it with AppArmorProfile and pass `profile.name` here, so that it is deployed first. Nothing was changed.",
      );
    case "profile-in-use":
      return inUse(node, detail, output);
    case "restart-failed":
      return notUp(node, detail, output);
    case "restore-failed":
      return error(
        "restore-failed",
        `step «${detail.replace(/, not restored:.*/, "")}» failed${said}\nand putting back what was there failed too for${detail.replace(/.*, not restored:/, "")}`,
        "Look at these on the node before anything else.",
      );
    default:
      return detail.startsWith("in-use ") ? inUse(node, detail.slice(7), output) : failedStep(node, detail, said, steps);
  }
}

function inUse(node: string, profile: string, output: string): PostureError {
  const users = [...output.matchAll(/^(container|process) (\d+)/gm)].map(([, kind, id]) => `${kind} ${id}`);
  const [containers, processes] = ["container", "process"].map((kind) => users.filter((user) => user.startsWith(kind)));
  return new PostureError(
    "profile-in-use",
    `${node}: AppArmor profile ${profile} is in use by ${[...containers!, ...processes!].slice(0, 5).join(", ")}${users.length > 5 ? " and others" : ""}; it was left as it is`,
    containers!.length > 0
      ? "Name another profile in the container's configuration first: a line that was there before us, or was adopted, stays. In a program, pass `profile.name` to LxcContainerSecurity, so that Pulumi keeps the order."
      : "Stop or restart what runs under it: unloading would leave it unconfined.",
  );
}

/** Why the container did not come up as it should, and what became of it then. */
function notUp(node: string, detail: string, output: string): PostureError {
  const [, vmid, why = "", again = "", , left] = /^(\d+) (\S+) (\S+)(, not restored: (.*))?$/.exec(detail) ?? [];
  const reasons: Record<string, string> = {
    stop: "it could not be shut down",
    start: "it did not start",
    down: "it was not running when the time was over",
    profile: `it ran under the AppArmor label «${output}»`,
    map: "it ran with other ids",
  };
  const said = output && why !== "profile" ? `:\n${output}` : "";
  const then: Record<string, string> = {
    running: why === "stop" ? "It still runs." : "It runs again, with what it had before.",
    stopped: "It is stopped, as it was.",
    down: `It did not start again with what it had before either: see \`pct start ${vmid}\` on the node.`,
  };
  const back = left
    ? `Not put back, as it can't be written or somebody has changed it meanwhile: ${left}. Look at it on the node before anything else.`
    : "Its configuration is as it was before.";
  return new PostureError(left ? "restore-failed" : "restart-failed", `${node}: container ${vmid} did not come up as declared: ${reasons[why] ?? why}${said}`, `${back} ${then[again] ?? ""}`);
}

/** What shift-owners.pl refused, in words for the operator. */
export function shiftError(node: string, vmid: number, { code, detail, output }: Refusal): PostureError {
  const said = output ? `:\n${output}` : "";
  const error = (as: ErrorCode, what: string, hint: string) => new PostureError(as, `${node}: ${what}`, hint);
  const files = `the files of container ${vmid}`;
  switch (code) {
    case "running":
      return error("conflict", `container ${vmid} is running, and the owners of its files can be changed only while it is stopped`, "Stop it (`pct shutdown`), and run it again.");
    case "locked":
      return error("container-locked", `container ${vmid} is locked (${detail})`, `Wait until the ${detail} is over; if it was interrupted, \`pct unlock ${vmid}\` on the node. Nothing was changed.`);
    case "container-locked":
      return error("container-locked", `a change of the owners of ${files} is still at work (${detail})`, "Wait for it to end; `pulumi up` then goes on with what is left.");
    case "foreign":
      return error("conflict", `${files}: another file system is mounted at ${detail}, which the container's configuration doesn't name`, "Unmount it, or make it a mount point (`pct set`). Nothing was changed.");
    case "missing":
      return error("node-failed", `${files}: ${detail} is not there`, "Is the volume on its storage? Nothing was changed.");
    case "other-shift":
      return error("conflict", `another shift of ${files} was interrupted (/var/lib/pve-posture/shift-${vmid})`, "Declare one of its two maps: the new one to finish it, the former one to undo it.");
    case "mount":
      return error("node-failed", `${files} can't be reached: \`pct mount ${vmid}\` failed${said}`, "Nothing was changed.");
    case "taken": {
      const [, count, path] = /^(\d+) (.*)$/.exec(detail) ?? [];
      return error("conflict", `${count ?? "some"} of ${files} belong to ids of the new map already, such as ${path ?? detail}`, "They would be mixed up with those that are shifted. See to whom they should belong (`pct mount`, `ls -ln`) first. Nothing was changed.");
    }
    case "failed":
      return error("node-failed", `changing the owners of ${files} failed at ${detail}${said}`, "They are as they were before.");
    case "failed-halfway":
      return error("restore-failed", `changing the owners of ${files} failed at ${detail}${said}\nand so did changing them back`, `The container stays locked. Mend what the node says, and run it again: it goes on where it was.`);
    default:
      return error("node-failed", `changing the owners of ${files} failed: ${[code, detail].join(" ").trim()}${said}`, "See what the node says above.");
  }
}

/** The parser names the temporary file; what operators know is the profile. */
function parserWords(output: string, profile: string): string {
  const words = output.replaceAll(/\S*\/\.[\w.+-]+\.tmp\.\d+/g, profile).replaceAll(/^Warning from .*\n?/gm, "");
  return words ? `:\n${words}` : "";
}

function failedStep(node: string, detail: string, said: string, steps: readonly Step[]): PostureError {
  const nothing = "Everything is as it was before.";
  const fail = (what: string, hint: string) => new PostureError("node-failed", `${node}: ${what}`, `${hint} ${nothing}`);
  if (detail === "incomplete") return fail("the connection was cut while the steps were sent", "Run it again.");
  if (detail === "flock") return fail("has no flock", "Install util-linux on the node.");
  if (detail.startsWith("link ")) return fail(`${detail.slice(5)} is a symbolic link`, "Replace it by a file of its own.");
  if (detail === "pct") return fail("has no pct", "Is it a Proxmox VE node?");
  if (detail === "tmp") return fail(`its directory for temporary files can't be written${said}`, "Is the disk full? See `df` on the node.");
  const [verb, object] = detail.split(" ");
  if (verb === "disabled") {
    return fail(
      `AppArmor profile ${object} is disabled by the link /etc/apparmor.d/disable/${object}, so it would not be loaded`,
      `Remove the link first (rm, or aa-enforce ${object}).`,
    );
  }
  if (verb === "users") {
    return fail(`whether AppArmor profile ${object} is in use can't be told, as this can't be read${said}`, "It was left as it is.");
  }
  const what: Record<string, string> = {
    stop: `container ${object} could not be shut down`,
    write: `writing ${object} failed`,
    remove: `removing ${object} failed`,
    load: `loading AppArmor profile ${object} failed`,
    names: `apparmor_parser could not say what profile ${object} declares`,
    unload: `unloading AppArmor profile ${object} failed`,
    verify: `AppArmor profile ${object} was loaded, but the kernel doesn't list it`,
  };
  const path = steps.some((step) => "path" in step && step.path === detail);
  return fail(`${what[verb!] ?? (path ? `writing ${detail} failed` : `step «${detail}» failed`)}${said}`, "See what the node says above.");
}
