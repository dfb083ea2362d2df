import { expect } from "chai";
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import {
  accessNames, capabilities, capabilityNumbers, errorNumber, errorNumbers, execMode, isNetwork, mountFlags, mountOption, mountOptions,
  networkFamilies, signalNumber,
} from "../../../provider/apparmor/names/index.js";

describe("names of the language", () => {
  it("capabilities have the numbers of capabilities(7)", () => {
    expect(capabilities).to.have.length(41);
    expect(new Set(capabilities).size).to.equal(41);
    const known = { chown: 0, sys_module: 16, sys_admin: 21, mac_override: 32, mac_admin: 33, bpf: 39, checkpoint_restore: 40 };
    for (const [name, number] of Object.entries(known)) expect(capabilityNumbers.get(name), name).to.equal(number);
  });

  const networks: [string | undefined, string | undefined, boolean][] = [
    ["inet", "tcp", true],
    ["inet6", "udp", true],
    ["inet", "icmp", true],
    ["inet6", "icmp", false],
    ["unix", "tcp", false],
    ["unix", "dgram", true],
    ["netlink", "raw", true],
    ["inet", "dccp", false],
    [undefined, "tcp", true],
    [undefined, "stream", true],
    [undefined, "inet", false],
    ["unix", undefined, true],
    ["local", undefined, false],
    ["constructor", undefined, false],
  ];
  for (const [family, type, valid] of networks) {
    it(`network ${family ?? ""} ${type ?? ""}: ${valid ? "something" : "nothing"}`, () => expect(isNetwork(family, type)).to.equal(valid));
  }

  const signalCases: [string, number | undefined][] = [
    ["hup", 1],
    ["term", 15],
    ["exists", 35],
    ["rtmin+0", 128],
    ["rtmin+32", 160],
    ["rtmin+33", undefined],
    ["rtmin+", 128],
    ["rtmin+-1", undefined],
    ["rtmin+3x", 131],
    ["SIGTERM", undefined],
    ["lost", undefined],
    ["toString", undefined],
  ];
  for (const [name, number] of signalCases) it(`signal ${name}: ${number}`, () => expect(signalNumber(name)).to.equal(number));

  const modes: [string, string | undefined][] = [
    ["x", "x"],
    ["ix", "ix"],
    ["IX", "ix"],
    ["Px", "Px"],
    ["pX", "px"],
    ["Pux", "PUx"],
    ["pUx", "pux"],
    ["CUx", "CUx"],
    ["PIx", "Pix"],
    ["Rx", undefined],
    ["", undefined],
  ];
  for (const [text, mode] of modes) it(`exec mode ${text}: ${mode}`, () => expect(execMode(text)).to.equal(mode));

  it("accesses have synonyms", () => {
    expect(accessNames("signal", "rw")).to.deep.equal(["receive", "send"]);
    expect(accessNames("ptrace", "w")).to.deep.equal(["trace"]);
    expect(accessNames("mqueue", "write")).to.deep.equal(["write"]);
    expect(accessNames("unix", "read")).to.deep.equal(["receive"]);
    expect(accessNames("userns", "r")).to.deep.equal(["r"]);
  });

  it("every alias of a mount option means what the usual spelling does, every inverse the opposite", () => {
    for (const [name, meaning] of Object.entries(mountOptions)) {
      const alias = mountOption(name)?.alias;
      if (alias) expect([meaning.set, meaning.clear], name).to.deep.equal([mountOption(alias)!.set, mountOption(alias)!.clear]);
      const inverse = mountOption(name)?.inverse;
      // norelatime asks for nothing
      if (inverse && name !== "norelatime" && inverse !== "norelatime") {
        expect([meaning.set, meaning.clear], name).to.deep.equal([mountOption(inverse)!.clear, mountOption(inverse)!.set]);
      }
    }
    expect(mountOption("hasOwnProperty")).to.be.undefined;
    expect(mountFlags.nouser).to.equal(0x80000000);
  });

  it("errors are found whatever their case", () => {
    expect(errorNumber("eperm")).to.equal(1);
    expect(errorNumber("EWOULDBLOCK")).to.equal(errorNumber("EAGAIN"));
    expect(errorNumber("13")).to.be.undefined;
  });
});

const parser = ["/usr/sbin/apparmor_parser", "/sbin/apparmor_parser"].find((path) => existsSync(path));

describe("apparmor_parser knows the same names", function () {
  const accepts = (text: string): boolean => {
    try {
      execFileSync(parser!, ["-QKq"], { input: text, stdio: ["pipe", "ignore", "ignore"] });
      return true;
    } catch {
      return false;
    }
  };
  before(function () {
    if (!parser) this.skip();
  });
  it("capabilities", () => expect(accepts(`profile x {\n${capabilities.map((name) => `capability ${name},\n`).join("")}}\n`)).to.be.true);
  it("network families", () => expect(accepts(`profile x {\n${Object.keys(networkFamilies).map((name) => `network ${name},\n`).join("")}}\n`)).to.be.true);
  it("errors, since 4.0", function () {
    if (!accepts("profile x flags=(error=EPERM) { }\n")) this.skip();
    for (const name of Object.keys(errorNumbers)) expect(accepts(`profile x flags=(error=${name}) { }\n`), name).to.be.true;
  });
});
