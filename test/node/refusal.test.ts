import { expect } from "chai";
import { refusalError } from "../../provider/node/refusal.js";
import type { Step } from "../../provider/plan/steps.js";

const conf = "/etc/pve/lxc/951.conf";
const steps: Step[] = [{ do: "file", path: conf, before: "", after: "x" }];

describe("what a node refuses, in words", () => {
  const cases: [code: string, detail: string, output: string, as: string, words: RegExp[]][] = [
    ["container-locked", "/run/lock/lxc/pve-config-951.lock", "", "container-locked", [/lock of container 951/]],
    ["container-locked", "/run/lock/pve-posture.lock", "", "container-locked", [/^pve: another task holds \/run\/lock\/pve-posture.lock\n/]],
    ["changed-meanwhile", conf, "", "changed-meanwhile", [/951.conf was changed by somebody else/]],
    ["no-quorum", conf, "", "no-quorum", [/read-only/, /pvecm status/]],
    ["no-apparmor", "parser", "", "no-apparmor", [/has no apparmor_parser/]],
    ["no-apparmor", "kernel", "", "no-apparmor", [/the kernel has no AppArmor/]],
    ["profile-invalid", "name lxc-a", "lxc-b\nlxc-c", "profile-invalid", [/declares lxc-b, lxc-c, not lxc-a/]],
    ["profile-invalid", "name lxc-a", "", "profile-invalid", [/declares nothing, not lxc-a/]],
    [
      "profile-invalid", "lxc-a", "Warning from x (/y): cached\nAppArmor parser error for /etc/apparmor.d/.lxc-a.tmp.4711 in line 2: syntax error", "profile-invalid",
      [/refuses profile lxc-a:\n {0,2}AppArmor parser error for lxc-a in line 2/],
    ],
    ["profile-not-loaded", "lxc-a", "", "profile-not-loaded", [/lxc-a is not loaded/]],
    ["profile-in-use", "lxc-a", "process 7\ncontainer 951 pve\n", "profile-in-use", [/in use by container 951, process 7; it was left/]],
    ["profile-in-use", "lxc-a", Array.from({ length: 9 }, (_, i) => `process ${i}`).join("\n"), "profile-in-use", [/process 4 and others/, /Stop or restart/]],
    ["node-failed", "in-use lxc-a", "process 7", "profile-in-use", [/process 7/]],
    ["restore-failed", `write ${conf}, not restored: ${conf} profile:lxc-a`, "disk full", "restore-failed", [/step «write \/etc\/pve\/lxc\/951.conf» failed:\n {0,2}disk full/, /failed too for \/etc\/pve\/lxc\/951.conf profile:lxc-a/]],
    ["node-failed", "incomplete", "", "node-failed", [/connection was cut/]],
    ["node-failed", "flock", "", "node-failed", [/has no flock/]],
    ["node-failed", `link ${conf}`, "", "node-failed", [/951.conf is a symbolic link/]],
    ["node-failed", `write ${conf}`, "no space", "node-failed", [/writing \/etc\/pve\/lxc\/951.conf failed:\n {0,2}no space/, /as it was before/]],
    ["node-failed", conf, "no space", "node-failed", [/writing \/etc\/pve\/lxc\/951.conf failed/]],
    ["node-failed", "load lxc-a", "", "node-failed", [/loading AppArmor profile lxc-a failed/]],
    ["node-failed", "verify lxc-a", "", "node-failed", [/was loaded, but the kernel doesn't list it/]],
    ["node-failed", "tmp", "No space left", "node-failed", [/temporary files can't be written:\n {0,2}No space left/, /as it was before/]],
    ["node-failed", "disabled lxc-a", "", "node-failed", [/lxc-a is disabled by the link \/etc\/apparmor.d\/disable\/lxc-a/, /aa-enforce lxc-a/, /as it was before/]],
    ["node-failed", "users lxc-a", "/proc/7/attr/current", "node-failed", [/whether AppArmor profile lxc-a is in use can't be told/, /\/proc\/7\/attr\/current/]],
    ["something-new", "x", "", "node-failed", [/step «x» failed/]],
  ];
  for (const [code, detail, output, as, words] of cases) {
    it(`${code} ${detail}`, () => {
      const error = refusalError("pve", { code, detail, output }, steps);
      expect(error.code).to.equal(as);
      expect(error.message).to.match(/^pve: /);
      for (const each of words) expect(error.message).to.match(each);
    });
  }
});
