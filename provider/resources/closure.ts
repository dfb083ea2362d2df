import type * as pulumi from "@pulumi/pulumi";

export type KindName = "AppArmorProfile" | "LxcContainerSecurity" | "GpuPassthrough";

/**
 * The provider that Pulumi serializes into the state of every resource. It knows nothing but its kind's name, so that
 * its text is short, the same for all resources of a kind, keeps no secret and no path, and goes on to work with later
 * versions of the library. The name is resolved when it runs: in the provider's process, from the program's directory.
 */
function providerOf(kind: KindName): pulumi.dynamic.ResourceProvider {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- this very text runs elsewhere, as CommonJS
  const call = (operation: string, ...rest: unknown[]) => require("pve-posture/runtime").run(kind, operation, rest);
  return {
    configure: (a) => call("configure", a),
    check: (a, b) => call("check", a, b),
    diff: (a, b, c) => call("diff", a, b, c),
    create: (a) => call("create", a),
    update: (a, b, c) => call("update", a, b, c),
    read: (a, b) => call("read", a, b),
    delete: (a, b) => call("delete", a, b),
  };
}

/** One object a kind: Pulumi serializes an object once. */
export const providers: Record<KindName, pulumi.dynamic.ResourceProvider> = {
  AppArmorProfile: providerOf("AppArmorProfile"),
  LxcContainerSecurity: providerOf("LxcContainerSecurity"),
  GpuPassthrough: providerOf("GpuPassthrough"),
};

/**
 * Looks from where the provider's process will look, while the program can still say it well.
 *
 * @throws Error where the library is only a dependency of a dependency and can't be found by its name
 */
export function requireFindable(directory: string = process.cwd()): void {
  try {
    require.resolve("pve-posture/runtime", { paths: [directory] });
  } catch {
    throw new Error(
      `pve-posture can't be found from ${directory}: Pulumi runs its resources from there. ` +
        "Add it to the program's own dependencies: npm install pve-posture",
    );
  }
}
