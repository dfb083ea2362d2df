import type { AnyAuthMethod, Client } from "ssh2";
import { PostureError } from "../errors";
import { describeTarget } from "./describe";
import type { Attempt, LoginPlan } from "./login";
import { onRefusal, SignerAgent } from "./ssh2-signer";
import type { Target } from "./target";

/** Walks through the plan as the server refuses one thing after the other. */
export class LoginTry {
  started = false;
  exhausted = false;
  private readonly notes: string[];
  private readonly tried: string[] = [];
  private readonly rest: Attempt[];
  private refusal: { left?: string[]; partial?: boolean } = {};
  private current?: SignerAgent;

  constructor(
    plan: LoginPlan,
    private readonly target: Target,
    private readonly client: Client,
  ) {
    this.notes = plan.notes;
    this.rest = [...plan.attempts];
  }

  /** What to try next; false when there is nothing left. */
  next(): AnyAuthMethod | false {
    if (!this.started) {
      // As ssh: "none" costs nothing and tells what the server takes.
      this.started = true;
      onRefusal(this.client, (left, partial) => (this.refusal = { left, partial }));
      return { type: "none", username: this.target.user };
    }
    const { left, partial } = this.refusal;
    const takes = left?.join(", ") || "nothing";
    if (partial && this.tried.length > 0)
      this.note(`${this.tried.pop()} was accepted, but the server wants ${takes} too`);
    this.refusal = { left };
    for (let attempt = this.rest.shift(); attempt; attempt = this.rest.shift()) {
      if (left && !left.includes(attempt.kind)) {
        // of the two ways for a password one is enough
        if (attempt.kind !== "keyboard-interactive" || !left.includes("password"))
          this.note(
            `the server takes no ${attempt.kind === "publickey" ? "key" : attempt.kind} (it takes ${takes})`,
          );
        continue;
      }
      this.tried.push(attempt.label);
      return this.method(attempt);
    }
    this.exhausted = true;
    return false;
  }

  /** What it waits for, for people. */
  stage(): string {
    return this.asked === undefined
      ? "the login to complete"
      : `the agent at ${this.asked} to sign with ${this.tried.at(-1)}`;
  }

  /** The agent that has been asked to sign and hasn't yet. */
  get asked(): string | undefined {
    return this.current?.signing ? this.current.signer.agent : undefined;
  }

  /** The attempt under way came to nothing on our side. */
  failed(why: string): void {
    this.note(`${this.tried.at(-1) ?? "logging in"}: ${why}`);
  }

  error(message: string): PostureError {
    const { target } = this;
    for (const { method, note } of target.login.untried)
      if (this.refusal.left?.includes(method)) this.note(note);
    if (target.login.password === undefined && this.refusal.left?.includes("password"))
      this.note("the server takes a password, and none is set (`password` in pve-posture:nodes, as a secret)");
    const tried = this.tried.length > 0 ? `tried ${this.tried.join(", ")}` : "there was nothing to try";
    const why = this.exhausted ? "" : ` (${message})`;
    return new PostureError(
      "auth-failed",
      `${describeTarget(target)} doesn't let ${target.user} in${why}: ${tried}.` +
        this.notes.map((note) => `\n- ${note}`).join(""),
      `Check by hand: ssh ${target.port === 22 ? "" : `-p ${target.port} `}${target.user}@${target.host} (with the same -F, -i and -J)\n` +
        `The key's public half belongs into ~${target.user}/.ssh/authorized_keys on the node (ssh-copy-id); ` +
        "a user is set by `user@` in the node's name, in pve-posture:nodes or in ~/.ssh/config.",
    );
  }

  private note(text: string): void {
    if (!this.notes.includes(text)) this.notes.push(text);
  }

  private method({ kind, signer }: Attempt): AnyAuthMethod {
    const username = this.target.user;
    const password = this.target.login.password!;
    this.current = signer && new SignerAgent(signer, this.client);
    if (this.current) return { type: "agent", username, agent: this.current };
    if (kind === "password") return { type: "password", username, password };
    let asked = 0;
    return {
      type: "keyboard-interactive",
      username,
      prompt: (_name, _instructions, _language, prompts, finish) => {
        // One hidden question is for the password; anything else (a code, a new password) we can't answer.
        // a question for a code is not to be told the password
        const answers = prompts.length === 1 && !prompts[0]!.echo && /passwor[dt]/i.test(prompts[0]!.prompt) && asked++ === 0;
        if (!answers)
          this.note(
            `the server asked ${prompts.map(({ prompt }) => JSON.stringify(prompt)).join(", ")}, which nobody can answer here`,
          );
        finish(answers ? [password] : prompts.map(() => ""));
      },
    };
  }
}
