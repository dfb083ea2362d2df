import { expect } from "chai";
import { check } from "../../../provider/apparmor/check/index.js";
import { lint } from "../../../provider/apparmor/lint/index.js";
import { includesFrom } from "../../../provider/apparmor/resolve/index.js";

const lines = (count: number, line: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => line(index)).join("\n");
const profile = (body: string): string => `profile x {\n${body}\n}\n`;

describe("apparmor/check, lint: large and hostile texts end soon", function () {
  this.timeout(30_000);

  const texts: Record<string, string> = {
    "10,000 rules": profile(lines(10_000, (index) => `/a${index}/b r,`)),
    "20,000 times the same rule": profile(lines(20_000, () => "capability sys_module,")),
    "5,000 exec rules": profile(lines(5_000, (index) => `/bin/a${index} ${index % 2 ? "px" : "ix"},`)),
    "globs whose automaton would have no end": profile(lines(40, (index) => `/**a**${index}**b** px -> p${index % 10},`)),
    "2,000 profiles": lines(2_000, (index) => `profile p${index} { /a r, }`),
    "2,000 variables": `${lines(2_000, (index) => `@{V${index}}=a b c`)}\n${profile(lines(2_000, (index) => `/@{V${index}} r,`))}`,
    "includes over and over": profile(lines(10_000, (index) => `include <i${index % 50}>`)),
    "blocks without end": `profile x ${"{ audit ".repeat(5_000)}`,
    "conditions without end": `$a=true\n${profile(`if ${"not ".repeat(50_000)} $a { }`)}`,
  };
  const include = includesFrom(
    Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`i${index}`, `/i${index} r,\ninclude <i${(index + 1) % 50}>\n`])),
  );

  for (const [name, text] of Object.entries(texts))
    it(name, () => {
      const { resolved, diagnostics } = check(text, { file: "main", include });
      expect(lint(resolved)).to.be.an("array");
      expect(diagnostics.length).to.be.lessThan(1_000);
    });
});
