import { expect } from "chai";
import { firewallFamilies, firewallLayout, firewallLines, isEmptyFirewall, usedHeaders } from "../../provider/container/firewall.js";
import { splitLines } from "../../provider/container/lines.js";

describe("lines of the firewall's file", () => {
  it("options and rules under their headers, nothing for what isn't declared", () => {
    expect(firewallLines({})).to.deep.equal([]);
    expect(firewallLines({ rules: [] })).to.deep.equal(["[RULES]"]);
    expect(firewallLines({ enable: false, policyIn: "DROP", policyOut: "ACCEPT" })).to.deep.equal(["[OPTIONS]", "enable: 0", "policy_in: DROP", "policy_out: ACCEPT"]);
    const all = { iface: "net0", source: "10.0.0.0/8", dest: "+web", proto: "tcp", sport: "1:2", dport: "80,443", log: "info" as const, comment: "why" };
    expect(firewallLines({ rules: [{ direction: "in", action: "ACCEPT", ...all }, { direction: "out", action: "REJECT" }] })).to.deep.equal([
      "[RULES]", "IN ACCEPT -i net0 -source 10.0.0.0/8 -dest +web -p tcp -sport 1:2 -dport 80,443 -log info # why", "OUT REJECT",
    ]);
  });

  const same: [string, string][] = [
    ["IN ACCEPT -p tcp -dport 22", "in accept  -dport 22 -proto tcp"],
    ["IN ACCEPT -i net0", "IN ACCEPT -iface net0 "],
    ["IN ACCEPT -p tcp # why", "IN ACCEPT -p tcp   #why"],
    ["enable: 1", "enable:1"],
    ["enable: 1", "enable:   1 # on"],
    ["[RULES]", "[rules] "],
  ];
  for (const [one, two] of same) it(`${one} is ${two}`, () => expect(firewallLayout.same(one)).to.equal(firewallLayout.same(two)));

  const different: [string, string][] = [
    ["IN ACCEPT", "|IN ACCEPT"],
    ["IN ACCEPT", "OUT ACCEPT"],
    ["IN ACCEPT -dport 22 -p tcp", "IN ACCEPT -sport 22 -p tcp"],
    ["IN ACCEPT -source 10.0.0.1", "IN ACCEPT"],
    ["IN ACCEPT # a", "IN ACCEPT # b"],
    ["enable: 1", "enable: 0"],
    ["[RULES]", "[OPTIONS]"],
    ["home 10.0.0.0/8", "HOME 10.0.0.0/8"],
  ];
  for (const [one, two] of different) it(`${one} is not ${two}`, () => expect(firewallLayout.same(one)).not.to.equal(firewallLayout.same(two)));

  it("rules are one family as soon as any are declared, even none", () => {
    const ids = (lines: string[]) => firewallFamilies(lines).map(({ id, mode }) => `${id} ${mode}`);
    expect(ids([])).to.deep.equal([]);
    expect(ids(["[OPTIONS]", "enable: 1"])).to.deep.equal(["fw.[OPTIONS] shared", "fw.enable whole"]);
    expect(ids(["[RULES]"])).to.deep.equal(["fw.[RULES] shared", "fw.rules whole"]);
    const rules = firewallFamilies(["[RULES]", "IN DROP"]).at(-1)!;
    expect(["IN ACCEPT", "|OUT DROP", "GROUP web -i net0", "FORWARD DROP", "in drop"].filter((line) => rules.has(line))).to.have.length(5);
    expect(["INPUT x", "# IN ACCEPT", "enable: 1", "[IN ]", "inside 10.0.0.0/8"].filter((line) => rules.has(line))).to.deep.equal([]);
  });

  const homes: [string, string, string, number][] = [
    ["under its header", "[OPTIONS]\n\n[RULES]\nIN DROP\n\n[IPSET a]\n1.2.3.4\n", "OUT DROP", 4],
    ["an option too", "[RULES]\n\n[OPTIONS]\nlog: x\n\n[ALIASES]\n", "enable: 1", 4],
    ["under a header in another spelling", "[options] \n[Rules]\n", "enable: 1", 1],
    ["at the end where there is none", "[OPTIONS]\n", "IN DROP", 1],
  ];
  for (const [name, file, line, at] of homes) it(`a new line goes ${name}`, () => expect(firewallLayout.home(splitLines(file), line)).to.equal(at));

  it("headers that others have written below", () => {
    const lines = splitLines("[OPTIONS]\nenable: 1\n\n[rules]\n# note\n[ALIASES]\n");
    expect(usedHeaders(lines, (text) => text === "enable: 1")).to.deep.equal(["[RULES]"]);
    expect(usedHeaders(splitLines("stray\n[RULES]\n"), () => false)).to.deep.equal([""]);
  });

  it("a file is empty when nothing in it means anything", () => {
    const empty = (text: string) => isEmptyFirewall(splitLines(text));
    expect(["", "\n \n", "[OPTIONS]\n[rules]"].every(empty)).to.be.true;
    expect(["[ALIASES]\n", "# note\n", "[RULES]\nIN DROP\n"].some(empty)).to.be.false;
  });
});
