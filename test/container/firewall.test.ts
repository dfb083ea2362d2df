import { expect } from "chai";
import fc from "fast-check";
import { firewallFamilies, firewallLayout, firewallLines, isEmptyFirewall, tagged, usedHeaders } from "../../provider/container/firewall.js";
import { splitLines } from "../../provider/container/lines.js";
import { planFirewall, planFirewallBack } from "../../provider/plan/firewall.js";
import type { Answers } from "../../provider/plan/steps.js";
import type { FirewallInputs } from "../../schemas/firewall.js";

/** The last line of the file, with its section. */
const last = (file: string): string => tagged(splitLines(file)).at(-1)!.text;
const inPlace = (line: string): string => last(`${line.trim().startsWith("[") ? "" : /^\s*(enable|policy)/i.test(line) ? "[OPTIONS]\n" : "[RULES]\n"}${line}`);
const same = (line: string): string => firewallLayout.same(line);

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

  const alike: [string, string][] = [
    ["IN ACCEPT -p tcp -dport 22", "in ACCEPT  --dport 22 -proto tcp"],
    ["IN ACCEPT -i net0", " IN ACCEPT -i net0 "],
    ["IN ACCEPT -i net0", "IN ACCEPT -i net0\r"],
    ["IN ACCEPT -p tcp # why", "IN ACCEPT -p tcp   #why"],
    ["enable: 1", "enable:1"],
    ["enable: 1", " Enable:   1\r"],
    ["policy_in: DROP", "policy_in: drop"],
    ["[RULES]", "\t[rules] "],
  ];
  for (const [one, two] of alike) it(`${one} is ${two}`, () => expect(same(inPlace(one))).to.equal(same(inPlace(two))));

  const different: [string, string][] = [
    ["IN ACCEPT", "|IN ACCEPT"],
    ["IN ACCEPT", "OUT ACCEPT"],
    ["IN ACCEPT -dport 22 -p tcp", "IN ACCEPT -sport 22 -p tcp"],
    ["IN ACCEPT -source 10.0.0.1", "IN ACCEPT"],
    ["IN ACCEPT # a", "IN ACCEPT # b"],
    ["enable: 1", "enable: 0"],
    ["[RULES]", "[OPTIONS]"],
    ["home 10.0.0.0/8", "HOME 10.0.0.0/8"],
    // what Proxmox VE doesn't read
    ["enable: 1", "enable: 1 # on"],
    ["policy_in: DROP", "policy_in: DROP # all"],
    ["IN ACCEPT", "IN accept"],
    ["IN ACCEPT -i net0", "IN ACCEPT -iface net0"],
    ["IN ACCEPT -p tcp", "IN ACCEPT -p  tcp"],
    ["[RULES]", "[RULES] # mine"],
    ["[RULES]", "[RULES]\r"],
  ];
  for (const [one, two] of different) it(`${one} is not ${two}`, () => expect(same(inPlace(one))).not.to.equal(same(inPlace(two))));

  it("rules are one family as soon as any are declared, even none", () => {
    const ids = (lines: string[]) => firewallFamilies(lines).map(({ id, mode }) => `${id} ${mode}`);
    expect(ids([])).to.deep.equal([]);
    expect(ids(["[OPTIONS]", "enable: 1"])).to.deep.equal(["fw.[OPTIONS] shared", "fw.enable whole"]);
    expect(ids(["[RULES]"])).to.deep.equal(["fw.[RULES] shared", "fw.rules whole"]);
    expect(ids(firewallLines({ enable: true, rules: [] }))).to.deep.equal(["fw.[OPTIONS] shared", "fw.enable whole", "fw.[RULES] shared", "fw.rules whole"]);
    const rules = firewallFamilies(["[RULES]", "IN DROP"]).at(-1)!;
    expect(["IN ACCEPT", "|OUT DROP", "GROUP web -i net0", "FORWARD DROP", "in drop"].filter((line) => rules.has(last(`[RULES]\n${line}`)))).to.have.length(5);
    expect(["INPUT x", "# IN ACCEPT", "enable: 1", "[IN ]", "inside 10.0.0.0/8"].filter((line) => rules.has(last(`[RULES]\n${line}`)))).to.deep.equal([]);
  });

  it("a line is what its section makes of it", () => {
    const [option, rules] = [firewallFamilies(["[OPTIONS]", "enable: 1"])[1]!, firewallFamilies(["[RULES]"])[1]!];
    for (const header of ["", "[ALIASES]\n", "[IPSET x]\n", "[ipset x] # why\n", "[group x]\n", "[OPTIONS]\n"]) expect(rules.has(last(`${header}out 10.0.0.1`)), header).to.be.false;
    for (const header of ["", "[ALIASES]\n", "[RULES]\n", "[options]\r\n"]) expect(option.has(last(`${header}enable: 1`)), header).to.be.false;
    for (const header of ["[rules] \n", "[ALIASES]\n[RULES]\n", "[RULES]\n[what]\n"]) expect(rules.has(last(`${header}OUT DROP`)), header).to.be.true;
  });

  const homes: [string, string, string, number][] = [
    ["under its header", "[OPTIONS]\n\n[RULES]\nIN DROP\n\n[IPSET a]\n1.2.3.4\n", "OUT DROP", 4],
    ["an option too", "[RULES]\n\n[OPTIONS]\nlog: x\n\n[ALIASES]\n", "enable: 1", 4],
    ["under a header in another spelling", "[options] \n[Rules]\n", "enable: 1", 1],
    ["above a header that is none", "[OPTIONS]\n[RULES] # x\n[RULES]\n[what]\n", "IN DROP", 3],
    ["not under a header that is none", "[RULES]\r\n[ALIASES]\n\n", "IN DROP", 3],
    ["at the end, if it is a header", "[OPTIONS]\n[ALIASES]\na 1.1.1.1\n\n", "[RULES]", 4],
    ["at the end where there is none", "[OPTIONS]\n", "IN DROP", 1],
  ];
  for (const [name, file, line, at] of homes) it(`a new line goes ${name}`, () => expect(firewallLayout.home(tagged(splitLines(file)), inPlace(line))).to.equal(at));

  it("headers that others have written below", () => {
    const lines = tagged(splitLines("[OPTIONS]\nenable: 1\n\n[rules]\n# note\n[ALIASES]\n"));
    expect(usedHeaders(lines, (text) => same(text) === "enable: 1")).to.deep.equal(["[RULES]"]);
    expect(usedHeaders(tagged(splitLines("stray\n[RULES]\n")), () => false)).to.deep.equal(["[]"]);
  });

  it("a file is empty when nothing in it means anything", () => {
    const empty = (text: string) => isEmptyFirewall(splitLines(text));
    expect(["", "\n \n", "[OPTIONS]\n[rules]"].every(empty)).to.be.true;
    expect(["[ALIASES]\n", "# note\n", "[RULES]\nIN DROP\n", "[RULES]\r\n"].some(empty)).to.be.false;
  });
});

