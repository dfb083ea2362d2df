import { spawnSync } from "node:child_process";
import { expect } from "chai";
import fc from "fast-check";
import { containerProfile } from "../../examples/container-951/profile.js";
import { toText } from "../../provider/apparmor/build/index.js";
import { profileHeaders } from "../../provider/apparmor/headers.js";
import { appArmorProfileInputs } from "../../schemas/apparmor-profile.js";
import { realParser } from "../support/nodes.js";

const text = toText(containerProfile);

describe("the profile of container 951", () => {
  it("is one that AppArmorProfile takes", () => {
    const inputs = { node: "pve", name: "lxc-gpu-docker-storage", profile: text };
    expect(appArmorProfileInputs.safeParse(inputs).error).to.equal(undefined);
    expect(profileHeaders(text)).to.have.length(1);
  });

  it("compiles", function () {
    if (!realParser) {
      if (process.env["CI"] === "true") throw new Error("apparmor_parser is missing: install apparmor");
      console.log("      apparmor_parser is not installed: left out");
      return this.skip();
    }
    const { status, stderr } = spawnSync(realParser, ["-Q", "-K"], { encoding: "utf8", input: text });
    expect(status, stderr).to.equal(0);
  });

  it("denies every name under /mnt/shared but models, and nothing of models", () => {
    // of AppArmor's globs, the variable holds literal letters, classes of one letter and `**`
    const patterns = /^@\{NOT_MODELS\} = (.+)$/m.exec(text)![1]!.split(" ");
    const denies = patterns.map((glob) => new RegExp(`^${glob.replaceAll("**", ".*")}$`, "s"));
    const denied = (path: string) => denies.some((pattern) => pattern.test(path));
    const name = fc.oneof(
      fc.string({ minLength: 1, maxLength: 9 }).map((chosen) => chosen.replaceAll("/", "_")),
      fc.tuple(fc.nat(6), fc.string({ maxLength: 3 })).map(([length, rest]) => "models".slice(0, length) + rest.replaceAll("/", "_")),
    );
    fc.assert(
      fc.property(name, fc.constantFrom("", "/", "/a", "/a/b"), (first, below) => {
        if (first !== "") expect(denied(first + below), first + below).to.equal(first !== "models");
      }),
      { numRuns: 20_000 },
    );
    for (const path of ["models", "models/", "models/a/b"]) expect(denied(path), path).to.equal(false);
    const complement = `audit deny "?/{,**/}mnt/shared/{${patterns.join(",")}}"? rwlkmx,`;
    expect(text.replaceAll('"', "")).to.include(complement.replaceAll('"?', ""));
  });

  it("allows the network by family and type, and no raw or packet socket", () => {
    const allowed = [...text.matchAll(/^\s*network (.+),$/gm)].map(([, rule]) => rule);
    expect(allowed).to.include.members(["inet stream", "inet6 stream"]);
    for (const rule of allowed) expect(rule).to.match(/^(?:inet6?|unix|netlink) (?:stream|dgram|seqpacket|raw)$/);
    expect(allowed.filter((rule) => /^inet6? raw|packet$/.test(rule!) && rule !== "unix seqpacket")).to.deep.equal([]);
  });

  it("rests on no abstraction that grants all files, networks or profiles", () => {
    expect(text).not.to.match(/^\s*#?include <abstractions\/lxc\//m);
  });
});
