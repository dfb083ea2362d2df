import { expect } from "chai";
import { execFileSync } from "node:child_process";
import { refusalError } from "../../provider/node/refusal.js";
import type { Restart, Step } from "../../provider/plan/steps.js";
import { Place, shells } from "../support/place.js";

const path = "/etc/pve/lxc/951.conf";
const conf = "arch: amd64\nrootfs: local-zfs:subvol-951-disk-0\nunprivileged: 1\nlxc.apparmor.profile: lxc-old\n";
const changed = conf.replace("lxc-old", "lxc-new");
const profiles = "lxc-old (enforce)\nlxc-new (enforce)\n";
const profilePath = "/etc/apparmor.d/lxc-new";
const [oldText, newText] = ["r", "w"].map((access) => `profile lxc-new {\n  /srv/x ${access},\n}\n`) as [string, string];

const files = { [path]: conf, "/sys/kernel/security/apparmor/profiles": profiles, [profilePath]: newText };
const restart = (more: Partial<Restart> = {}): Restart => ({ do: "restart", vmid: 951, seconds: 2, start: false, label: "lxc-new", ...more });
const transaction = (last: Step): Step[] => [
  { do: "lock", path: "/run/lock/pve-posture-951.lock" },
  { do: "lock", path: "/run/lock/lxc/pve-config-951.lock" },
  { do: "file", path, before: conf, after: changed },
  last,
];

/** A `pct` that does what the stand-in does, but for one thing. */
const spoilt = (script: string): Record<string, string> => ({ pct: `#!/bin/sh\n${script}\nexec "$PVE_POSTURE_ROOT/real-pct" "$@"\n` });

async function placeWith(standIns: Record<string, string> | undefined, running: boolean): Promise<Place> {
  const whole = await Place.make({ files });
  const place = standIns ? await Place.make({ files, standIns }) : whole;
  const pct = execFileSync("cat", [`${whole.node.path}/pct`]).toString();
  place.write("/real-pct", pct.replaceAll(whole.node.root, place.node.root));
  execFileSync("chmod", ["755", place.at("/real-pct")]);
  if (running) place.program("/real-pct", "start", "951");
  return place;
}

const status = (place: Place): string => place.program("/real-pct", "status", "951").trim();
const label = (place: Place): string => place.live(951).split("\n").find((line) => line.startsWith("label"))?.slice(6) ?? "";

for (const [name, shell] of shells) {
  describe(`restarting a container, in ${name}`, function () {
    this.timeout(60_000);
    const make = async (standIns: Record<string, string> | undefined, running = true) => Object.assign(await placeWith(standIns, running), { shell });

    it("it comes up with what is written, and Proxmox VE's lock is free for its programs", async () => {
      const place = await make(undefined);
      expect(label(place)).to.equal("lxc-old (enforce)");
      expect(place.apply(transaction(restart({ map: "u 0 100000 65536\ng 0 100000 65536\n" })))).to.equal("done");
      expect([status(place), label(place), place.read(path)]).to.deep.equal(["status: running", "lxc-new (enforce)", changed]);
    });

    it("one that is stopped stays so, or is started where that is declared", async () => {
      const place = await make(undefined, false);
      expect(place.apply(transaction(restart()))).to.equal("done");
      expect(status(place)).to.equal("status: stopped");
      expect(place.apply([restart({ start: true })])).to.equal("done");
      expect(label(place)).to.equal("lxc-new (enforce)");
    });

    // what the shells may differ in is shown by then
    if (name !== "sh") return;

    const failures: { name: string; pct: string; with?: Partial<Restart>; detail: RegExp; status?: string }[] = [
      {
        name: "another profile than the declared one",
        pct: "",
        with: { label: "lxc-other" },
        detail: /^951 profile running$/,
      },
      { name: "other ids than the declared ones", pct: "", with: { map: "u 0 200000 65536\ng 0 200000 65536\n" }, detail: /^951 map running$/ },
      {
        name: "it does not start with what is new",
        pct: `[ "$1" != start ] || ! grep -q lxc-new "$PVE_POSTURE_ROOT${path}" || { echo 'startup failed' >&2; exit 1; }`,
        detail: /^951 start running$/,
      },
      {
        name: "it ends as soon as it has started",
        pct: `if [ "$1" = start ] && grep -q lxc-new "$PVE_POSTURE_ROOT${path}"; then "$PVE_POSTURE_ROOT/real-pct" "$@" && exec "$PVE_POSTURE_ROOT/real-pct" stop 951; fi`,
        detail: /^951 down running$/,
      },
      { name: "it can't be shut down, and goes on", pct: `[ "$1" != shutdown ] || { echo 'got timeout' >&2; exit 255; }`, detail: /^951 stop running$/ },
      {
        name: "it starts with neither",
        pct: `[ "$1" != start ] || { echo 'no space left' >&2; exit 1; }`,
        detail: /^951 start down$/,
        status: "status: stopped",
      },
    ];
    for (const { name: what, pct, with: more, detail, status: then = "status: running" } of failures) {
      it(`${what}: the file is put back, and the container runs as before`, async () => {
        const place = await make(spoilt(pct));
        const refused = place.apply(transaction(restart(more)));
        expect(refused).to.have.property("code", "restart-failed");
        if (refused === "done") return;
        expect(refused.detail).to.match(detail);
        expect(place.read(path)).to.equal(conf);
        expect(status(place)).to.equal(then);
        if (then === "status: running") expect(label(place)).to.equal("lxc-old (enforce)");
        expect(refusalError("pve", refused, []).message).to.match(/container 951 did not come up as declared: .+\n  Its configuration is as it was before\. It /s);
      });
    }

    it("a profile that was changed in the same update goes back with it", async () => {
      const place = await make(undefined);
      const revert = { path: profilePath, before: oldText, after: newText, profile: "lxc-new" };
      const refused = place.apply(transaction(restart({ label: "lxc-other", revert })));
      expect(refused).to.have.property("code", "restart-failed");
      expect([place.read(profilePath), place.read(path)]).to.deep.equal([oldText, conf]);
    });

    it("what somebody else writes meanwhile is not lost, and named", async () => {
      const place = await make(spoilt(`[ "$1" != start ] || echo 'memory: 512' >> "$PVE_POSTURE_ROOT${path}"`));
      const refused = place.apply(transaction(restart({ label: "lxc-other" })));
      if (refused === "done") return expect.fail("it came up");
      expect(refused.detail).to.equal(`951 profile running, not restored: ${path}`);
      expect(place.read(path)).to.contain(changed);
      expect(refusalError("pve", refused, [])).to.include({ code: "restore-failed" });
    });

    it("a container that was stopped is stopped again", async () => {
      const place = await make(undefined, false);
      const refused = place.apply(transaction(restart({ start: true, label: "lxc-other" })));
      expect(refused).to.deep.include({ code: "restart-failed", detail: "951 profile stopped" });
      expect([status(place), place.read(path)]).to.deep.equal(["status: stopped", conf]);
    });

    it("stopping is a step of its own", async () => {
      const place = await make(undefined);
      expect(place.apply([{ do: "stop", vmid: 951, seconds: 2 }])).to.equal("done");
      expect(status(place)).to.equal("status: stopped");
    });

    it("nothing is left behind", async () => {
      const place = await make(undefined);
      place.apply(transaction(restart({ label: "lxc-other" })));
      expect(Object.keys(place.everything()).filter((file) => /\.tmp|^\/tmp\/./.test(file))).to.deep.equal([]);
    });
  });
}
