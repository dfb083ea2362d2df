import { PostureError } from "../errors";
import { expandInclude, includeBase, readConfigFile, type ConfigLine } from "./ssh-config-file";
import { expandPath, type LocalSide } from "./ssh-tokens";
import { matchList } from "./ssh-pattern";

/** What is asked of the configuration; everything but `host` wins over it, as options of `ssh` do. */
export interface Query {
  /** the name as given */
  host: string;
  hostname?: string;
  user?: string;
}

/** The directives that hold for a host. */
export interface HostConfig {
  /** first value wins; ProxyJump and ProxyCommand share the slot `proxyjump` */
  first: Map<string, ConfigLine>;
  /** these add up */
  identityFiles: ConfigLine[];
  certificateFiles: ConfigLine[];
}

// What decides where, as whom and trusting whom we connect; the rest of ssh_config is of no concern.
const ONCE = new Set(
  `hostname user port identitiesonly identityagent userknownhostsfile globalknownhostsfile hostkeyalias connecttimeout
   proxyjump proxycommand canonicalizehostname canonicaldomains bindaddress bindinterface addressfamily revokedhostkeys
   pubkeyauthentication`.split(/\s+/),
);
const relevant = (keyword: string) =>
  ONCE.has(keyword) || /^(identityfile|certificatefile|include)$/.test(keyword);

/**
 * Reads ssh_config files for one host, as ssh does: user's before system's, first value wins,
 * `Include` in its place, `Match final` in a second pass.
 *
 * Not by the package `ssh-config`: it has no `Include`, runs `nslookup` and `Match exec`, takes a criterion
 * it doesn't know as "doesn't match" and cuts a value at a # inside a word.
 *
 * @throws PostureError `invalid-settings`
 */
export function readHostConfig(files: readonly string[], query: Query, local: LocalSide): HostConfig {
  const config: HostConfig = { first: new Map(), identityFiles: [], certificateFiles: [] };
  const hostname = () => {
    const text = query.hostname ?? config.first.get("hostname")?.words[0] ?? "%h";
    return text.replace(/%([%h])/g, (_, token) => (token === "h" ? query.host : "%"));
  };
  let final = false;
  let wantsFinal = false;

  const criterion = (name: string, pattern: string): boolean | undefined => {
    const list = pattern.split(",");
    if (name === "all") return true;
    if (name === "canonical") return false; // canonicalization is refused elsewhere
    if (name === "final") return final;
    if (name === "host")
      return matchList(
        list.map((p) => p.toLowerCase()),
        hostname().toLowerCase(),
      );
    if (name === "originalhost") return matchList(list, query.host);
    if (name === "user")
      return matchList(list, query.user ?? config.first.get("user")?.words[0] ?? local.user);
    if (name === "localuser") return matchList(list, local.user);
    return undefined;
  };

  const matches = (line: ConfigLine, block: readonly ConfigLine[]): boolean => {
    const { words } = line;
    if (line.keyword === "host") return matchList(words, final ? hostname().toLowerCase() : query.host);
    let result = true;
    let unsupported: string | undefined;
    for (let i = 0; i < words.length; i++) {
      const negated = words[i]!.startsWith("!");
      const name = words[i]!.slice(negated ? 1 : 0).toLowerCase();
      if (name === "final") wantsFinal = true;
      const needsValue = !/^(all|canonical|final)$/.test(name);
      if (needsValue && i + 1 >= words.length) throw bad(line, `"${name}" has no value`);
      const holds = criterion(name, needsValue ? words[++i]! : "");
      if (holds === undefined) unsupported = name;
      else if (holds === negated) result = false;
    }
    // Undecidable, but of no consequence: something else excludes the block, or it sets nothing we use.
    const matters = block.find((inner) => relevant(inner.keyword));
    if (result && unsupported !== undefined) {
      if (!matters) return false;
      throw bad(
        line,
        `"Match ${unsupported}" isn't evaluated, and the block sets ${matters.keyword}`,
        "Exclude this node from the block (!host), or name another file in pve-posture:sshConfig.",
      );
    }
    return result;
  };

  const walk = (file: string, lines: readonly ConfigLine[], base: string, depth: number) => {
    if (depth > 16)
      throw new PostureError("invalid-settings", `${file}: Include nests deeper than 16 files.`);
    let active = true;
    for (const [index, line] of lines.entries()) {
      if (line.keyword === "host" || line.keyword === "match") {
        const end = lines.findIndex((next, at) => at > index && /^(host|match)$/.test(next.keyword));
        active = matches(line, lines.slice(index + 1, end < 0 ? undefined : end));
      } else if (active && line.keyword === "include") {
        for (const pattern of line.words) {
          for (const path of expandInclude(expandPath(pattern, local, line.where), base)) {
            walk(path, readConfigFile(path) ?? [], base, depth + 1);
          }
        }
      } else if (active && !(final && line.keyword === "hostname")) {
        record(config, line); // the final pass goes by the host name found before, and so can't change it
      }
    }
  };
  const pass = () =>
    files.forEach((file) => walk(file, readConfigFile(file) ?? [], includeBase(file, local.home), 0));
  pass();
  if (wantsFinal) {
    final = true;
    pass();
  }
  return config;
}

function record(config: HostConfig, line: ConfigLine): void {
  const many = /^(userknownhostsfile|globalknownhostsfile|canonicaldomains|proxycommand)$/.test(line.keyword);
  if (relevant(line.keyword) && !many && line.words.length > 1) {
    throw bad(line, `${line.keyword} takes one value ("${line.words.join(" ")}" are ${line.words.length})`);
  }
  const list = { identityfile: config.identityFiles, certificatefile: config.certificateFiles }[line.keyword];
  if (list) {
    if (!list.some((known) => known.words[0] === line.words[0])) list.push(line);
    return;
  }
  if (!ONCE.has(line.keyword)) return;
  const slot = line.keyword === "proxycommand" ? "proxyjump" : line.keyword;
  if (!config.first.has(slot)) config.first.set(slot, line);
}

function bad(line: ConfigLine, why: string, hint?: string): PostureError {
  return new PostureError("invalid-settings", `${line.where}: ${why}.`, hint);
}
