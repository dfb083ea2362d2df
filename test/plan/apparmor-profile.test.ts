import { expect } from "chai";
import fc from "fast-check";
import { appArmorProfile } from "../../provider/plan/apparmor-profile.js";
import { sameWords } from "../../provider/apparmor/same-words.js";
import { Model, Resource, kernelList, refusal, words } from "./model.js";

const path = "/etc/apparmor.d/lxc-a";
const text = (body = "/x r,", flags = "") => `profile lxc-a ${flags}{\n  ${body}\n}\n`;
const inputs = (profile = text()) => ({ node: "pve", name: "lxc-a", profile });
const deploy = ["lock /run/lock/pve-posture-profile-lxc-a.lock", `file ${path}`, "check lxc-a", `load ${path}`];
const withdraw = ["lock /run/lock/pve-posture-profile-lxc-a.lock", "unused lxc-a", `unload ${path}`, `file ${path}`];
const loaded = (mode = "enforce") => ({ [kernelList]: `lxc-container-default (enforce)\nlxc-a (${mode})\n` });

describe("the plan for an AppArmor profile", () => {
  const cases: { name: string; files: Record<string, string>; profile?: string; steps: string[]; differences: string[] }[] = [
    {
      name: "nothing there",
      files: {},
      steps: deploy,
      differences: [`${path} is not there`, "the kernel has not loaded it"],
    },
    { name: "all there", files: { [path]: text(), ...loaded() }, steps: [], differences: [] },
    {
      name: "the file alone",
      files: { [path]: text() },
      steps: deploy,
      differences: ["the kernel has not loaded it"],
    },
    {
      name: "another text",
      files: { [path]: text("/y r,"), ...loaded() },
      steps: deploy,
      differences: [`${path} has another text (first different line: 2)`],
    },
    {
      name: "in another mode",
      files: { [path]: text(), ...loaded("complain") },
      steps: deploy,
      differences: ["the kernel has it in complain mode, not enforce"],
    },
    {
      name: "in complain mode, as its flags say",
      files: { [path]: text("/x r,", "flags=(attach_disconnected,complain) "), ...loaded("complain") },
      profile: text("/x r,", "flags=(attach_disconnected,complain) "),
      steps: [],
      differences: [],
    },
    {
      name: "a child in complain mode, itself in enforce mode",
      files: { [path]: text("profile c flags=(complain) { }"), ...loaded() },
      profile: text("profile c flags=(complain) { }"),
      steps: [],
      differences: [],
    },
    {
      name: "letters beyond ASCII, which are bytes in the file",
      files: { [path]: Buffer.from(text("# für 🔒"), "utf8").toString("latin1"), ...loaded() },
      profile: text("# für 🔒"),
      steps: [],
      differences: [],
    },
  ];
  for (const { name, files, profile, steps, differences } of cases) {
    it(name, () => {
      const resource = new Resource(appArmorProfile, new Model(files));
      const plan = resource.plan(inputs(profile));
      expect(words(plan.steps)).to.deep.equal(steps);
      expect(plan.differences).to.deep.equal(differences);
      resource.up(inputs(profile));
      expect(resource.plan(inputs(profile)).steps, "a second time").to.deep.equal([]);
      expect(resource.state).to.include({ loaded: true, path });
      expect(resource.state!.drift).to.deep.equal([]);
    });
  }

  const include = { "/etc/apparmor.d/abstractions/x": "/z r,\n" };
  const meanings: [what: string, found: string, declared: string, files: Record<string, string>, changes: string[] | "unknown"][] = [
    ["layout, comments, the order of rules", "/x r, /y w,", "# why\n  /y w,\n  /x r,", {}, []],
    ["a rule that another covers", "/x/** rw,", "/x/** rw,\n  /x/y r,", {}, []],
    ["less", "/x rw,", "/x r,", {}, ["becomes tighter:", "- denies w on /x"]],
    ["more", "/x r,", "/x rw,", {}, ["becomes wider:", "+ allows w on /x"]],
    ["an audit", "/x r,", "audit /x r,", {}, ["changes:", "~ logs otherwise: r on /x"]],
    ["an include that says the same", "include <abstractions/x>", "/z r,", include, []],
    ["an include that is not there", "include <abstractions/x>", "include <abstractions/x>\n", {}, "unknown"],
    ["a child of the same full name", "profile b { profile c { /x r, } } profile b//c { }", "profile b { profile c { /x rw, } } profile b//c { }", {}, ["becomes wider:", "+ lxc-a//b//c: allows w on /x"]],
    ["many of a kind", "/x r,", "/x r, /a w, /b w, /c w, /d w, /e w,", {}, ["becomes wider:", "+ allows w on /a", "+ allows w on /b", "+ allows w on /c", "+ and 2 more like these (file)"]],
  ];
  for (const [what, found, declared, files, changes] of meanings) {
    it(`says what a change means: ${what}`, () => {
      const model = new Model({ [path]: text(found), ...loaded(), ...files });
      const plan = new Resource(appArmorProfile, model).plan(inputs(text(declared)));
      const lines = plan.changes.flatMap(({ path: title, lines }) => [title.replace(`${path} `, ""), ...lines.map((line) => `${line.sign} ${line.text}`)]);
      expect(lines).to.deep.equal(changes === "unknown" ? [] : changes);
      expect(plan.steps.length > 0).to.equal(changes.length > 0);
    });
  }

  const refused: [what: string, body: string, files: Record<string, string>, problem: RegExp | undefined][] = [
    ["an include that the node has not", "include <abstractions/y>", include, /^its compiler will refuse this at 2:3: there is no <abstractions\/y>/],
    ["an error in an include", "include <abstractions/x>", { "/etc/apparmor.d/abstractions/x": "/z rr\n" }, /^its compiler will refuse \/etc\/apparmor\.d\/abstractions\/x at 1:/],
    ["exec modes that conflict", "/a px,\n  /a ux,", {}, /^its compiler will refuse this at 3:3: .*\/a/],
    ["a variable that nothing declares", "signal peer=@{nope},", {}, /@\{nope\}/],
    ["what only 4.x takes, on a node with 3.0", "all,", { "package apparmor": "3.0.8-3" }, /needs AppArmor 4/],
    ["what 4.x takes, on a node with it", "all,", { "package apparmor": "4.1.0-1" }, undefined],
    ["nothing, where all is there", "include <abstractions/x>", include, undefined],
  ];
  for (const [what, body, files, problem] of refused) {
    it(`says before the node's compiler does what that will refuse: ${what}`, () => {
      const { findings = [], changes } = new Resource(appArmorProfile, new Model(files)).plan(inputs(text(body)));
      if (problem) expect(findings.join("\n")).to.match(problem);
      else expect(findings).to.deep.equal([]);
      expect(changes).to.deep.equal([]);
    });
  }

  const unclear: [what: string, found: string, declared: string, why: RegExp][] = [
    ["an error in what is there", "/x rr", "/x r,", /what that means can't be told: what is there has an error at line 2\)$/],
    ["bytes that are no UTF-8", "deny /\xff w,", "deny /\ufffd w,", /what is there is not UTF-8\)$/],
    ["an include from elsewhere", 'include "x"', "/x r,", /an include is looked for elsewhere than in \/etc\/apparmor\.d\)$/],
  ];
  for (const [what, found, declared, why] of unclear) {
    it(`says why it can't tell what a change means: ${what}`, () => {
      const model = new Model({ [path]: text(found), ...loaded() });
      expect(new Resource(appArmorProfile, model).plan(inputs(text(declared))).differences.join()).to.match(why);
    });
  }

  it("takes another abi for a change, as that decides what of the rules counts", () => {
    const model = new Model({ [path]: `abi <abi/3.0>,\n${text()}`, ...loaded(), "/etc/apparmor.d/abi/3.0": "file {mask {read\n}\n}\n" });
    const { changes } = new Resource(appArmorProfile, model).plan(inputs());
    expect(changes).to.deep.equal([{ path: `${path} changes:`, lines: [{ sign: "~", text: "abi: abi/3.0, then none" }] }]);
  });

  it("says that a mode changes, and nothing more: all else follows", () => {
    const model = new Model({ [path]: text(), ...loaded() });
    const { changes } = new Resource(appArmorProfile, model).plan(inputs(text("/x r,", "flags=(complain) ")));
    expect(changes).to.deep.equal([{ path: `${path} changes:`, lines: [{ sign: "~", text: "mode: enforce, then complain" }] }]);
  });

  it("takes an input for unchanged when it says the same in other words, with and without a node to ask", () => {
    const model = new Model(include);
    const resource = new Resource(appArmorProfile, model);
    resource.up(inputs(text("include <abstractions/x>")));
    const before = (body: string, answers?: Model) => appArmorProfile.asBefore!(inputs(text(body)), resource.state!, answers).profile;
    const [former, commented, spelled] = ["include <abstractions/x>", "# x\n  include <abstractions/x>", "/z r,"];
    expect(before(commented)).to.equal(text(former));
    expect(before(spelled), "what the include says is not known").to.equal(text(spelled));
    expect(before(spelled, model)).to.equal(text(former));
    expect(before("/z w,", model)).to.equal(text("/z w,"));
  });

  it("never overwrites a file that declares others", () => {
    const resource = new Resource(appArmorProfile, new Model({ [path]: `${text()}profile other { }\n` }));
    const error = refusal(() => resource.plan(inputs()));
    expect(error.code).to.equal("conflict");
    expect(error.what).to.equal(`${path} declares other profiles too: other`);
  });

  it("an update keeps what was there in the beginning", () => {
    const model = new Model({ [path]: text("/old r,"), ...loaded() });
    const before = model.snapshot();
    const resource = new Resource(appArmorProfile, model);
    resource.up(inputs());
    resource.up(inputs(text("/new r,", "flags=(complain) ")));
    expect(model.file(kernelList)).to.contain("lxc-a (complain)");
    expect(words(resource.destroy().steps)).to.deep.equal([deploy[0], deploy[1], deploy[2], deploy[3]]);
    expect(model.snapshot()).to.deep.equal(before);
  });

  it("is gone only when neither the file nor the kernel has it", () => {
    const gone = (files: Record<string, string>) => appArmorProfile.isGone(inputs(), new Model(files));
    expect([gone({}), gone({ [path]: text() }), gone(loaded())]).to.deep.equal([true, false, false]);
  });

  const deletions: [string, Record<string, string>, (model: Model) => void, string[]][] = [
    ["unloads and removes what it made", {}, () => {}, withdraw],
    ["does nothing where all is gone already", {}, (model) => (model.files_.delete(path), model.files_.set(kernelList, "")), []],
    ["unloads what is left in the kernel alone", {}, (model) => void model.files_.delete(path), withdraw],
    ["takes a profile away that was a file only, and puts the file back", { [path]: text("/old r,") }, () => {}, withdraw],
    [
      "does nothing where somebody has put everything back",
      { [path]: text("/old r,"), ...loaded() },
      (model) => void model.files_.set(path, text("/old r,")),
      [],
    ],
  ];
  for (const [name, files, meanwhile, steps] of deletions) {
    it(`deleting ${name}`, () => {
      const model = new Model(files);
      const resource = new Resource(appArmorProfile, model);
      resource.up(inputs());
      meanwhile(model);
      expect(words(resource.destroy().steps)).to.deep.equal(steps);
      expect(model.file(path)).to.equal(files[path]);
    });
  }

  it("deleting leaves what another resource has declared since", () => {
    const resource = new Resource(appArmorProfile, new Model());
    resource.up(inputs());
    const asked: string[] = [];
    const claimed = (file: string, form: string) => asked.push(`${file} ${form}`) > 0;
    expect(resource.planDelete(claimed).steps).to.deep.equal([]);
    expect(asked).to.deep.equal([`${path} lxc-a`]);
  });

  it("property: applied, nothing is left to do; deleted, the bytes are as before", () => {
    const profile = fc.tuple(fc.string({ unit: "grapheme" }), fc.constantFrom("", "flags=(complain) ", "(unconfined) ")).map(
      ([comment, flags]) => text(`# ${comment.replace(/[\n\0]/g, "")}`, flags),
    );
    const before = fc.option(profile, { nil: undefined });
    fc.assert(
      fc.property(before, fc.boolean(), fc.array(profile, { minLength: 1, maxLength: 3 }), (old, inKernel, texts) => {
        const bytes = old === undefined ? undefined : Buffer.from(old, "utf8").toString("latin1");
        const model = new Model({ [path]: bytes });
        if (bytes !== undefined && inKernel) model.apply([{ do: "load", profile: "lxc-a", path }]);
        const untouched = model.snapshot();
        const resource = new Resource(appArmorProfile, model);
        for (const declared of texts) {
          resource.up(inputs(declared));
          expect(resource.plan(inputs(declared)).steps).to.deep.equal([]);
          expect(sameWords(Buffer.from(model.file(path)!, "latin1").toString("utf8"), declared)).to.equal(true);
        }
        resource.destroy();
        expect(model.snapshot()).to.deep.equal(untouched);
      }),
    );
  });
});
