import type { Duplex } from "node:stream";
import { Client, type AnyAuthMethod, type ConnectConfig } from "ssh2";
import { PostureError } from "../errors";
import { describeTarget } from "./describe";
import { hostKeyCheck } from "./host-key";
import { planLogin } from "./login";
import { LoginTry } from "./login-try";
import { ProxyCommand, ProxyEnded } from "./proxy-command";
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
  const given = new AbortController(); // an agent that still thinks would keep the process alive
  const plan = await planLogin(target, given.signal);
  if (stream.destroyed) throw lost(target, "", stream.errored ?? undefined); // meanwhile; ssh2 wouldn't notice
  const client = new Client();
  const login = new LoginTry(plan, target, client);
  let refused: PostureError | undefined;
  let heard = "";
  let exchanged = false;
  const greeted = () => /^SSH-/m.test(heard);
  const stage = () => {
    if (!greeted()) return `the SSH server to greet${heard && ` (it said: ${quoted(heard)})`}`;
    return exchanged ? login.stage() : "the key exchange";
  };

  return await new Promise<Client>((resolve, reject) => {
    const fail = (error: Error) => {
      given.abort();
      client.removeAllListeners();
      // What ssh2 emits after this has nobody left to tell, and would end the process.
      client.on("error", () => {});
      client.destroy();
      stream.destroy();
      reject(error);
    };
    client.on("handshake", () => (exchanged = true));
    client.on("error", (error: Error & { level?: string }) => {
      // ssh2 reports a key that can't sign and goes on to the next.
      if (error.level === "agent" || (error.level === "client-authentication" && !login.exhausted)) {
        login.failed(error.message);
        return;
      }
      if (refused) return fail(refused);
      if (error.level === "client-timeout") {
        const aside = stream instanceof ProxyCommand ? ` (${stream.report()})` : "";
        const what = `${describeTarget(target)}: waited ${target.connectTimeoutSeconds} s for ${stage()}${aside}.`;
        return fail(new PostureError("unreachable", what, hangs(login.asked), { cause: error }));
      }
      if (login.started && error.level !== "client-socket") return fail(login.error(error.message));
      fail(lost(target, heard, error));
    });
    client.on("change password", () => fail(login.error("the server wants another password first")));
    client.on("close", () => fail(refused ?? lost(target, heard)));
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
      authHandler: (_left, _partial, next) => next(login.next() as AnyAuthMethod),
    };
    client.connect(config);
    // ssh2 has paused the stream: listening doesn't take anything from it.
    const listen = (data: Buffer) => {
      heard = (heard + data.toString("latin1")).slice(0, 4096);
      if (greeted() || heard.length === 4096) stream.off("data", listen);
    };
    stream.on("data", listen);
  });
}

function quoted(heard: string): string {
  return JSON.stringify(heard.trim().slice(0, 200));
}

function hangs(agent: string | undefined): string {
  return agent === undefined
    ? "The port is open, but the SSH server behind it (or what sits between) hangs."
    : "Does the agent wait for a touch or a confirmation? connectTimeoutSeconds in the settings gives it more time.";
}

function lost(target: Target, heard: string, error?: Error): Error {
  if (!/^SSH-/m.test(heard)) return hungUp(target, heard.trim(), error);
  const what = `${describeTarget(target)} closed the connection during handshake or login${error ? ` (${error.message})` : ""}.`;
  return new PostureError("unreachable", what, undefined, { cause: error });
}

/** For a server that closes before it greets; that may pass, unless it said what no SSH server says. */
export function hungUp(target: Target, said: string, error?: Error): Error {
  const why = said ? ` (it said: ${quoted(said)})` : error ? ` (${error.message})` : "";
  const busy =
    said === ""
      ? !(error instanceof ProxyEnded) || error.quiet
      : /^Exceeded MaxStartups|^Not allowed at this time/.test(said);
  const listens = said === "" ? undefined : `Is it an SSH server that listens on port ${target.port}?`;
  const hint = busy
    ? "A server that is starting, or has too many logins pending (MaxStartups, PerSourcePenalties), does this."
    : listens;
  const what = `${describeTarget(target)} closed the connection before its SSH server greeted${why}.`;
  const failure = new PostureError("unreachable", what, hint, { cause: error });
  return busy ? new Passing(failure) : failure;
}
