import { expect } from "chai";
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { z } from "zod";
import { jsonSchemas, outdated } from "../../scripts/schemas.js";

const root = resolve(__dirname, "../..");
const schemas = join(root, "schemas");

/** Checks with the JSON schema alone, as an editor does. */
const accepts = (name: string, value: unknown): boolean => {
  const schema = JSON.parse(readFileSync(join(schemas, `${name}.schema.json`), "utf8")) as Parameters<typeof z.fromJSONSchema>[0];
  return z.fromJSONSchema(schema).safeParse(value).success;
};

describe("schemas/*.schema.json", () => {
  it("are what scripts/schemas.ts writes", () => {
    expect(outdated(schemas), "run `npx tsx scripts/schemas.ts`").to.deep.equal([]);
  });

  it("`--check` exits 0 while they are", () => {
    const { status, stdout } = spawnSync(process.execPath, ["-r", "tsx/cjs", "scripts/schemas.ts", "--check"], { cwd: root, encoding: "utf8" });
    expect([status, stdout]).to.deep.equal([0, ""]);
  });

  it("one that was edited or is missing is named", () => {
    const directory = mkdtempSync(join(tmpdir(), "schemas-"));
    try {
      const [edited, missing, ...others] = [...jsonSchemas().keys()] as [string, string, ...string[]];
      writeFileSync(join(directory, edited), "{}\n");
      for (const name of others) copyFileSync(join(schemas, name), join(directory, name));
      expect(outdated(directory)).to.deep.equal([edited, missing]);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  const table: [string, unknown, boolean][] = [
    ["phoenix_lxc_configs", JSON.parse(readFileSync(join(root, "examples/container-951/phoenix_lxc_configs.json"), "utf8")), true],
    ["phoenix_lxc_configs", { lxc_configs: { 951: { name: "x", gpu_assignment: "all" } } }, false],
    ["phoenix_lxc_configs", {}, false],
    ["apparmor-profile", { node: "pve", name: "lxc-a", profile: "profile lxc-a { }" }, true],
    ["apparmor-profile", { node: "pve", name: "/lxc-a", profile: "profile lxc-a { }" }, false],
    ["lxc-container-security", { node: "pve", vmid: 951, apparmorProfile: "lxc-a", features: { nesting: true } }, true],
    ["lxc-container-security", { node: "pve", vmid: 951, apparmorProfile: "a" }, false],
    ["lxc-container-security", { node: "pve", vmid: 951, aparmorProfile: "lxc-a" }, false],
    ["gpu-passthrough", { node: "pve", vmid: 951, gpus: [0] }, true],
    ["gpu-passthrough", { node: "pve", vmid: 951, gpus: [] }, false],
  ];
  for (const [name, value, accepted] of table) {
    const text = JSON.stringify(value);
    it(`${name} ${accepted ? "accepts" : "refuses"} ${text.length > 100 ? "the example's file" : text}`, () => {
      expect(accepts(name, value)).to.equal(accepted);
    });
  }
});
