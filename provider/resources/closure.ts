import type * as pulumi from "@pulumi/pulumi";

export type KindName = "AppArmorProfile" | "LxcContainerSecurity" | "GpuPassthrough";

/**
 * The provider that Pulumi serializes into the state. It holds nothing but its kind's name, so that its text is the
 * same for all resources of a kind, keeps no secret and goes on to work with later versions of the library.
 * Docs: docs/decisions/001-tiny-closure.md
 */
function providerOf(kind: KindName): pulumi.dynamic.ResourceProvider {
  const call = (operation: string, ...args: unknown[]) => {
    let runtime;
    try {
      // resolved when it runs, in the provider's process, from the directory of the program
      runtime = require("pve-posture/runtime");
    } catch (error) {
      const { code, message } = error as { code?: string; message: string };
      if (code !== "MODULE_NOT_FOUND" || !message.includes("'pve-posture/runtime'")) throw error;
      throw new Error(
        `pve-posture is not found from ${process.cwd()}: add it to the dependencies of the program itself (npm install pve-posture)`,
      );
    }
    return runtime.run(kind, operation, args);
  };
  return {
    configure: async (request) => call("configure", request),
    check: async (olds, news) => call("check", olds, news),
    diff: async (id, olds, news) => call("diff", id, olds, news),
    create: async (inputs) => call("create", inputs),
    update: async (id, olds, news) => call("update", id, olds, news),
    read: async (id, props) => call("read", id, props),
    delete: async (id, props) => call("delete", id, props),
  };
}

/** One object a kind: Pulumi serializes an object once. */
export const providers: Record<KindName, pulumi.dynamic.ResourceProvider> = {
  AppArmorProfile: providerOf("AppArmorProfile"),
  LxcContainerSecurity: providerOf("LxcContainerSecurity"),
  GpuPassthrough: providerOf("GpuPassthrough"),
};
