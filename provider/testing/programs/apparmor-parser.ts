import { profileCheck } from "./profile-check.js";
import { quote } from "./quote.js";

/**
 * The stand-in for apparmor_parser: checks roughly, and "loads" into the node's own list of profiles.
 *
 * @param root the node's root directory
 * @param state a directory for its lock and temporary files, on the same file system as `root`
 * @param real a real apparmor_parser that is asked first; it only ever gets -Q or -N, so it can't load anything
 */
export function apparmorParser(root: string, state: string, real?: string): string {
  return `#!/bin/sh
# Stand-in for apparmor_parser: it never touches the kernel of this host.
LC_ALL=C; export LC_ALL # names are sorted by byte, and bytes that aren't UTF-8 are no error
root=${quote(root)} state=${quote(state)} real=${quote(real ?? "")}
profiles=$root/sys/kernel/security/apparmor/profiles
check=${quote(profileCheck)}

usage() { echo "apparmor_parser: $1" >&2; exit 1; }

# --- arguments, as getopt_long takes them ---
complain=0; action=add; names=; skip=; verbose=; dirs=; dump=; held=
again= # the caller's own arguments, quoted, for the real one
for argument in "$@"; do again="$again '$(printf '%s\\n' "$argument" | sed "s/'/'\\\\\\\\''/g")'"; done
files=0; left=$#
while [ "$left" -gt 0 ]; do
  argument=$1; shift; left=$((left - 1))
  case $argument in
    --) while [ "$left" -gt 0 ]; do set -- "$@" "$1"; shift; left=$((left - 1)); files=$((files + 1)); done; break ;;
    --*)
      long=\${argument#--}; value=
      case $long in *=*) value=\${long#*=}; long=\${long%%=*} ;; esac
      case $long in
        base|Include|subdomainfs|match-string|features-file|policy-features|override-policy-abi|kernel-features|namespace|cache-loc|ofile|jobs|max-jobs|config-file|warn|Optimize|dump)
          if [ "$argument" = "--$long" ]; then value=$1; shift; left=$((left - 1)); fi ;;
      esac
      case $long in
        add) letters=a ;; replace) letters=r ;; remove) letters=R ;; names) letters=N ;; Complain) letters=C ;;
        skip-kernel-load) letters=Q ;; verbose) letters=v ;; version) letters=V ;; stdout) letters=S ;;
        preprocess) letters=p ;; base|Include) letters=I ;;
        subdomainfs|match-string|features-file|policy-features|override-policy-abi|kernel-features|namespace|cache-loc|ofile|jobs|max-jobs|config-file|warn|Optimize|dump) letters= ;;
        skip-cache|skip-read-cache|write-cache|show-cache|skip-bad-cache|skip-bad-cache-rebuild|purge-cache|debug-cache|quiet|readimpliesX|abort-on-error|Werror|debug) letters= ;;
        *) usage "unrecognized option '--$long'" ;;
      esac ;;
    -?*) letters=\${argument#-}; value= ;;
    *) set -- "$@" "$argument"; files=$((files + 1)); continue ;;
  esac
  while [ -n "$letters" ]; do
    tail=\${letters#?}; letter=\${letters%"$tail"}; letters=$tail
    case $letter in
      I|b|f|m|M|n|L|o|O|j|D)
        if [ -z "$value" ]; then
          if [ -n "$letters" ]; then value=$letters; letters=; else value=$1; shift; left=$((left - 1)); fi
        fi
        case $letter in I|b) dirs=$dirs:$value ;; esac ;;
      a) action=add ;; r) action=replace ;; R) action=remove ;;
      N) names=1 ;; Q) skip=1 ;; C) complain=1 ;; v) verbose=1 ;; S|p) dump=$letter ;;
      V) echo "AppArmor parser version 4.1.0"; exit 0 ;;
      K|T|W|k|q|X|d|h) ;;
      *) usage "invalid option -- '$letter'" ;;
    esac
  done
done
dirs="$root/etc/apparmor.d$dirs"
[ "$files" -gt 0 ] || { set -- -; files=1; }

# --- a check, by the real one first where there is one ---
if [ -n "$names$skip" ]; then
  if [ -n "$real" ]; then
    # The node's own includes come first, as on a real node.
    eval "exec \\"\\$real\\" -I \\"\\$root/etc/apparmor.d\\" $again"
  fi
  [ -z "$dump" ] || usage "this stand-in compiles no policy (-$dump); give startNode a real apparmorParser"
fi

text=$(mktemp "$state/profile.XXXXXX") || exit 1
# /bin/sh runs no EXIT trap when a signal ends it.
trap 'rm -f "$text" "$text".*; [ -z "$held" ] || rmdir "$state/lock"' EXIT
trap 'exit 143' TERM HUP INT

hold() { # the lock around the list of loaded profiles; nobody holds it for as long as ten seconds
  tries=0
  until mkdir "$state/lock" 2>/dev/null; do
    tries=$((tries + 1)); [ "$tries" -lt 200 ] || rmdir "$state/lock" 2>/dev/null
    sleep 0.05
  done
  held=1
}

load() { # the profiles in $text.names, by $action
  [ -e "$profiles" ] || {
    echo "Warning: unable to find a suitable fs in /proc/mounts, is it mounted?" >&2
    echo "Use --subdomainfs to override." >&2
    return 1
  }
  [ -s "$text.names" ] || return 0
  hold
  awk -F '\\t' -v action="$action" -v verbose="$verbose" '
    NR == FNR { order[++n] = $1; mode[$1] = $2; next }
    { name = $0; sub(/ \\([a-z]+\\)$/, "", name); loaded[name] = 1 }
    action == "remove" { root = name; sub(/\\/\\/.*/, "", root); if (!(root in mode)) print; next }
    name in mode { print name " (" mode[name] ")"; next }
    { print }
    END {
      for (i = 1; i <= n; i++) {
        name = order[i]
        if (action == "remove") { if (name !~ /\\/\\// && !(name in loaded)) { status = 1; print "apparmor_parser: Unable to remove \\"" name "\\".  Profile doesn\\047t exist" > messages } }
        else if (!(name in loaded)) print name " (" mode[name] ")"
        else if (action == "add") { status = 1; print "apparmor_parser: Unable to add \\"" name "\\".  Profile already exists" > messages }
        if (verbose && !status && name !~ /\\/\\//) print (action == "remove" ? "Removal" : action == "add" ? "Addition" : "Replacement") " succeeded for \\"" name "\\"." > (messages ".said")
      }
      exit status
    }' messages="$text.messages" "$text.names" "$profiles" > "$text.new"
  status=$?
  [ "$status" -ne 0 ] || mv "$text.new" "$profiles" # renamed, so that a reader never sees half a list
  rmdir "$state/lock"; held=
  [ ! -e "$text.messages" ] || cat "$text.messages" >&2
  [ ! -e "$text.messages.said" ] || cat "$text.messages.said"
  return "$status"
}

worst=0
for file in "$@"; do
  shown=$file
  if [ "$file" = - ]; then shown=; cat > "$text"
  elif [ ! -f "$file" ]; then echo "File $file not found, skipping..." >&2; worst=2; continue
  else cat -- "$file" > "$text" || { worst=1; continue; }
  fi
  if [ -n "$real" ]; then
    source=$file; [ "$file" != - ] || source=/dev/stdin
    "$real" -q -Q -K -I "$root/etc/apparmor.d" "$source" > /dev/null < "$text" || { worst=1; continue; }
  fi
  if ! awk -v file="$shown" -v dirs="$dirs" -v complain="$complain" "$check" "$text" > "$text.names"; then
    cat "$text.names" >&2; worst=1; continue
  fi
  if [ -n "$names" ]; then cut -f 1 "$text.names" | sort
  elif [ -z "$skip" ]; then load || worst=1
  fi
done
exit "$worst"
`;
}
