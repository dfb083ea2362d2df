import { expect } from "chai";
import { buildIdMap, mapId, passThrough } from "../../provider/idmap/public.js";
import { lxcContainerSecurityInputs } from "../../schemas/lxc-container-security.js";

describe("maps for `idmap` of LxcContainerSecurity", () => {
  it("are taken as they are built", () => {
    const idmap = buildIdMap([mapId("u", 1000, 1000), ...passThrough("g", 44, 104)]);
    expect(lxcContainerSecurityInputs.parse({ node: "pve", vmid: 951, idmap }).idmap).to.deep.equal(idmap);
  });
});
