import { expect } from "chai";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readlinkSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Entry } from "../../provider/idmap/entry.js";
import { IdMapError } from "../../provider/idmap/error.js";
import { printKernelMap } from "../../provider/idmap/map.js";
import { checkMap } from "../../provider/idmap/sound.js";
import { many, ofBytes } from "./maps.js";

const entry = (container: number, host: number, count: number): Entry => ({ type: "u", container, host, count });

/** Whether the kernel takes the map for a new user namespace; undefined where none can be made here. */
async function kernelTakes(map: Entry[]): Promise<boolean | undefined> {
  const child = spawn("unshare", ["--user", "sleep", "60"], { stdio: "ignore" });
  const failed = Promise.race([once(child, "exit"), once(child, "error")]).catch(() => undefined);
  try {
    const namespace = () => readlinkSync(`/proc/${child.pid}/ns/user`);
    for (let tries = 0; child.pid !== undefined && child.exitCode === null && tries < 200; tries++, await sleep(10)) {
      if (namespace() === readlinkSync("/proc/self/ns/user")) continue;
      try {
        writeFileSync(`/proc/${child.pid}/uid_map`, printKernelMap(map, "u"));
        return true;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "EINVAL") return false;
        throw error;
      }
    }
    return undefined;
  } finally {
    child.kill("SIGKILL");
    await failed;
  }
}

describe("the kernel agrees with what is refused", function () {
  before(async function () {
    // as root only: others may map themselves alone
    if (process.getuid?.() !== 0 || !(await kernelTakes([entry(0, 100_000, 65_536)]).catch(() => undefined))) this.skip();
  });

  const maps: [string, Entry[]][] = [
    ["the default", [entry(0, 100_000, 65_536)]],
    ["340 entries", many(340)],
    ["341 entries", many(341)],
    ["4095 bytes", ofBytes(4095)],
    ["4096 bytes", ofBytes(4096)],
    ["all ids", [entry(0, 0, 4_294_967_295)]],
    ["one more", [entry(0, 0, 4_294_967_296)]],
    ["the last id", [entry(4_294_967_294, 4_294_967_294, 1)]],
    ["beyond it, in the container", [entry(4_294_967_295, 5, 1)]],
    ["beyond it, on the host", [entry(5, 4_294_967_295, 1)]],
    ["a count that reaches beyond it", [entry(4_294_967_290, 5, 6)]],
    ["no ids", [entry(5, 5, 0)]],
    ["an id of the container twice", [entry(0, 1, 5), entry(4, 100, 1)]],
    ["an id of the host twice", [entry(0, 1, 5), entry(9, 3, 9)]],
    ["neighbours", [entry(5, 5, 1), entry(0, 100, 5), entry(6, 6, 1)]],
  ];
  for (const [name, map] of maps) {
    it(name, async () => {
      const refused = () => {
        try {
          checkMap(map);
          return false;
        } catch (error) {
          if (error instanceof IdMapError) return true;
          throw error;
        }
      };
      expect(await kernelTakes(map)).to.equal(!refused());
    });
  }
});
