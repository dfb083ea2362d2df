// The profiles that are measured: Debian's, and this repository's own.
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

/** Directories of profiles below the folder of the compiler; parts of profiles (abstractions, tunables) stand deeper. */
const debian = ["etc/apparmor.d", "usr/share/apparmor/extra-profiles"];
const own = ["test/fixtures/apparmor/profiles", "test/fixtures/first-version", "examples/container-951"];

const directly = async (directory, wanted) => {
  const names = await readdir(directory).catch(() => []);
  const paths = names
    .sort()
    .filter(wanted)
    .map((name) => join(directory, name));
  const files = await Promise.all(paths.map(async (path) => ((await stat(path)).isFile() ? [path] : [])));
  return files.flat();
};

/** Paths of profiles. */
export async function profilesOf(folder) {
  const theirs = await Promise.all(debian.map((part) => directly(join(folder, part), (name) => name !== "README")));
  const ours = await Promise.all(
    own.map((part) => directly(part, (name) => name.startsWith("lxc-") || name.endsWith(".apparmor"))),
  );
  return [...theirs.flat(), ...ours.flat()];
}
