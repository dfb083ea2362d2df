import { homedir, userInfo } from "node:os";
import { join } from "node:path";
import { PostureError } from "../errors";

/** What of this machine goes into a connection. */
export interface LocalSide {
  home: string;
  user: string;
  env: NodeJS.ProcessEnv;
}

/** This machine and this process. */
export function localSide(): LocalSide {
  let user: string;
  try {
    user = userInfo().username;
  } catch {
    // A container's made-up uid has no line in passwd.
    user = process.env.USER || process.env.LOGNAME || "root";
  }
  return { home: homedir(), user, env: process.env };
}

/** Expands what ssh expands in a path: `~`, `${VARIABLE}`, and the given `%` tokens. */
export function expandPath(
  text: string,
  local: LocalSide,
  where: string,
  tokens: Record<string, string> = {},
): string {
  const fail = (why: string) => new PostureError("invalid-settings", `${where}: ${why} in "${text}".`);
  const path = text
    .replace(/%(.?)/gs, (_, token: string) => {
      const value = token === "%" ? "%" : tokens[token];
      if (value === undefined) throw fail(`%${token} isn't understood`);
      return value;
    })
    .replace(/\$\{([^}]*)\}/g, (_, name: string) => {
      const value = local.env[name];
      if (value === undefined) throw fail(`the variable ${name} isn't set`);
      return value;
    });
  if (path === "~" || path.startsWith("~/")) return join(local.home, path.slice(1));
  if (path.startsWith("~")) throw fail("another user's home isn't understood");
  return path;
}
