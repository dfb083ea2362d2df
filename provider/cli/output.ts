import { once } from "node:events";
import { exits } from "./exits.js";
import { reasonOf } from "./files.js";
import { visible } from "./style.js";

/** A reader that has seen enough (`| head`) is no failure. */
export function endQuietly(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EPIPE") process.exit();
      if (stream === process.stdout) complain(`standard output: ${reasonOf(error)}`);
      process.exit(exits.invalid);
    });
  }
}

/** Writes to standard output, and waits while the reader is behind. */
export async function print(text: string): Promise<void> {
  if (text !== "" && !process.stdout.write(text)) await once(process.stdout, "drain");
}

export const printJson = (value: unknown): Promise<void> => print(`${JSON.stringify(value)}\n`);

/** Writes a message to standard error. */
export function complain(message: string): void {
  process.stderr.write(`pve-posture: ${message.split("\n").map(visible).join("\n")}\n`);
}