/** What Proxmox VE makes of the file: options by their last value, rules in order, and whatever is neither's. */
function read(text: string): { options: Record<string, string>; rules: string[]; others: string[] } {
  const options: Record<string, string> = {};
  const rules: string[] = [];
  const others: string[] = [];
  let section = "none";
  for (const raw of text.split("\n")) {
    const line = raw.replace(/^[ \t]+/, "").replace(/[ \t]+$/, "");
    if (/^\s*$/.test(line)) continue;
    const plain = /^\[(options|rules|aliases)\]$/i.exec(line);
    const named = /^\[(ipset|group)\s+\S+\]\s*(#.*)?$/i.exec(line);
    if (plain ?? named) section = (plain ?? named)![1]!.toLowerCase();
    if (section !== "options" && section !== "rules") others.push(raw);
    if (line.startsWith("#") || plain || named) continue;
    if (section === "options") {
      const option = /^(enable):\s*(0|1)\s*$/i.exec(line) ?? /^(policy_in|policy_out):\s*(ACCEPT|DROP|REJECT)\s*$/i.exec(line);
      if (option) options[option[1]!.toLowerCase()] = option[2]!.toUpperCase();
    } else if (section === "rules") {
      const [words = [], comment] = [line.split("#")[0]!.trim().split(/\s+/), line.split("#")[1]?.trim()];
      const [type = "", action = "", ...rest] = words;
      if (!/^\|?(in|out|group)$/i.test(type)) continue;
      const flags = rest.flatMap((word, i) => (i % 2 === 0 ? [`${word.replace("-proto", "-p")} ${rest[i + 1]}`] : []));
      rules.push([type.toUpperCase(), action, ...flags.sort(), comment ?? ""].join(" "));
    }
  }
  return { options, rules, others };
}

describe("the firewall's file, as Proxmox VE reads it", () => {
  const answers = (text: string | undefined) => ({ file: () => text }) as unknown as Answers;
  const after = (plan: ReturnType<typeof planFirewall>, text: string | undefined) => (plan.step?.do === "file" ? plan.step.after : text);
  const unclaimed = () => false;

  const header = fc.constantFrom("[OPTIONS]", "[options]", " [Options] ", "[RULES]", "[rules]\t", "[ALIASES]", "[IPSET x]", "[IPSET y] # set", "[group x]", "[RULES]\r", "[OPTIONS] # x", "[what]");
  const line = fc.constantFrom(
    "", "  ", "# note", "garbage", "enable: 1", "enable: 0", "enable: 1 # on", "ENABLE:0\r", "policy_in: DROP", "policy_in: drop ", "policy_out: maybe", "log_level_in: info",
    "IN ACCEPT -p tcp -dport 22", "in ACCEPT -dport 22 -proto tcp", "IN DROP # all\r", "|OUT DROP", "GROUP web", "out 10.0.0.1", "group 10.0.0.2", "10.0.0.3", "IN 10.0.0.4 # why",
  );
  const file = fc
    .tuple(fc.array(fc.oneof({ weight: 1, arbitrary: header }, { weight: 2, arbitrary: line }), { maxLength: 14 }), fc.boolean(), fc.boolean())
    .map(([lines, ended, crlf]) => (lines.join("\n") + (ended && lines.length > 0 ? "\n" : "")).replace(/\r?\n/g, crlf ? "\r\n" : "\n"));
  const policy = fc.constantFrom("ACCEPT" as const, "DROP" as const);
  const declared: fc.Arbitrary<FirewallInputs> = fc.record(
    {
      enable: fc.boolean(), policyIn: policy, policyOut: policy,
      rules: fc.shuffledSubarray([
        { direction: "in" as const, action: "DROP" as const, comment: "all" },
        { direction: "in" as const, action: "ACCEPT" as const, proto: "tcp", dport: "22" },
        { direction: "out" as const, action: "DROP" as const, dest: "10.0.0.1" },
      ]),
    },
    { requiredKeys: [] },
  );

  it("property: it reads what is declared and what was there besides; deleted, the bytes are as before", () => {
    fc.assert(
      fc.property(fc.option(file, { nil: undefined }), fc.array(declared, { minLength: 1, maxLength: 3 }), (before, all) => {
        const was = read(before ?? "");
        let text = before;
        let former: Parameters<typeof planFirewall>[3];
        for (const inputs of all) {
          const lines = firewallLines(inputs);
          const plan = planFirewall(951, answers(text), lines, former);
          text = after(plan, text);
          former = { lines, ledger: plan.ledger };
          const wanted = read(lines.join("\n"));
          expect(read(text ?? "")).to.deep.equal({
            options: { ...was.options, ...wanted.options }, rules: inputs.rules ? wanted.rules : was.rules, others: was.others,
          });
          const again = planFirewall(951, answers(text), lines, former);
          expect([again.step, again.changes]).to.deep.equal([undefined, []]);
        }
        const back = planFirewallBack(951, answers(text), former!, unclaimed);
        expect(after(back, text)).to.equal(before);
        expect(JSON.stringify([back.changes, back.foreign])).not.to.include("u0001");
      }),
      { numRuns: 4000 },
    );
  });

  it("an alias that looks like a rule stays one, and rules go below their own header", () => {
    const text = "[ALIASES]\nout 10.0.0.1\ngroup 10.0.0.2\n\n[IPSET x]\n10.0.0.1\n";
    const plan = planFirewall(951, answers(text), firewallLines({ rules: [{ direction: "in", action: "DROP" }] }), undefined);
    expect(after(plan, text)).to.equal(`${text}[RULES]\nIN DROP\n`);
  });

  it("shows headers before what is below them, both ways", () => {
    const lines = firewallLines({ enable: true, policyIn: "DROP", rules: [{ direction: "in", action: "DROP" }] });
    const plan = planFirewall(951, answers(undefined), lines, undefined);
    expect(plan.changes.map(({ sign, text }) => sign + text)).to.deep.equal(["+[OPTIONS]", "+enable: 1", "+policy_in: DROP", "+[RULES]", "+IN DROP"]);
    const back = planFirewallBack(951, answers(after(plan, undefined)), { lines, ledger: plan.ledger }, unclaimed);
    expect(back.changes.map(({ sign, text }) => sign + text)).to.deep.equal(["-[OPTIONS]", "-policy_in: DROP", "-enable: 1", "-[RULES]", "-IN DROP"]);
  });

  it("an option with a comment is none: it makes way, and comes back", () => {
    const text = "[OPTIONS]\nenable: 1 # on\n[RULES]\nenable: 1\n";
    const lines = firewallLines({ enable: true });
    const plan = planFirewall(951, answers(text), lines, undefined);
    expect(after(plan, text)).to.equal("[OPTIONS]\nenable: 1\n[RULES]\nenable: 1\n");
    expect(after(planFirewallBack(951, answers(after(plan, text)), { lines, ledger: plan.ledger }, unclaimed), text)).to.equal(text);
  });
});
