import { expect } from "chai";
import { audit, capability, changeProfile, deny, exec, file, mount, network, owner, priority, profile, rlimit, signal, unix } from "../../../provider/apparmor/build/index.js";

/** Each line is an error to the compiler (`npm run types`) and to the program. */
const wrong: [string, () => unknown][] = [
  // @ts-expect-error -- x needs a mode: use exec(path, mode)
  ["x without a mode", () => file("/a", "rwx")],
  // @ts-expect-error -- r is there twice
  ["a letter twice", () => file("/a", "rr")],
  // @ts-expect-error -- w includes a
  ["w and a", () => file("/a", "rwa")],
  // @ts-expect-error -- z is none of r, w, a, l, k, m
  ["an unknown letter", () => file("/a", "z")],
  // @ts-expect-error -- at least one
  ["no permission", () => file("/a", "")],
  // @ts-expect-error -- permissions are missing
  ["a path alone", () => file("/a")],
  // @ts-expect-error -- x alone is for denials
  ["a granted x", () => exec("/a", "x")],
  // @ts-expect-error -- no such mode
  ["an unknown exec mode", () => exec("/a", "rx")],
  // @ts-expect-error -- x is there twice
  ["a denied letter twice", () => deny("/a", "xx")],
  // @ts-expect-error -- without CAP_, in lower case
  ["a capability in capitals", () => capability("CAP_CHOWN")],
  // @ts-expect-error -- no name would mean all
  ["no capability", () => capability()],
  // @ts-expect-error -- no such family
  ["an unknown family", () => network("ipv4", "stream")],
  // @ts-expect-error -- no such type
  ["an unknown socket type", () => network("inet", "streams")],
  // @ts-expect-error -- no such signal
  ["an unknown signal", () => signal("send", { set: ["sigkill"] })],
  // @ts-expect-error -- unix rules can't send signals
  ["an unknown access", () => unix("kill")],
  // @ts-expect-error -- no such option
  ["an unknown mount option", () => mount({ options: ["rw", "binds"] })],
  // @ts-expect-error -- misspelt
  ["an unknown key", () => mount({ fsType: "tmpfs" })],
  // @ts-expect-error -- owner is for files and links
  ["owner before a capability", () => owner(capability("chown"))],
  // @ts-expect-error -- nofile is a number
  ["a unit of a number", () => rlimit("nofile", 10, "KB")],
  // @ts-expect-error -- no such flag
  ["an unknown flag", () => profile("x", { flags: ["attach-disconnected"] }, [])],
  // @ts-expect-error -- a target is needed: "**" is all
  ["change_profile without a target", () => changeProfile()],
];

describe("types of the builder", () => {
  for (const [what, build] of wrong) it(`refuse ${what}, and so does the program`, () => expect(build).to.throw(TypeError));

  it("take what is right", () => {
    const chosen: string = "rw";
    expect(file("/a", chosen).permissions).to.equal("rw");
    expect(() => file("/a", chosen.replace("w", "z"))).to.throw('file(/a): "rz": z is none of r, w, a, l, k, m');
    expect(priority(3, audit(deny(file("/a", "wkl")))).qualifiers).to.deep.equal({ mode: "deny", audit: true, priority: 3 });
  });
});
