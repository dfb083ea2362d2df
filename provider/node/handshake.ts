import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { Client, type AnyAuthMethod, type ConnectConfig } from "ssh2";
import { PostureError } from "../errors";
import { describeTarget } from "./describe";
import { hostKeyCheck } from "./host-key";
import { planLogin, type Attempt, type LoginPlan } from "./login";
import { Passing } from "./retry";
import type { Target } from "./target";

/**
 * SSH's handshake and login over an open stream.
 *
 * @throws PostureError `host-key-…`, `auth-failed`, `unreachable`, `invalid-settings`; wrapped in
 *   {@link Passing} when trying again may help
 */
export async function handshake(stream: Duplex, target: Target): Promise<Client> {
  const check = hostKeyCheck(target);
  const plan = await planLogin(target);
  if (stream.destroyed) throw lost(target, stream); // meanwhile; ssh2 wouldn't notice
  const client = new Client();
  const login = new Login(plan, target);
  let refused: PostureError | undefined;
  let phase = "the SSH server to greet";
  client.on("handshake", () => (phase = "the login to complete"));

  return await new Promise<Client>((resolve, reject) => {
    const fail = (error: Error) => {
      client.removeAllListeners();
      // What ssh2 emits after this has nobody left to tell, and would end the process.
      client.on("error", () => {});
      client.destroy();
      stream.destroy();
      reject(error);
    };
    client.on("error", (error: Error & { level?: string }) => {
      // ssh2 reports a key that can't sign and goes on to the next.
      if (error.level === "agent" || (error.level === "client-authentication" && !login.exhausted)) {
        login.notes.push(error.message);
        return;
      }
      if (refused) return fail(refused);
      if (login.started && !/timed out|ECONNRESET/i.test(error.message))
        return fail(login.error(error.message));
      if (error.level === "client-timeout") {
        const what = `${describeTarget(target)}: waited ${target.connectTimeoutSeconds} s for ${phase}.`;
        return fail(
          new PostureError(
            "unreachable",
            what,
            "The port is open, but the SSH server behind it (or what sits between) hangs.",
            { cause: error },
          ),
        );
      }
      fail(lost(target, stream, error));
    });
    client.on("close", () => fail(refused ?? lost(target, stream)));
    client.on("ready", () => {
      client.removeAllListeners();
      client.on("error", () => {}); // until the connection listens
      resolve(client);
    });
    const config: ConnectConfig = {
      sock: stream,
      username: target.user,
      readyTimeout: target.connectTimeoutSeconds * 1000,
      algorithms: { serverHostKey: check.algorithms as never },
      hostVerifier: (key: Buffer) => {
        refused = check.refuse(key);
        return refused === undefined;
      },
      authHandler: (left, _partial, next) => next(login.next(left) as AnyAuthMethod),
    };
    client.connect(config);
  });
}

/** Walks through the plan as the server refuses one thing after the other. */
class Login {
  started = false;
  exhausted = false;
  readonly notes: string[];
  private readonly tried: string[] = [];
  private readonly rest: Attempt[];

  constructor(
    plan: LoginPlan,
    private readonly target: Target,
  ) {
    this.notes = plan.notes;
    this.rest = [...plan.attempts];
  }

  next(left: readonly string[] | null): AnyAuthMethod | false {
    if (!this.started) {
      // As ssh: "none" costs nothing and tells what the server takes.
      this.started = true;
      return { type: "none", username: this.target.user };
    }
    for (let attempt = this.rest.shift(); attempt; attempt = this.rest.shift()) {
      if (left && !left.includes(attempt.kind)) {
        const note = `the server takes no ${attempt.kind === "password" ? "password" : "key"} (it takes ${left.join(", ") || "nothing"})`;
        if (!this.notes.includes(note)) this.notes.push(note);
        continue;
      }
      this.tried.push(attempt.label);
      return attempt.method;
    }
    this.exhausted = true;
    return false;
  }

  error(message: string): PostureError {
    const { target } = this;
    const tried = this.tried.length > 0 ? `tried ${this.tried.join(", ")}` : "there was nothing to try";
    const why = this.exhausted ? "" : ` (${message})`;
    return new PostureError(
      "auth-failed",
      `${describeTarget(target)} doesn't let ${target.user} in${why}: ${tried}.` +
        this.notes.map((note) => `\n- ${note}`).join(""),
      `Check by hand: ssh ${target.port === 22 ? "" : `-p ${target.port} `}${target.user}@${target.host}\n` +
        `The key's public half belongs into ~${target.user}/.ssh/authorized_keys on the node (ssh-copy-id); ` +
        "a user is set by `user@` in the node's name, in pve-posture:nodes or in ~/.ssh/config.",
    );
  }
}

function lost(target: Target, stream: Duplex, error?: Error): Error {
  const early = (stream as Partial<Socket>).bytesRead === 0 || /before handshake/i.test(error?.message ?? "");
  if (early) return new Passing(hungUp(target, error));
  const what = `${describeTarget(target)} closed the connection during handshake or login${error ? ` (${error.message})` : ""}.`;
  return new PostureError("unreachable", what, undefined, { cause: error });
}

/** For a server that closes before it greets. */
export function hungUp(target: Target, error?: Error): PostureError {
  return new PostureError(
    "unreachable",
    `${describeTarget(target)} closed the connection before its SSH server said anything${error ? ` (${error.message})` : ""}.`,
    "A server that is starting, or has too many logins pending (MaxStartups, PerSourcePenalties), does this.",
    { cause: error },
  );
}
