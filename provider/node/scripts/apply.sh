# Applies one transaction: its steps stand on standard input, one a line, up to an empty line; after it come the bytes
# that they refer to by length. Nothing changes before everything is checked; what fails halfway is undone.
# shellcheck shell=sh
steps=$tmp/steps
failed=
undone=

# say CODE WHAT: how it ended; a program's own words are in $tmp/err
say() {
  printf 'refused %s %s\n' "$1" "$2"
  [ -f "$tmp/err" ] && head -c 8000 "$tmp/err"
}

refuse() {
  remove_staged
  say "$1" "$2"
  exit 0
}

remove_staged() {
  for staged in "$tmp"/*.staged; do
    [ -f "$staged" ] && rm -f "$(cat "$staged")"
  done
}

trap 'remove_staged; exit 129' HUP INT TERM PIPE

cat > "$tmp/in"
sed '/^$/q' "$tmp/in" > "$steps"
expected=$(sed -n 's/^bytes //p' "$steps")
head=$(size "$steps")
# a cut connection looks like the end of the data; it may cut the steps themselves, before their empty line
[ -z "$(tail -n 1 "$steps")" ] || refuse node-failed incomplete
[ "$(($(size "$tmp/in") - head))" = "${expected:-none}" ] || refuse node-failed incomplete

# slice LENGTH FILE: the next bytes
at=$((head + 1))
slice() {
  [ "$1" = - ] && return
  tail -c "+$at" "$tmp/in" | head -c "$1" > "$2"
  at=$((at + $1))
}

loaded() {
  # a name may hold blanks: `a b (enforce)` is not `a`
  while IFS= read -r line; do
    mode=${line#"$1 ("}
    [ "$mode" != "$line" ] || continue
    case $mode in *[!a-z\)]*) ;; *')') return 0 ;; esac
  done < "$root/sys/kernel/security/apparmor/profiles"
  return 1
}

parser() { apparmor_parser "$@" > "$tmp/err" 2>&1 < /dev/null; }

# unload NAME: by its name alone, as the file may be gone or changed
unload() {
  printf 'profile %s {\n}\n' "$1" > "$tmp/stub"
  parser -R "$tmp/stub"
}

# --- check -----------------------------------------------------------------------------------------------------------
n=0
fd=8
while read -r op a b c; do
  case $op in
    lock)
      mkdir -p "$root${a%/*}" 2> "$tmp/err" || refuse node-failed "$a"
      command -v flock > /dev/null 2>&1 || refuse node-failed flock
      if [ $fd = 8 ]; then
        { exec 8>> "$root$a"; } 2> "$tmp/err" || refuse node-failed "$a"
      else
        { exec 9>> "$root$a"; } 2> "$tmp/err" || refuse node-failed "$a"
      fi
      flock -w "$b" $fd 2> "$tmp/err" || refuse container-locked "$a"
      fd=9
      ;;
    file)
      n=$((n + 1))
      slice "$b" "$tmp/$n.before"
      slice "$c" "$tmp/$n.after"
      [ -L "$root$a" ] && refuse node-failed "link $a"
      if [ "$b" = - ]; then
        [ ! -e "$root$a" ] || refuse changed-meanwhile "$a"
      else
        cmp -s "$tmp/$n.before" "$root$a" || refuse changed-meanwhile "$a"
      fi
      [ "$c" = - ] && continue
      case $a in
        # a name that AppArmor passes over at boot, should it ever be left behind
        /etc/apparmor.d/*) staged=${a%/*}/.${a##*/}.tmp.$$ ;;
        # as Proxmox VE names its own
        *) staged=$a.tmp.$$ ;;
      esac
      printf '%s' "$root$staged" > "$tmp/$n.staged"
      # a fresh node has no such directory before its first firewall file
      case $a in /etc/pve/firewall/*) [ -d "$root/etc/pve/firewall" ] || mkdir "$root/etc/pve/firewall" 2> "$tmp/err" ;; esac
      # noclobber opens with O_EXCL
      (set -C && cat "$tmp/$n.after" > "$root$staged") 2> "$tmp/err" || {
        grep -q 'Permission denied' "$tmp/err" && case $a in /etc/pve/*) refuse no-quorum "$a" ;; esac
        refuse node-failed "$a"
      }
      ;;
    check)
      command -v apparmor_parser > /dev/null 2>&1 || refuse no-apparmor parser
      parser -Q -K "$(cat "$tmp/$n.staged")" || refuse profile-invalid "$a"
      apparmor_parser -N "$(cat "$tmp/$n.staged")" 2> "$tmp/err" < /dev/null | grep -v // > "$tmp/names"
      [ "$(cat "$tmp/names")" = "$a" ] || {
        cp "$tmp/names" "$tmp/err"
        refuse profile-invalid "name $a"
      }
      ;;
    load | unload)
      command -v apparmor_parser > /dev/null 2>&1 || refuse no-apparmor parser
      [ -r "$root/sys/kernel/security/apparmor/profiles" ] || refuse no-apparmor kernel
      loaded "$a" && : > "$tmp/loaded.$a"
      ;;
    unused)
      users_of "$a" > "$tmp/err"
      [ -s "$tmp/err" ] && refuse profile-in-use "$a"
      ;;
    loaded)
      [ -r "$root/sys/kernel/security/apparmor/profiles" ] || refuse no-apparmor kernel
      loaded "$a" || refuse profile-not-loaded "$a"
      ;;
  esac
done < "$steps"
rm -f "$tmp/err"

# --- commit ----------------------------------------------------------------------------------------------------------
# from here to the end nobody stops us: neither a closed connection nor a signal
trap '' HUP INT TERM PIPE

fail() {
  failed="$1 $2"
  cp "$tmp/err" "$tmp/why" 2> /dev/null
}

n=0
while read -r op a b c; do
  case $op in
    file)
      n=$((n + 1))
      : > "$tmp/$n.touched"
      if [ "$c" = - ]; then
        [ "$b" = - ] || rm -f "$root$a" 2> "$tmp/err" || fail remove "$a"
      else
        mv -f "$(cat "$tmp/$n.staged")" "$root$a" 2> "$tmp/err" && cmp -s "$tmp/$n.after" "$root$a" || fail write "$a"
      fi
      ;;
    load)
      : > "$tmp/profile.$a"
      if parser -r -K "$root$b"; then
        loaded "$a" || fail verify "$a"
      else
        fail load "$a"
      fi
      ;;
    unload)
      : > "$tmp/profile.$a"
      if [ -f "$tmp/loaded.$a" ]; then
        # again, now that nobody can stop us: -R would leave a running container unconfined
        users_of "$a" > "$tmp/err"
        if [ -s "$tmp/err" ]; then fail in-use "$a"; elif ! unload "$a" || loaded "$a"; then fail unload "$a"; fi
      fi
      ;;
  esac
  [ -n "$failed" ] && break
done < "$steps"

# --- undo ------------------------------------------------------------------------------------------------------------
if [ -n "$failed" ]; then
  n=0
  while read -r op a b _; do
    [ "$op" = file ] || continue
    n=$((n + 1))
    [ -f "$tmp/$n.touched" ] || continue
    if [ "$b" = - ]; then
      rm -f "$root$a" || undone="$undone $a"
    elif ! cmp -s "$tmp/$n.before" "$root$a"; then
      rm -f "$root$a.tmp.$$"
      (set -C && cat "$tmp/$n.before" > "$root$a.tmp.$$") && mv -f "$root$a.tmp.$$" "$root$a" || undone="$undone $a"
    fi
  done < "$steps" 2> /dev/null
  while read -r op a b _; do
    case $op in load | unload) ;; *) continue ;; esac
    [ -f "$tmp/profile.$a" ] || continue
    if [ -f "$tmp/loaded.$a" ]; then
      [ -f "$root$b" ] && parser -r -K "$root$b" || undone="$undone profile:$a"
    elif loaded "$a"; then
      unload "$a" || undone="$undone profile:$a"
    fi
  done < "$steps"
  cp "$tmp/why" "$tmp/err" 2> /dev/null
  if [ -n "$undone" ]; then say restore-failed "$failed, not restored:$undone"; else say node-failed "$failed"; fi
  remove_staged
  exit 0
fi

printf 'done\n'
sed -n 's/^observe //p' "$steps" > "$tmp/requests"
observe_all "$tmp/requests"
