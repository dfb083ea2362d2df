import type * as pulumi from "@pulumi/pulumi";

/* eslint @typescript-eslint/no-require-imports: off -- the text of the provider runs elsewhere, as CommonJS */

export type KindName = "AppArmorProfile" | "LxcContainerSecurity" | "GpuPassthrough";

/**
 * The provider that Pulumi serializes into the state of every resource. It knows nothing but its kind's name, so that
 * its text is short, the same for all resources of a kind, keeps no secret and no path, and goes on to work with later
 * versions of the library. The engine's provider process calls `configure` before anything else; there, from the
 * program's directory, the library takes over.
 */
function providerOf(kind: KindName): pulumi.dynamic.ResourceProvider {
  // the process ignores methods that are not there: without these, a failed `configure` would make deleting succeed
  const closed = () => {
    throw new Error("pve-posture is not loaded: add it to the program's own dependencies (npm install pve-posture)");
  };
  return {
    async configure(request) {
      require("pve-posture/runtime").open(kind, this, request);
    },
    check: closed,
    diff: closed,
    create: closed,
    update: closed,
    read: closed,
    delete: closed,
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
