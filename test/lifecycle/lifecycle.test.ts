import { expect } from "chai";
import { PostureError, type ErrorCode } from "../../provider/errors.js";
import { Claims } from "../../provider/lifecycle/claims.js";
import { Lifecycle } from "../../provider/lifecycle/lifecycle.js";
import { RecentProfiles } from "../../provider/lifecycle/recent.js";
import { Turns } from "../../provider/lifecycle/turns.js";
import type { Nodes } from "../../provider/node/nodes.js";
import { appArmorProfile } from "../../provider/plan/apparmor-profile.js";
import { lxcContainerSecurity } from "../../provider/plan/lxc-container-security.js";
import type { Answers, Step } from "../../provider/plan/steps.js";
import { Model } from "../plan/model.js";

type Props = Record<string, unknown>;
const confPath = "/etc/pve/lxc/951.conf";
const conf = "arch: amd64\nunprivileged: 1\n";
const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** Nodes by name, each a model; `onApply` and `onObserve` play what goes wrong, one call after the other. */
class FakeNodes {
  readonly byName = new Map<string, Model>();
  applies = 0;
  observations = 0;
  onApply: ((model: Model, steps: readonly Step[]) => Answers | void)[] = [];
  onObserve: ((model: Model) => void)[] = [];

  constructor(model: Model, ...names: string[]) {
    for (const name of ["pve", ...names]) this.byName.set(name, model);
  }

  named(): undefined {}
  remembers = false;
  forgotten = 0;
  forget(): void {
    this.forgotten++;
  }

  async observe(node: string): Promise<Answers> {
    this.observations++;
    const model = this.byName.get(node);
    if (!model) throw unreachable();
    this.onObserve.shift()?.(model);
    return copy(model);
  }

  async apply(node: string, steps: readonly Step[]): Promise<Answers> {
    this.applies++;
    const model = this.byName.get(node)!;
    const played = this.onApply.shift();
    if (played) return played(model, steps) ?? copy(model);
    for (const step of steps) {
      if (step.do === "file" && model.file(step.path) !== step.before) throw new PostureError("changed-meanwhile", `${step.path} was changed`);
    }
    model.apply(steps);
    return copy(model);
  }
}

const copy = (model: Model): Model => new Model(model.snapshot());
const failure = (code: ErrorCode, what: string = code) => new PostureError(code, what);
const unreachable = () => failure("unreachable", "pve: cut off");
const fail = (error: Error) => (): never => {
  throw error;
};

function world(text = conf, files: Record<string, string | undefined> = {}, settings: Partial<{ preview: "live" | "offline"; lockTimeoutSeconds: number }> = {}) {
  const model = Model.container(951, text, files);
  const nodes = new FakeNodes(model, "alias");
  const claims = new Claims();
  const turns = new Turns();
  const recent = new RecentProfiles();
  const get = () => ({ preview: "live" as const, lockTimeoutSeconds: 0, ...settings });
  const make = () => nodes as unknown as Nodes;
  return {
    model,
    nodes,
    security: new Lifecycle(lxcContainerSecurity, make, get, claims, turns, recent),
    profile: new Lifecycle(appArmorProfile, make, get, claims, turns, recent),
  };
}

const declared = (more: Props = {}): Props => ({ node: "pve", vmid: 951, capDrop: ["sys_module"], ...more });
const dropped = `${conf}lxc.cap.drop: sys_module\n`;

async function rejection(promise: Promise<unknown>): Promise<PostureError & { id?: string; properties?: Props; reasons?: string[] }> {
  try {
    await promise;
  } catch (error) {
    expect(error).to.be.instanceOf(PostureError);
    return error as PostureError;
  }
  throw new Error("it should have failed");
}

