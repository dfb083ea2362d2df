import { connect } from "./connect";
import type { Connection } from "./connection";
import type { ExecResult } from "./session";
import type { Settings } from "./settings";
import { commandFor, sudoRefusal } from "./sudo";
import { resolveTarget } from "./resolve";
import type { Target } from "./target";

interface Entry {
  connection: Promise<Connection>;
  users: number;
  idle?: NodeJS.Timeout;
}

/** What of a command differs from others. */
export interface RunOptions {
  /** default 120000 */
  timeoutMs?: number;
  /** is told what the command prints on standard error, as it comes */
  onStderr?: (data: Buffer) => void;
}

/** For tests. */
export interface PoolOptions {
  idleMs?: number;
  timeoutMs?: number;
}

/**
 * Connections to nodes, one for each: opened when first needed, shared, opened again after a loss,
 * closed after 5 seconds without use. An idle pool doesn't keep the process alive.
 *
 * @example
 * const pool = new NodePool(readSettings((key) => config[key], process.env));
 * const { code, stdout } = await pool.run("root@pve1", "cat /etc/hostname", Buffer.alloc(0));
 */
export class NodePool {
  private readonly entries = new Map<string, Entry>();
  private readonly targets = new Map<string, Target>();

  constructor(
    private readonly settings: Settings,
    private readonly options: PoolOptions = {},
  ) {}

  /**
   * Runs a shell script on a node, as root: through `sudo -n` if the user is another (see `sudo` of the settings).
   *
   * @param node alias, host, `user@host`, `host:port`, `user@host:port` or `[v6 address]:port`
   * @param script constant text; what varies goes into `data`, its standard input
   * @throws PostureError whatever keeps from reaching the node; `not-permitted`, `timeout`, `unreachable`
   */
  async run(node: string, script: string, data: Buffer, { timeoutMs, onStderr }: RunOptions = {}): Promise<ExecResult> {
    const target = this.target(node);
    const key = identity(target);
    let entry = this.enter(key, target);
    try {
      let connection = await entry.connection;
      if (connection.lost) {
        // It broke while nobody used it; nothing of ours was under way, so a new one does no harm.
        this.leave(key, entry);
        entry = this.enter(key, target);
        connection = await entry.connection;
      }
      const { command, stdin } = commandFor(script, data, target.sudo);
      const result = await connection.exec(command, stdin, timeoutMs ?? this.options.timeoutMs, onStderr);
      const refusal = target.sudo ? sudoRefusal(result, target) : undefined;
      if (refusal) throw refusal;
      return result;
    } finally {
      this.leave(key, entry);
    }
  }

  /** Ends all connections; commands that still run fail. The pool may be used again. */
  async close(): Promise<void> {
    const entries = [...this.entries.values()];
    this.entries.clear();
    for (const entry of entries) clearTimeout(entry.idle);
    await Promise.all(
      entries.map(async ({ connection }) => await (await connection.catch(() => undefined))?.close()),
    );
  }

  private target(node: string): Target {
    const known = this.targets.get(node) ?? resolveTarget(node, this.settings);
    this.targets.set(node, known);
    return known;
  }

  private enter(key: string, target: Target): Entry {
    let entry = this.entries.get(key);
    if (!entry) {
      entry = { connection: connect(target), users: 0 };
      this.entries.set(key, entry);
      const created = entry;
      // A failed attempt is not kept: the next call tries anew.
      created.connection.then(
        (connection) => connection.onClose(() => this.forget(key, created)),
        () => this.forget(key, created),
      );
    }
    clearTimeout(entry.idle);
    entry.users++;
    return entry;
  }

  private leave(key: string, entry: Entry): void {
    if (--entry.users > 0 || this.entries.get(key) !== entry) return;
    entry.idle = setTimeout(() => {
      this.forget(key, entry);
      void entry.connection.then((connection) => connection.close());
    }, this.options.idleMs ?? 5_000);
    entry.idle.unref();
  }

  private forget(key: string, entry: Entry): void {
    if (this.entries.get(key) === entry) this.entries.delete(key);
  }
}

/** Two names share a connection only if nothing differs in where, as whom, by which key and trusting what. */
function identity(target: Target): string {
  const { user, host, port, login, trust, via, proxy, family, localAddress } = target;
  return JSON.stringify([user, host, port, login, trust, family, localAddress, proxy, via && identity(via)]);
}
