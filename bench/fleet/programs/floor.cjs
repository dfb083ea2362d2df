// What the engine takes by itself: as many resources with the same inputs, whose provider does nothing.
/* eslint @typescript-eslint/no-require-imports: off -- run as it stands, as CommonJS */
const pulumi = require("@pulumi/pulumi");
const containers = require("./containers.json");

const nothing = {
  check: async (_olds, inputs) => ({ inputs }),
  diff: async () => ({ changes: false }),
  create: async (inputs) => ({ id: `${inputs.name ?? inputs.vmid}`, outs: inputs }),
};

class Profile extends pulumi.dynamic.Resource {
  constructor(name, inputs) {
    super(nothing, name, inputs, undefined, "floor", "Profile");
  }
}
class Container extends pulumi.dynamic.Resource {
  constructor(name, inputs) {
    super(nothing, name, inputs, undefined, "floor", "Container");
  }
}

for (const { vmid, name, profile, idmap, deviceRules } of containers) {
  const deployed = new Profile(name, { node: "pve1", name, profile });
  new Container(`ct${vmid}`, { node: "pve1", vmid, apparmorProfile: deployed.name, idmap, deviceRules });
}