describe("the life of a resource", () => {
  let said: string[];
  const { log } = console;
  beforeEach(() => {
    said = [];
    console.log = (text: string) => void said.push(text);
  });
  afterEach(() => {
    console.log = log;
  });

  it("create, no change, drift, update, read, delete", async () => {
    const { model, security } = world();
    const { id, outs } = await security.create(declared());
    expect(id).to.match(/^pve\/container-951\/[0-9a-f]{8}$/);
    expect(model.file(confPath)).to.equal(dropped);
    expect(await security.diff(id, outs, declared())).to.deep.equal({ changes: false });
    model.files_.set(confPath, conf);
    expect(await security.diff(id, outs, declared())).to.deep.equal({ changes: true });
    const read = await security.read(id, outs);
    expect(read.props["drift"]).to.deep.equal(["missing: lxc.cap.drop: sys_module"]);
    const { outs: updated } = await security.update(id, read.props, declared());
    expect(updated["drift"]).to.deep.equal([]);
    await security.delete(id, updated);
    expect(model.file(confPath)).to.equal(conf);
  });

  describe("what was read some seconds ago", () => {
    const away = (model: Model) => [confPath, "/etc/pve/nodes/pve/lxc/951.conf"].forEach((path) => model.files_.delete(path));
    const back = (model: Model) => [confPath, "/etc/pve/nodes/pve/lxc/951.conf"].forEach((path) => model.files_.set(path, conf));

    it("a container that was made since is there", async () => {
      const { model, nodes, security } = world(conf, { "/etc/pve/lxc/100.conf": "" });
      nodes.remembers = true;
      nodes.onObserve = [away, back];
      await security.create(declared());
      expect(model.file(confPath)).to.equal(dropped);
      expect(nodes.forgotten).to.equal(1);
    });

    it("and to a refresh as well", async () => {
      const { model, nodes, security } = world(conf, { "/etc/pve/lxc/100.conf": "" });
      const { id, outs } = await security.create(declared());
      nodes.remembers = true;
      nodes.onObserve = [away, (model) => (back(model), model.files_.set(confPath, dropped))];
      expect((await security.read(id, outs)).id).to.equal(id);
      expect(model.file(confPath)).to.equal(dropped);
    });

    it("a container that really isn't there is not", async () => {
      const { model, nodes, security } = world(conf, { "/etc/pve/lxc/100.conf": "" });
      away(model);
      nodes.remembers = true;
      expect((await rejection(security.create(declared()))).code).to.equal("container-not-found");
    });

    it("one that was started since is restarted, where that is declared", async () => {
      const { nodes, model, security } = world();
      nodes.remembers = true;
      const begins = () => {
        model.files_.set("/sys/fs/cgroup/lxc/951", "");
        model.files_.set("/var/lib/lxc/951/config", "lxc.arch = amd64\n");
        model.files_.set("live 951", "pid 7\nstarted 1\nlabel unconfined\nowner 0 0\n");
      };
      const steps: string[][] = [];
      const play = (model: Model, done: readonly Step[]) => {
        steps.push(done.map((step) => step.do));
        if (steps.length === 1) begins();
        model.apply(done);
        if (steps.length === 2) model.files_.set("/var/lib/lxc/951/config", "lxc.arch = amd64\nlxc.cap.drop = sys_module\n");
        if (steps.length === 2) model.files_.set("live 951", "pid 8\nstarted 2\nlabel lxc-951_</var/lib/lxc>\nowner 0 0\n");
      };
      nodes.onApply = [play, play];
      await security.create(declared({ restart: "if-running" }));
      expect(steps.map((done) => done.includes("restart"))).to.deep.equal([false, true]);
    });
  });

  it("what is gone is gone to a refresh", async () => {
    const { model, security } = world(conf, { "/etc/pve/lxc/100.conf": "" });
    const { id, outs } = await security.create(declared());
    model.files_.delete(confPath);
    model.files_.delete("/etc/pve/nodes/pve/lxc/951.conf");
    expect(await security.read(id, outs)).to.deep.equal({ id: "", props: {} });
    await security.delete(id, outs);
  });

  it("another container is another resource; another name of the same machine is not", async () => {
    const { nodes, security } = world();
    const { id, outs } = await security.create(declared());
    expect(await security.diff(id, outs, declared({ vmid: 952 }))).to.deep.equal({ changes: true, replaces: ["vmid"] });
    expect((await security.diff(id, outs, declared({ node: "alias" }))).replaces).to.be.undefined;
    nodes.byName.set("other", new Model({ ...nodes.byName.get("pve")!.snapshot(), "/etc/machine-id": "another\n" }));
    expect(await security.diff(id, outs, declared({ node: "other" }))).to.deep.equal({ changes: true, replaces: ["node"] });
  });

  it("values that aren't known yet are a change; of a new resource, a preview tells what is known", async () => {
    const { nodes, security } = world();
    const { id, outs } = await security.create(declared());
    const before = nodes.observations;
    expect(await security.diff(id, outs, declared({ apparmorProfile: unknown, __preview: true }))).to.deep.equal({ changes: true, replaces: [] });
    expect(nodes.observations).to.equal(before);
    expect((await security.check({}, declared({ apparmorProfile: unknown, __preview: true }))).failures).to.deep.equal([]);
    expect(nodes.observations).to.equal(before + 1);
    expect((await security.check({}, declared({ vmid: unknown, __preview: true }))).failures).to.deep.equal([]);
    expect(nodes.observations, "without the container's id there is nothing to ask").to.equal(before + 1);
  });

  describe("when somebody else edits the file meanwhile", () => {
    const race = () => (model: Model) => {
      model.files_.set(confPath, `# ${Math.random()}\n${model.file(confPath)!}`);
      throw failure("changed-meanwhile");
    };

    for (const races of [1, 5]) {
      it(`starts over ${races} times`, async () => {
        const { model, nodes, security } = world();
        nodes.onApply = Array.from({ length: races }, race);
        await security.create(declared());
        expect(model.file(confPath)).to.match(/^(# 0[.\de-]+\n)+arch: amd64\nunprivileged: 1\nlxc.cap.drop: sys_module\n$/);
        expect(nodes.applies).to.equal(races + 1);
      });
    }

    it("gives up in the end", async () => {
      const { nodes, security } = world();
      nodes.onApply = Array.from({ length: 50 }, race);
      expect((await rejection(security.create(declared()))).code).to.equal("changed-meanwhile");
      expect(nodes.applies).to.equal(11);
    });

    it("starts over when deleting too, with what is there then", async () => {
      const { model, nodes, security } = world();
      const { id, outs } = await security.create(declared());
      nodes.onApply = [race()];
      await security.delete(id, outs);
      expect(model.file(confPath)).to.match(/^# 0[.\de-]+\narch: amd64\nunprivileged: 1\n$/);
    });
  });

  describe("when the container is locked", () => {
    it("fails without waiting where no wait is wanted", async () => {
      const { nodes, security } = world(`${conf}lock: backup\n`);
      const error = await rejection(security.create(declared()));
      expect(error).to.include({ code: "container-locked", what: "pve: container 951 is locked (backup)" });
      expect(nodes.applies).to.equal(0);
    });

    it("waits, says so once, and goes on when it is free", async () => {
      const { model, nodes, security } = world(`${conf}lock: backup\n`, {}, { lockTimeoutSeconds: 20 });
      nodes.onObserve = [() => {}, () => {}, () => void model.files_.set(confPath, conf)];
      await security.create(declared());
      expect(model.file(confPath)).to.equal(dropped);
      expect(said.filter((line) => line.includes("waiting up to 20 s"))).to.have.length(1);
    });

    it("fails when the time is over", async () => {
      const { nodes, security } = world(`${conf}lock: backup\n`, {}, { lockTimeoutSeconds: 1 });
      expect((await rejection(security.create(declared()))).code).to.equal("container-locked");
      expect(nodes.observations).to.be.at.least(2);
    });

    it("is no obstacle where there is nothing to do, and in a preview only a remark", async () => {
      const { security } = world(`${dropped}lock: backup\n`);
      await security.create(declared());
      const other = world(`${conf}lock: backup\n`);
      expect((await other.security.check({}, declared({ __preview: true }))).failures).to.deep.equal([]);
      expect(said.join("\n")).to.contain("container 951 is locked (backup)");
    });
  });

  describe("when the node can't be reached", () => {
    it("a preview warns once a node and goes by the state", async () => {
      const { nodes, security } = world();
      const { id, outs } = await security.create(declared());
      nodes.byName.clear();
      const preview = (more: Props) => security.diff(id, outs, declared({ __preview: true, ...more }));
      expect(await preview({})).to.deep.equal({ changes: false, replaces: [] });
      expect(await preview({ capDrop: [] })).to.deep.equal({ changes: true, replaces: [] });
      expect(await preview({ vmid: 952 })).to.deep.equal({ changes: true, replaces: ["vmid"] });
      expect((await security.check({}, declared({ __preview: true }))).failures).to.deep.equal([]);
      expect(said.filter((line) => line.startsWith("warning: pve: cut off"))).to.have.length(1);
    });

    it("anything else fails", async () => {
      const { nodes, security } = world();
      const { id, outs } = await security.create(declared());
      nodes.byName.clear();
      for (const call of [() => security.diff(id, outs, declared()), () => security.read(id, outs), () => security.create(declared()), () => security.delete(id, outs)]) {
        expect((await rejection(call())).code).to.equal("unreachable");
      }
    });

    it("a changed host key fails a preview too", async () => {
      const { nodes, security } = world();
      nodes.onObserve = [fail(failure("host-key-changed"))];
      expect((await rejection(security.check({}, declared({ __preview: true })))).code).to.equal("host-key-changed");
    });

    it("an offline preview asks no node", async () => {
      const { nodes, security } = world(conf, {}, { preview: "offline" });
      await security.check({}, declared({ __preview: true }));
      await security.diff("id", declared({ ledger: {} }), declared({ __preview: true }));
      expect(nodes.observations).to.equal(0);
    });
  });

  describe("when the connection breaks while the steps run", () => {
    const took = (model: Model, steps: readonly Step[]) => {
      model.apply(steps);
      throw unreachable();
    };
    const changed = fail(failure("changed-meanwhile"));

    it("taken effect: the second try refuses, and reading shows it", async () => {
      const { model, nodes, security } = world();
      nodes.onApply = [took, changed];
      const { outs } = await security.create(declared());
      expect(outs["drift"]).to.deep.equal([]);
      expect(model.file(confPath)).to.equal(dropped);
    });

    it("not taken effect: the second try does it", async () => {
      const { model, nodes, security } = world();
      nodes.onApply = [fail(unreachable())];
      await security.create(declared());
      expect(model.file(confPath)).to.equal(dropped);
      expect(nodes.applies).to.equal(2);
    });

    it("refused for another reason at the second try: that reason", async () => {
      const { nodes, security } = world();
      nodes.onApply = [fail(unreachable()), fail(failure("profile-not-loaded"))];
      const error = await rejection(security.create(declared()));
      expect([error.code, error.id]).to.deep.equal(["profile-not-loaded", undefined]);
    });

    const unsure: [string, (FakeNodes["onApply"][number])[], ((model: Model) => void)[]][] = [
      ["and doesn't come back", [fail(unreachable()), fail(unreachable())], []],
      ["having taken effect, and doesn't come back", [took, fail(unreachable())], []],
      ["and comes back for a moment only", [took, changed], [() => {}, () => {}, fail(unreachable())]],
      ["and somebody else writes too", [took, changed], [() => {}, (model) => void model.files_.set(confPath, `${dropped}memory: 1\n`)]],
    ];
    for (const [name, applies, observations] of unsure) {
      it(`${name}: the error carries what is to be remembered`, async () => {
        const { nodes, model, security } = world();
        [nodes.onApply, nodes.onObserve] = [applies, observations];
        const error = await rejection(security.create(declared({ __provider: "text of the provider", __preview: undefined })));
        expect(error.code).to.equal("node-failed");
        expect(error.message).to.contain("It is not known whether the change took effect");
        expect(error.id).to.match(/^pve\/container-951\//);
        expect(error.reasons).to.deep.equal([error.message]);
        expect(error.properties).to.include({ node: "pve", vmid: 951, __provider: "text of the provider" });
        // the next update finishes, and deleting after it gives everything back, whichever it was
        nodes.onObserve = [];
        const { outs } = await security.update(error.id!, error.properties!, declared());
        expect(model.file(confPath)).to.contain("lxc.cap.drop: sys_module\n");
        await security.delete(error.id!, outs);
        expect(model.file(confPath)).not.to.contain("cap.drop");
        expect(model.file(confPath)).to.contain(conf);
      });
    }
  });

  describe("a node that lies", () => {
    const lies: [string, (model: Model) => Answers | void, RegExp][] = [
      ["takes the change and shows the old file", () => {}, /took the change, but shows something else now/],
      ["takes the change and has no such container any more", (model) => {
        model.files_.delete(confPath);
        model.files_.delete("/etc/pve/nodes/pve/lxc/951.conf");
      }, /took the change, but now says: /],
      ["takes the change and shows somebody else's", (model) => void model.files_.set(confPath, "lxc.cap.drop: none\n"), /shows something else now/],
    ];
    for (const [name, lie, expected] of lies) {
      it(`${name}: an error that keeps what was done`, async () => {
        const { nodes, security } = world();
        nodes.onApply = [lie];
        const error = await rejection(security.create(declared({ __provider: "p" })));
        expect(error.message).to.match(expected);
        expect(error.properties).to.include({ vmid: 951, __provider: "p" });
        expect(error.properties).to.have.nested.property("ledger.conf");
      });
    }
  });

  describe("secrets", () => {
    const secret = "hunter2";
    const props = declared({ apparmorProfile: `lxc-${secret}`, raw: { "lxc.environment": [`A=${secret}`] }, __secret: ["apparmorProfile"], __provider: "p" });

    it("are never in lines, drift or anything said", async () => {
      const { model, security } = world();
      await security.check({}, { ...props, __preview: true });
      const { id, outs } = await security.create(props);
      model.files_.set(confPath, model.file(confPath)!.replaceAll(secret, "other"));
      await security.diff(id, outs, props);
      const read = await security.read(id, outs);
      expect(read.props["drift"]).to.have.length.above(0);
      expect(JSON.stringify([outs["lines"], read.props["lines"], read.props["drift"], said])).not.to.match(/hunter2|other/);
      expect(read.props["__secret"], "still known at the next refresh").to.deep.equal(["apparmorProfile"]);
      await security.delete(id, read.props);
      expect(said.join("\n")).not.to.match(/hunter2/);
    });

    it("aren't in what will be refused, nor in what a change means", async () => {
      const { model, profile } = world();
      const text = (body: string) => ({ node: "pve", name: "lxc-a", profile: `profile lxc-a { ${body} }\n`, __secret: ["profile"], __preview: true });
      await profile.check({}, text(`include <${secret}>`));
      const { id, outs } = await profile.create(text(`/${secret} r,`));
      await profile.diff(id, outs, text(`/${secret} rw,`));
      model.files_.set("/etc/apparmor.d/lxc-a", `profile lxc-a { /${secret} w, }\n`);
      await profile.diff(id, outs, text(`/${secret} r,`));
      expect(said.join("\n")).to.contain("drift").and.not.contain(secret);
    });

    it("aren't in what the compiler says, neither when deploying nor when deleting", async () => {
      const { nodes, profile } = world();
      const news = { node: "pve", name: "lxc-a", profile: `profile lxc-a { include <${secret}> }\n`, __secret: ["profile"] };
      const invalid = fail(failure("profile-invalid", `pve: apparmor_parser refuses profile lxc-a:\nCould not open ${secret}`));
      nodes.onApply = [invalid];
      const error = await rejection(profile.create(news));
      expect(error.message).to.contain("profile-invalid").and.not.contain(secret);
      const other = world();
      const { id, outs } = await other.profile.create(news);
      other.nodes.onApply = [invalid];
      expect((await rejection(other.profile.delete(id, outs))).message).not.to.contain(secret);
    });

    it("that become public are a change, so that the state learns of it", async () => {
      const { security } = world();
      const { id, outs } = await security.create(props);
      expect(await security.diff(id, outs, { ...props, __secret: undefined })).to.deep.equal({ changes: true });
    });
  });

  describe("two resources of one program", () => {
    it("that say the contrary of the same are a conflict, before anything is written twice", async () => {
      const { model, security } = world();
      await security.create(declared({ apparmorProfile: "unconfined" }));
      const error = await rejection(security.create(declared({ apparmorProfile: "generated" })));
      expect(error.code).to.equal("conflict");
      expect(model.file(confPath)).to.contain("unconfined");
    });

    it("of which one takes the other's place: the new one finds it as it is, the old one leaves it", async () => {
      const { model, security } = world();
      const { id, outs } = await security.create(declared());
      await security.create(declared());
      await security.delete(id, outs);
      expect(model.file(confPath)).to.equal(dropped);
    });

    it("take turns on one container", async () => {
      const { model, security } = world();
      await Promise.all([security.create(declared()), security.create(declared({ capDrop: ["sys_time"] }))]);
      expect(model.file(confPath)).to.equal(`${dropped}lxc.cap.drop: sys_time\n`);
    });
  });

  it("a preview of what the same program will make first is a warning only", async () => {
    const { nodes, security } = world();
    nodes.byName.set("pve", new Model());
    expect((await security.check({}, declared({ __preview: true }))).failures).to.deep.equal([]);
    expect(said.join()).to.contain("warning: pve: /etc/pve/lxc is not there");
  });
});
