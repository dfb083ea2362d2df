import * as pulumi from "@pulumi/pulumi";
import { providers, requireFindable, type KindName } from "./closure.js";

/** What every resource of the library shares: its type, and what it tells the provider beside the inputs. */
export class PostureResource extends pulumi.dynamic.Resource {
  /**
   * A hash that tells machines apart, whatever names they go by: HMAC-SHA256 of `/etc/machine-id`, as machine-id(5)
   * recommends.
   */
  declare readonly machine: pulumi.Output<string>;
  /** In what the node differed from the declaration when it was last read; empty when it is as declared. */
  declare readonly drift: pulumi.Output<string[]>;

  protected constructor(
    kind: KindName,
    name: string,
    args: object,
    outputs: readonly string[],
    options: pulumi.CustomResourceOptions = {},
  ) {
    requireFindable();
    const own = Object.fromEntries([...outputs, "machine", "drift", "ledger"].map((key) => [key, undefined]));
    const props = {
      ...own,
      ...args,
      // the provider's process is not told otherwise; never in the state, as previews don't write it
      __preview: pulumi.runtime.isDryRun() ? true : undefined,
      __secret: secretsOf(args, options.additionalSecretOutputs ?? []),
    };
    super(
      providers[kind],
      name,
      props,
      { ...options, additionalSecretOutputs: [...(options.additionalSecretOutputs ?? []), "ledger"] },
      "pve-posture",
      kind,
    );
  }
}

/** The names of the inputs that are secrets, so that what is derived from them is not shown either. */
async function secretsOf(args: object, declared: readonly string[]): Promise<string[] | undefined> {
  const names = await Promise.all(
    Object.entries(args).map(async ([key, value]) =>
      declared.includes(key) || (isLater(value) && (await pulumi.isSecret(pulumi.output(value)))) ? [key] : [],
    ),
  );
  const secret = names.flat();
  return secret.length > 0 ? secret : undefined;
}

/** Whether an output or a promise is in it. What is plain is no secret, and the SDK takes a promise for each part of it. */
function isLater(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return pulumi.Output.isInstance(value) || value instanceof Promise || Object.values(value).some(isLater);
}
