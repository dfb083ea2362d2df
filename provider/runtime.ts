import { Claims } from "./lifecycle/claims.js";
import { Lifecycle } from "./lifecycle/lifecycle.js";
import { Turns } from "./lifecycle/turns.js";
import { Nodes } from "./node/nodes.js";
import { NodePool } from "./node/pool.js";
import { readSettings, type Settings } from "./node/settings.js";
import { appArmorProfile } from "./plan/apparmor-profile.js";
import { gpuPassthrough } from "./plan/gpu-passthrough.js";
import { lxcContainerSecurity } from "./plan/lxc-container-security.js";

/**
 * The door that the serialized providers go through. Their text stands in the state of every resource that was ever
 * made, and requires this module by the name `pve-posture/runtime`: name, signature and the words for kinds and
 * operations are frozen.
 */
export function run(kind: string, operation: string, args: unknown[]): unknown {
  if (operation === "configure") return configure(args[0] as ConfigureRequest);
  const lifecycle = Object.hasOwn(kinds, kind) ? kinds[kind as keyof typeof kinds] : undefined;
  const method = (lifecycle as unknown as Record<string, unknown> | undefined)?.[operation];
  if (!operations.has(operation) || typeof method !== "function") {
    throw new Error(`pve-posture: this version knows no ${kind}.${operation}; install the version that made the resource`);
  }
  return (method as (...args: unknown[]) => unknown).apply(lifecycle, args);
}

const operations = new Set(["check", "diff", "create", "update", "read", "delete"]);

/** What all kinds share within one process, which serves one preview or update. */
let settings: (() => Settings) | undefined;
let nodes: Nodes | undefined;
const claims = new Claims();
const turns = new Turns();

const currentSettings = (): Settings => (settings ??= fixed(() => readSettings(() => undefined, process.env)))();
const currentNodes = (): Nodes => (nodes ??= new Nodes(new NodePool(currentSettings()), currentSettings().lockTimeoutSeconds));

const kinds = {
  AppArmorProfile: new Lifecycle(appArmorProfile, currentNodes, currentSettings, claims, turns),
  LxcContainerSecurity: new Lifecycle(lxcContainerSecurity, currentNodes, currentSettings, claims, turns),
  GpuPassthrough: new Lifecycle(gpuPassthrough, currentNodes, currentSettings, claims, turns),
};

interface ConfigureRequest {
  config: { get(key: string): unknown };
}

/**
 * Takes the stack's configuration. Synchronous on purpose: the engine doesn't wait for it before its next call
 * reaches the provider. Settings that can't be used fail the calls that need them, each with the whole message.
 */
function configure({ config }: ConfigureRequest): void {
  const get = (key: string): string | undefined => {
    const value = config.get(key);
    return value === undefined || typeof value === "string" ? value : JSON.stringify(value);
  };
  settings ??= fixed(() => readSettings(get, process.env));
}

function fixed<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}
