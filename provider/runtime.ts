import { PostureError } from "./errors.js";
import { Claims } from "./lifecycle/claims.js";
import { Lifecycle } from "./lifecycle/lifecycle.js";
import { RecentProfiles } from "./lifecycle/recent.js";
import { Turns } from "./lifecycle/turns.js";
import { Nodes, recallMs } from "./node/nodes.js";
import { NodePool } from "./node/pool.js";
import { readSettings, type Settings } from "./node/settings.js";
import { appArmorProfile } from "./plan/apparmor-profile.js";
import { gpuPassthrough } from "./plan/gpu-passthrough.js";
import { lxcContainerSecurity } from "./plan/lxc-container-security.js";

/**
 * The door that the serialized providers go through. Their text stands in the state of every resource that was ever
 * made, and calls this by its name and with these arguments: both are frozen.
 *
 * It does all it does at once: the engine doesn't wait for it before its next call reaches the provider. Settings that
 * can't be used fail the calls that need them, each with the whole message.
 */
export function open(kind: string, provider: object, request: ConfigureRequest): void {
  if (!Object.hasOwn(kinds, kind)) {
    throw new Error(`pve-posture: this version knows no ${kind}; install the version that made the resource`);
  }
  settings ??= fixed(() => readSettings((key) => textOf(request.config.get(key)), process.env));
  const lifecycle = kinds[kind as keyof typeof kinds];
  const method = (name: "check" | "diff" | "create" | "update" | "read" | "delete") => {
    const work = lifecycle[name].bind(lifecycle) as (...args: unknown[]) => Promise<unknown>;
    return (...args: unknown[]) => work(...args).catch(withoutStack);
  };
  Object.assign(provider, {
    check: method("check"),
    diff: method("diff"),
    create: method("create"),
    update: method("update"),
    read: method("read"),
    delete: method("delete"),
  });
}

/** The provider's process prints the stack of what it catches; operators need the message only. */
function withoutStack(error: unknown): never {
  if (error instanceof PostureError) error.stack = "";
  throw error;
}

/** What all kinds share within one process, which serves one preview or update. */
let settings: (() => Settings) | undefined;
let nodes: Nodes | undefined;
const claims = new Claims();
const turns = new Turns();
const recent = new RecentProfiles();

const currentSettings = (): Settings => (settings ??= fixed(() => readSettings(() => undefined, process.env)))();
const currentNodes = (): Nodes =>
  (nodes ??= new Nodes(new NodePool(currentSettings()), currentSettings().lockTimeoutSeconds, currentSettings(), recallMs));

const kinds = {
  AppArmorProfile: new Lifecycle(appArmorProfile, currentNodes, currentSettings, claims, turns, recent),
  LxcContainerSecurity: new Lifecycle(lxcContainerSecurity, currentNodes, currentSettings, claims, turns, recent),
  GpuPassthrough: new Lifecycle(gpuPassthrough, currentNodes, currentSettings, claims, turns, recent),
};

interface ConfigureRequest {
  config: { get(key: string): unknown };
}

/** Settings with a structure arrive as JSON, or as what they stand for. */
const textOf = (value: unknown): string | undefined =>
  value === undefined || typeof value === "string" ? value : JSON.stringify(value);

function fixed<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}
