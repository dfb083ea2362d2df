import { expect } from "chai";
import fc from "fast-check";
import { confine, file, literal, profile, toText, unlisted } from "../../../provider/apparmor/build/index.js";
import { decide, policyOf } from "../../../provider/apparmor/policy/index.js";
import { resolve } from "../../../provider/apparmor/resolve/index.js";
import { parse } from "../../../provider/apparmor/syntax/index.js";

const runs = { numRuns: Number(process.env["PVE_POSTURE_FUZZ"] ?? 100) };

/** Every printable character that a name may hold, those with a meaning in globs, lists and quotes among them. */
const characters = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index)).filter((char) => !"/.".includes(char));

/** Whether a name right below /s is readable where only these are. */
function reader(listed: readonly string[]): (name: string) => boolean {
  const rules = confine(
    "/s",
    listed.map((name) => ({ path: literal(name), permissions: "r" })),
  );
  const policy = policyOf(resolve(parse(toText(profile("x", [file(), ...rules])))).profiles[0]!);
  return (name) => decide(policy, { class: "file", path: `/s/${name}`, permissions: "r" }).allowed;
}

describe("the complement of names", () => {
  it("knows every character from every other", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.constantFrom(...characters), { minLength: 1, maxLength: 6 }), (listed) => {
        const readable = reader(listed);
        expect(characters.filter(readable)).to.have.members(listed);
      }),
      runs,
    );
  });

  it("knows every character in the middle of a name", () => {
    const name = fc.tuple(fc.constantFrom(..."ab,\\"), fc.constantFrom(...characters)).map(([first, second]) => `${first}${second}`);
    fc.assert(
      fc.property(
        fc.uniqueArray(name, { minLength: 1, maxLength: 3 }),
        fc.array(fc.constantFrom(...characters), { minLength: 1 }),
        (listed, others) => {
          const readable = reader(listed);
          for (const first of [..."ab,\\"])
            for (const other of others) expect(readable(first + other), first + other).to.equal(listed.includes(first + other));
        },
      ),
      runs,
    );
  });

  // apparmor_parser keeps the backslash of `\,` and of `\054` as a character of the class
  it("writes a comma in a class without a backslash, and bytes above 127 in octal", () => {
    expect(unlisted(["\\,"])).to.include("[^,]**");
    expect(unlisted(["a", "\\,", "-"])).to.include("[^-,a]**");
    expect(unlisted(["é"])).to.include("[^\\303]**");
    expect(confine("/mnt/s", [{ path: "\\,a", permissions: "r" }])[1]!.path!.value).to.match(/^\/mnt\/s\/\{\[\^,\]\*\*,/);
  });

  it("denies m and x by one rule, and m nowhere x is granted", () => {
    const letters = fc.subarray([..."rwlkmx"], { minLength: 1 }).map((each) => each.join(""));
    const listed = fc.array(fc.record({ path: fc.constantFrom("a", "b/**", "c/*", "d/e"), permissions: letters }), { maxLength: 4 });
    fc.assert(
      fc.property(listed, (list) => {
        for (const { permissions, exec } of confine("/s", list))
          if (permissions.includes("m")) expect(exec, JSON.stringify(list)).to.equal("x");
      }),
      runs,
    );
  });
});
