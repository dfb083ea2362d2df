import { PostureError } from "../errors";
import { expandInclude, includeBase, readConfigFile, type ConfigLine } from "./ssh-config-file";
import { fateOf } from "./ssh-directives";
import { record, type HostConfig } from "./ssh-host-config";
import { matchList } from "./ssh-pattern";
import { expandPath, type LocalSide } from "./ssh-tokens";
import { bad } from "./ssh-values";

/** What is asked of the configuration; everything but `host` wins over it, as options of `ssh` do. */
export interface Query {
  /** the name as given */
  host: string;
  hostname?: string;
  user?: string;
}

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
    return text.replace(/%([%h])/g, (_, token) => (token === "h" ? query.host : "%")).toLowerCase();
  };
  let final = false;
  let wantsFinal = false;

  const criterion = (name: string, pattern: string): boolean | undefined => {
    const list = pattern.split(",");
    if (name === "all") return true;
    // ssh asks for the same pass with both; only `final` causes it, as canonicalization is refused elsewhere.
    if (name === "final" || name === "canonical") return final;
    // Unlike those of Host, these know no case.
    const names = list.map((p) => p.toLowerCase());
    if (name === "host") return matchList(names, hostname());
    if (name === "originalhost") return matchList(names, query.host.toLowerCase());
    if (name === "user")
      return matchList(list, query.user ?? config.first.get("user")?.words[0] ?? local.user);
    if (name === "localuser") return matchList(list, local.user);
    if (name === "tagged") return matchList(list, config.first.get("tag")?.words[0] ?? "");
    if (name === "sessiontype") return matchList(list, "exec"); // commands are all that we run
    return undefined;
  };

  const matches = (line: ConfigLine, block: readonly ConfigLine[]): boolean => {
    if (line.keyword === "host") return matchList(line.words, final ? hostname() : query.host);
    const words = criteria(line);
    let result = true;
    let unsupported: string | undefined;
    for (let i = 0; i < words.length; i++) {
      const negated = words[i]!.startsWith("!");
      const name = words[i]!.slice(negated ? 1 : 0).toLowerCase();
      if (name === "final") wantsFinal = true;
      if (name === "all" && (i > 2 || i < words.length - 1))
        throw bad(line, '"all" goes with no other criterion');
      const needsValue = !/^(all|canonical|final)$/.test(name);
      if (needsValue && i + 1 >= words.length) throw bad(line, `"${name}" has no value`);
      const holds = criterion(name, needsValue ? words[++i]! : "");
      if (holds === undefined) unsupported = name;
      else if (holds === negated) result = false;
    }
    // Undecidable, but of no consequence: something else excludes the block, or it sets nothing we use.
    const matters = block.find(
      ({ keyword }) => keyword === "include" || /^(first|all)$/.test(fateOf(keyword)),
    );
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

  /** @param reached whether what includes the file holds; if not, as ssh, it still says if a second pass is wanted */
  const walk = (
    file: string,
    lines: readonly ConfigLine[],
    base: string,
    depth: number,
    reached: boolean,
  ) => {
    if (depth > 16)
      throw new PostureError("invalid-settings", `${file}: Include nests deeper than 16 files.`);
    let active = reached;
    for (const [index, line] of lines.entries()) {
      if (line.keyword === "host" || line.keyword === "match") {
        const end = lines.findIndex((next, at) => at > index && /^(host|match)$/.test(next.keyword));
        const block = reached ? lines.slice(index + 1, end < 0 ? undefined : end) : [];
        active = matches(line, block) && reached;
      } else if (line.keyword === "include") {
        for (const pattern of line.words) {
          for (const path of expandInclude(expandPath(pattern, local, line.where), base)) {
            walk(path, readConfigFile(path, true) ?? [], base, depth + 1, active);
          }
        }
      } else if (active && !(final && line.keyword === "hostname")) {
        record(config, line); // the final pass goes by the host name found before, and so can't change it
      }
    }
  };
  const pass = () => {
    for (const file of files) {
      const guarded = file === `${local.home}/.ssh/config`; // not one that is named outright, as with ssh -F
      walk(file, readConfigFile(file, guarded) ?? [], includeBase(file, local.home), 0, true);
    }
  };
  pass();
  if (wantsFinal) {
    final = true;
    pass();
  }
  return config;
}

/** The words of a Match; `host=x` are two. */
function criteria({ words }: ConfigLine): string[] {
  return words.flatMap((word, i) => {
    if (word === "=" && i % 2 === 1) return [];
    const [, name, value] = /^(!?[a-z]+)=(.+)$/i.exec(word) ?? [];
    return name ? [name, value!] : [word];
  });
}
