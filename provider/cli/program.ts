import { Command, CommanderError } from "commander";
import { PostureError } from "../errors.js";
import { addConf } from "./conf/index.js";
import { exits } from "./exits.js";
import { complain, endQuietly } from "./output.js";
import { addProfile } from "./profile/index.js";
import { addSudoers } from "./sudoers.js";
import { version } from "./version.js";

/** One function for each word after `pve-posture`; it adds the word and what follows it. */
const groups: ((program: Command) => void)[] = [addProfile, addConf, addSudoers];

function program(): Command {
  const program = new Command("pve-posture")
    .description("Security posture of LXC containers on Proxmox VE, on the command line.")
    .version(version)
    .helpCommand(false)
    .showHelpAfterError("(--help says more)")
    // Commands take this over when they are added.
    .exitOverride()
    .addHelpText(
      "after",
      `\nExit codes: ${exits.fine} fine, ${exits.found} findings or a difference, ${exits.invalid} invalid input or usage.`,
    );
  for (const add of groups) add(program);
  return program;
}

/**
 * Runs one command line. What comes of it is in `process.exitCode`.
 *
 * @param args what follows `pve-posture`
 */
export async function run(args: string[]): Promise<void> {
  endQuietly();
  try {
    await program().parseAsync(args, { from: "user" });
  } catch (error) {
    // Commander has printed its own message, or the help that was asked for.
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? exits.fine : exits.invalid;
    else {
      complain(describe(error));
      process.exitCode = exits.invalid;
    }
  }
}

function describe(error: unknown): string {
  if (error instanceof PostureError) return error.message;
  if (process.env.PVE_POSTURE_DEBUG) return error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `internal error: ${error instanceof Error ? error.message : String(error)}\n  Please report it; PVE_POSTURE_DEBUG=1 shows where it came from.`;
}
