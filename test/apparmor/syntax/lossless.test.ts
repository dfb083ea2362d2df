import { expect } from "chai";
import fc from "fast-check";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { isToken, parse, print, type TreeNode } from "../../../provider/apparmor/syntax/index.js";
import { runs } from "../../support/apparmor-arbitrary.js";

/** What profiles are made of, so that random texts get somewhere. */
const pieces = [
  "profile", "x", " ", "\n", "{", "}", ",", "/a", "r", "rw", "px", "network", "inet", "(", ")", "=", "peer=(", "options", "in", "mount", "->",
  "#", "include", "<", ">", '"', "\\", "@{X}", "$y", "if", "else", "not", "defined", "deny", "audit", "owner", "priority=", "1", "\r\n", "\t",
  "set", "rlimit", "<=", "hat", "^", ":", "&", "[", "*", "dbus", "unix", "signal", "change_profile", "safe", "link", "abi", "alias", "é", "\0", "\u{1f600}",
];
const texts = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.array(fc.constantFrom(...pieces), { maxLength: 60 }).map((parts) => parts.join("")),
  fc.array(fc.constantFrom(...pieces), { maxLength: 60 }).map((parts) => `profile x {\n${parts.join(" ")}`),
);

/** Nodes lie within one another, and no place is missing. */
function whole(node: TreeNode): void {
  let at = node.start;
  for (const child of node.children) {
    expect(child.start).to.equal(at);
    at = child.end;
    if (!isToken(child)) whole(child);
  }
  expect(at).to.equal(node.end);
}

function check(text: string): void {
  for (const context of ["file", "body", "fragment"] as const) {
    const document = parse(text, { context });
    expect(print(document)).to.equal(text);
    whole(document.tree);
    for (const { span } of document.errors) expect(span.start <= span.end && span.end <= text.length).to.be.true;
  }
}

describe("the concrete tree", () => {
  it("is the whole of any text", () => fc.assert(fc.property(texts, check), runs));

  const profile = [
    "abi <abi/4.0>,\ninclude <tunables/global>\n@{X} = a \\\n  b # c\n\nprofile lxc-x /usr/bin/x flags=(attach_disconnected, mediate_deleted) {",
    "  include if exists <local/x>\n  audit deny owner /srv/{a,b}/** rwkl, # d\n  /bin/sh Px -> y,\n  mount options=(ro, nosuid) /a -> /b,",
    "  unix (send) type=stream peer=(label=\"z\"),\n  network (bind) inet tcp port=80,\n  if $y { /a r, } else { ^hat { } }\n}\n",
  ].join("\n");

  it("is the whole of any beginning of a profile", () => {
    for (let end = 0; end <= profile.length; end++) check(profile.slice(0, end));
  });

  it("is the whole of a profile with something put in or taken out", () => {
    const place = fc.nat(profile.length);
    const change = fc.tuple(place, fc.nat(6), fc.constantFrom("", ...pieces)).map(([at, gone, added]) => profile.slice(0, at) + added + profile.slice(at + gone));
    fc.assert(fc.property(change, check), runs);
  });

  const installed = "/etc/apparmor.d";
  (existsSync(installed) ? it : it.skip)("is the whole of the profiles of this machine, which all parse", () => {
    const files: string[] = [];
    const walk = (folder: string): void => {
      for (const name of readdirSync(folder)) {
        const path = join(folder, name);
        const stat = statSync(path, { throwIfNoEntry: false });
        if (stat?.isDirectory()) walk(path);
        // what is in abi/ are lists of features
        else if (stat?.isFile() && !path.includes("/abi/") && stat.size > 0) files.push(path);
      }
    };
    walk(installed);
    for (const file of files) {
      const text = readFileSync(file, "utf8");
      const document = parse(text, { context: "fragment" });
      expect(document.errors, file).to.deep.equal([]);
      expect(print(document), file).to.equal(text);
    }
  });
});
