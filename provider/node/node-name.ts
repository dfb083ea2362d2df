import { PostureError } from "../errors";

/** A node as named in a program, taken apart. */
export interface NodeName {
  user?: string;
  host: string;
  port?: number;
}

/**
 * Takes a node's name apart: an alias of `~/.ssh/config`, `host`, `user@host`, `host:port`,
 * `user@host:port` or `[v6 address]:port`.
 *
 * @throws PostureError `invalid-input`
 */
export function parseNodeName(name: string): NodeName {
  const fail = (why: string) =>
    new PostureError(
      "invalid-input",
      `"${name}" can't be the name of a node: ${why}.`,
      "Write an alias, user@host, host:port or [v6 address]:port.",
    );
  // As in ssh: the last @ divides, since a directory's user names may hold one.
  const at = name.lastIndexOf("@");
  const user = at < 0 ? undefined : name.slice(0, at);
  if (user === "") throw fail("nothing stands before the @");
  const rest = name.slice(at + 1);

  const bracketed = /^\[([^\]]+)\](?::(.*))?$/.exec(rest);
  // More than one colon without brackets is an IPv6 address; its last group is no port.
  const plain = /^([^:]*):([^:]*)$/.exec(rest);
  const [, host = rest, portText] = bracketed ?? plain ?? [];
  if (host === "") throw fail("there is no host in it");
  if (/[\s\p{Cc}/[\],]/u.test(name.replace(/[[\]]/g, "") + host))
    throw fail("it holds a character no host has");
  if (portText === undefined) return { user, host };
  const port = Number(portText);
  if (!/^\d+$/.test(portText) || port < 1 || port > 65535) throw fail(`"${portText}" is no port`);
  return { user, host, port };
}
