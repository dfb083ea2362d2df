import { expect } from "chai";
import { parse } from "../../../provider/apparmor/syntax/index.js";

/** `line:column code` of every error. */
const errors = (text: string): string[] => parse(text).errors.map(({ line, column, code }) => `${line}:${column} ${code}`);

describe("errors of the grammar", () => {
  const cases: [string, string, string[]][] = [
    ["a comma missing between rules", "profile x {\n  /a r\n  /b w,\n  capability kill\n  /c r,\n}\n", ["2:7 missing-comma", "4:18 missing-comma"]],
    ["several in one file", "profile x {\n  /a qq,\n  netwrok inet,\n  /b r,\n  deny audit /c r,\n}\n", ["2:6 bad-permissions", "3:3 unknown-rule", "5:8 qualifier-order"]],
    ["a variable within a profile", "profile x {\n  @{X} = a\n  /b r,\n}\n", ["2:3 preamble-in-profile"]],
    ["an alias after a profile", "profile x { }\nalias /a -> /b,\n", ["2:1 preamble-after-profile"]],
    ["a port after the type", "profile x {\n  network inet dgram port 53,\n}\n", ["2:22 unexpected"]],
    ["flags without parentheses", "profile x flags=complain {\n  /a r,\n}\n", ["1:11 bad-header"]],
    ["no name", "profile {\n}\n", ["1:9 brace-in-name"]],
    ["a brace at the name", "profile x{\n}\n", ["1:10 brace-in-name"]],
    ["a profile that is not closed", "profile x {\n  /a r,\n", ["1:11 unclosed-brace"]],
    ["a profile that is closed twice", "profile x {\n}\n}\n", ["3:1 stray-brace"]],
    ["several that are not closed, once", "profile x {\n  hat y {\n    if $z {\n", ["3:11 unclosed-brace"]],
    ["rules alone, once", "/a r,\n/b r,\ncapability,\n", ["1:1 rule-outside-profile"]],
    ["a quote that nothing closes", 'profile x {\n  "/a r,\n  /b r,\n}\n', ["2:3 unterminated-quote"]],
    ["a comment at the very end", "profile x { }\n# end", ["2:1 comment-without-newline"]],
    ["a comma behind an include", "include <a>,\n", ["1:12 include-with-comma"]],
    ["commas between values", "@{X} = a, b\n", ["1:9 assignment-with-comma"]],
    ["no value", "@{X} =\nprofile x { }\n", ["1:7 unexpected"]],
    ["`=` without spaces where a name goes on", "@ab=/c\n", ["2:1 bad-header"]],
    ["a child profile without the word", "profile x {\n  /a {\n    /b r,\n  }\n}\n", ["2:3 profile-without-keyword"]],
    ["peer of a signal in parentheses", "profile x {\n  signal peer=(a),\n}\n", ["2:10 unexpected"]],
    ["a condition behind the paths", "profile x {\n  mount /a options=ro -> /b,\n}\n", ["2:12 unexpected"]],
    ["a keyword as a path", "profile x {\n  deny network inet deny,\n  /a deny r,\n}\n", ["3:6 unexpected"]],
    ["a comment within a rule of its own lexer", "profile x {\n  signal # all\n  (send),\n}\n", ["2:10 unexpected"]],
  ];
  for (const [name, text, expected] of cases) it(name, () => expect(errors(text)).to.deep.equal(expected));

  it("say what to do, and show the line", () => {
    const [error] = parse("profile x {\n\tnetwork inet dgram port 53,\n}\n", { file: "lxc-x" }).errors;
    expect(error).to.deep.include({ file: "lxc-x", severity: "error", line: 2, snippet: "\tnetwork inet dgram port 53,\n\t                   ^^^^" });
    expect(error?.hint).to.include("port=53");
  });

  it("go on behind a mistake: what follows is read", () => {
    const [profile] = parse("profile x {\n  /a foo bar baz,\n  /b r,\n  if { /c r, }\n  /d w,\n}\n").statements;
    const paths = profile?.kind === "profile" ? profile.body.flatMap((rule) => (rule.kind === "file" ? [rule.path?.value] : [])) : [];
    expect(paths).to.deep.equal(["/b", "/d"]);
  });

  it("are 200 at most", () => expect(parse("profile x {\n" + ";,\n".repeat(1000)).errors).to.have.length(200));
});
