// The fleet as a program of Pulumi; what it declares stands in containers.json.
/* eslint @typescript-eslint/no-require-imports: off -- run as it stands, as CommonJS */
const posture = require("pve-posture");
const containers = require("./containers.json");

for (const { vmid, name, profile, idmap, deviceRules } of containers) {
  // without a text there is nothing to deploy: the node has the profile
  const deployed = profile && new posture.AppArmorProfile(name, { node: "pve1", name, profile });
  new posture.LxcContainerSecurity(`ct${vmid}`, {
    node: "pve1",
    vmid,
    apparmorProfile: deployed ? deployed.name : name,
    idmap,
    deviceRules,
  });
}
