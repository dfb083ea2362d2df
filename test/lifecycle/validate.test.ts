import { expect } from "chai";
import { failuresOf, hasUnknown, ownInputs } from "../../provider/lifecycle/validate.js";
import { appArmorProfileInputs } from "../../schemas/apparmor-profile.js";
import { gpuPassthroughInputs } from "../../schemas/gpu-passthrough.js";
import { lxcContainerSecurityInputs } from "../../schemas/lxc-container-security.js";

const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const paths = (schema: Parameters<typeof failuresOf>[0], inputs: Record<string, unknown>) => failuresOf(schema, inputs).map(({ property }) => property);
const security = (more: Record<string, unknown>) => paths(lxcContainerSecurityInputs, { node: "pve", vmid: 951, ...more });
const profile = (more: Record<string, unknown>) => paths(appArmorProfileInputs, { node: "pve", name: "lxc-a", profile: "profile lxc-a { }\n", ...more });
const gpu = (more: Record<string, unknown>) => paths(gpuPassthroughInputs, { node: "pve", vmid: 951, gpus: "all", ...more });

describe("checking inputs", () => {
  const problems: [string, string[], string[]][] = [
    ["nothing wrong", security({}), []],
    ["all missing", paths(lxcContainerSecurityInputs, {}), ["node", "vmid"]],
    ["a key that is no input", security({ apparmor: "x" }), ["apparmor"]],
    ["keys that are no inputs, deep inside", security({ firewall: { rules: [{ direction: "in", action: "DROP", prot: "tcp" }], x: 1 } }), ["firewall.rules[0].prot", "firewall.x"]],
    ["a key that has to be quoted", security({ raw: { "lxc.rootfs.path": "/x" } }), ['raw["lxc.rootfs.path"]']],
    ["several at once", security({ vmid: 1, node: "-oProxyCommand=x", capDrop: ["CAP_SYS"] }), ["node", "vmid", "capDrop[0]"]],
    ["a profile that lxc-start may not change to", security({ apparmorProfile: "docker-default" }), ["apparmorProfile"]],
    ["half a map", security({ idmap: [{ type: "u", container: 0, host: 1, count: 1 }] }), ["idmap"]],
    ["line breaks that would be lines of their own", security({ mountEntries: ["/a a none bind\nlxc.apparmor.profile: unconfined"] }), ["mountEntries[0]"]],
    ["and in raw", security({ raw: { "lxc.environment": ["A=1\nlxc.cap.drop:"] } }), ['raw["lxc.environment"][0]']],
    ["and in comments of the firewall", security({ firewall: { rules: [{ direction: "in", action: "DROP", comment: "x\nIN ACCEPT" }] } }), ["firewall.rules[0].comment"]],
    ["an option smuggled into a word", security({ firewall: { rules: [{ direction: "in", action: "DROP", source: "1.2.3.4 -p tcp" }] } }), ["firewall.rules[0].source"]],
    ["a port without a protocol", security({ firewall: { rules: [{ direction: "in", action: "DROP", dport: "22" }] } }), ["firewall.rules[0].dport"]],
    ["a name that is a path", profile({ name: "../../etc/passwd" }), ["name", "name"]],
    ["a name that disagrees with the text", profile({ name: "lxc-b" }), ["name"]],
    ["two profiles", profile({ profile: "profile lxc-a { }\nprofile lxc-b { }\n" }), ["name"]],
    ["a deny behind deny-all, which does nothing", security({ deviceRules: [{ action: "deny", rule: "a" }, { action: "deny", rule: "c 195:0 rw" }] }), ["deviceRules[1]"]],
    ["NUL", profile({ profile: "profile lxc-a { }\n\0" }), ["profile"]],
    ["a GPU in no known spelling", gpu({ gpus: [0, "first"] }), ["gpus[1]"]],
    ["a mode that is none", gpu({ mode: "666" }), ["mode"]],
  ];
  for (const [name, found, expected] of problems) it(name, () => expect(found).to.have.members(expected));

  const open: [string, string[], string[]][] = [
    ["a whole input", security({ vmid: unknown }), []],
    ["within a list", gpu({ gpus: [unknown] }), []],
    ["within an object", security({ idmap: [{ type: "both", container: 0, host: unknown, count: 65536 }] }), []],
    ["a list as a whole", security({ deviceRules: unknown }), []],
    ["beside what is wrong", security({ vmid: unknown, capDrop: ["X"] }), ["capDrop[0]"]],
    ["a port's protocol", security({ firewall: { rules: [{ direction: "in", action: "DROP", proto: unknown, dport: "22" }] } }), []],
    ["a profile's text", profile({ profile: unknown }), []],
    ["a profile's name, against which its text can't be held", profile({ name: unknown }), []],
  ];
  for (const [name, found, expected] of open) it(`not known yet: ${name}`, () => expect(found).to.deep.equal(expected));

  it("finds what isn't known at any depth, and leaves out what isn't the program's", () => {
    expect(hasUnknown({ a: [{ b: unknown }] })).to.be.true;
    expect(hasUnknown({ a: [{ b: `x${unknown}` }], c: null })).to.be.false;
    expect(ownInputs({ a: 1, __provider: "x", __secret: [] })).to.deep.equal({ a: 1 });
  });
});
