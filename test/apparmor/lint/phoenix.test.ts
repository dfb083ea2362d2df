import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { check } from "../../../provider/apparmor/check/index.js";
import { lint } from "../../../provider/apparmor/lint/index.js";
import { includesFrom } from "../../../provider/apparmor/resolve/index.js";
import { includes } from "./base.js";

/** What is wrong with a file, as `12 code` each, and what has no hint. */
function told(file: string, options = {}): { errors: string[]; findings: string[]; mute: string[] } {
  const { resolved, diagnostics } = check(readFileSync(file, "utf8"), { file: "main", include: includesFrom(includes) });
  const found = lint(resolved, options);
  const show = ({ line, code }: { line: number; code: string }): string => `${line} ${code}`;
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  return { errors: errors.map(show), findings: found.map(show), mute: [...errors, ...found].filter(({ hint }) => !hint).map(show) };
}

interface Expected {
  /** all of them */
  errors: string[];
  /** these at least */
  findings: string[];
  shares?: string[];
}

function expectTold(file: string, { errors, findings, shares }: Expected): void {
  const result = told(file, { shares });
  expect(result.errors).to.deep.equal(errors);
  expect(result.findings).to.include.members(findings);
  expect(result.mute, "without a word on what to do").to.deep.equal([]);
}

const fixtures = join(__dirname, "../../fixtures/apparmor/profiles");

describe("apparmor: profiles in the manner of Phoenix", () => {
  const cases: Record<string, Expected> = {
    "lxc-gpu-storage-unloadable": {
      errors: ["4 preamble-in-profile", "19 missing-comma"],
      findings: [
        "3 no-audit",
        "5 network-unrestricted",
        "5 file-unrestricted",
        "9 device-glob",
        "14 runtime-socket",
        "17 whole-share-writable",
        "17 no-op-allow",
        "6 change-profile-unconfined",
      ],
    },
    "lxc-gpu-storage-wrong-order": {
      errors: ["2 preamble-in-profile", "7 qualifier-order"],
      findings: ["5 whole-share-writable", "3 network-unrestricted"],
    },
    "lxc_gpu_storage-ports": {
      errors: ["9 unexpected"],
      findings: ["3 container-name", "8 no-op-allow", "10 whole-share-writable", "11 whole-share-writable", "4 network-unrestricted"],
      shares: ["/tank/storage"],
    },
    "lxc-web-complain": {
      errors: [],
      findings: [
        "4 complain-mode",
        "4 no-audit",
        "5 all-capabilities",
        "6 dangerous-capability",
        "7 raw-socket",
        "8 bare-mount",
        "9 kernel-interface-writable",
        "10 whole-share-writable",
        "11 deny-in-complain",
        "12 shadowed-rule",
      ],
    },
  };
  for (const [name, expected] of Object.entries(cases)) it(name, () => expectTold(join(fixtures, name), expected));
});

const corpus = join(__dirname, "../../../../shared/corpus/phoenix/profiles");

describe("apparmor: Phoenix's profiles", function () {
  before(function () {
    if (!existsSync(corpus)) this.skip();
  });

  const report = ["whole-share-writable", "network-unrestricted", "file-unrestricted"];
  const storage: Record<string, { errors: string[]; findings: string[] }> = {
    "2025-09-24-a7188d2": {
      errors: ["5 preamble-in-profile", "32 missing-comma"],
      findings: [
        "29 whole-share-writable",
        "4 no-audit",
        "6 network-unrestricted",
        "6 file-unrestricted",
        "18 device-glob",
        "26 runtime-socket",
      ],
    },
    "2025-09-26-51299a9": {
      errors: ["5 preamble-in-profile", "32 qualifier-order"],
      findings: ["29 whole-share-writable", "6 network-unrestricted", "6 file-unrestricted"],
    },
    "2025-09-26-d65c575": {
      errors: ["5 preamble-in-profile", "32 qualifier-order"],
      findings: ["29 whole-share-writable", "6 network-unrestricted", "6 file-unrestricted"],
    },
    "2025-09-26-e85de99": {
      errors: ["25 unexpected", "26 unexpected"],
      findings: ["3 container-name", "43 whole-share-writable", "44 whole-share-writable", "5 network-unrestricted", "17 no-op-allow"],
    },
    "2025-09-26-fd71fcc": {
      errors: [],
      findings: ["3 container-name", "30 whole-share-writable", "31 whole-share-writable", "5 network-unrestricted"],
    },
    "2025-09-29-c6672e0": {
      errors: ["39 unexpected", "40 unexpected"],
      findings: [
        "9 container-name",
        "12 file-unrestricted",
        "61 whole-share-writable",
        "62 whole-share-writable",
        "12 network-unrestricted",
      ],
    },
  };
  for (const [version, expected] of Object.entries(storage)) {
    it(`lxc-gpu-docker-storage of ${version}: ${expected.errors.join(", ") || "loads"}`, () =>
      expectTold(join(corpus, `lxc-gpu-docker-storage.${version}`), expected));
  }

  it("every other one is told to be what apparmor_parser takes it for", () => {
    // as 4.1.0 decides with Debian 13's includes
    const refused = [
      "lxc-nvidia-gpu-base",
      "lxc-nvidia-gpu-docker",
      "lxc-phoenix-nvidia-gpu",
      "lxc-phoenix-v1.2025-09-26-e85de99",
      "lxc-phoenix-v1.2025-09-29-c6672e0",
    ];
    for (const name of readdirSync(corpus).filter((one) => !one.startsWith("lxc-gpu-docker-storage"))) {
      const { errors, mute } = told(join(corpus, name));
      expect(errors.length > 0, name).to.equal(refused.some((one) => name.startsWith(one)));
      expect(mute, name).to.deep.equal([]);
    }
  });

  it("the report's findings are in every profile that has a shared mount", () => {
    for (const name of readdirSync(corpus)) {
      const file = join(corpus, name);
      if (!/^\s*\/mnt\/shared\/\*\* rwm,/m.test(readFileSync(file, "utf8"))) continue;
      const codes = told(file).findings.map((one) => one.split(" ")[1]);
      expect(codes, name).to.include.members(report);
    }
  });
});
