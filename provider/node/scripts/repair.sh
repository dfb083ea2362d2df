# Ends the transactions that were interrupted (by a kill, a power cut): puts back what was there before them, and says
# what became of each. Those that somebody is at work on are left alone.
# shellcheck shell=sh

# filled FILE: its first line
filled() { IFS= read -r line < "$1" 2> /dev/null || line=; printf '%s' "$line"; }

# locks: takes those that the transaction had, so that nobody else is at work on the same
locks() {
  while read -r op a b _; do
    [ "$op" = lock ] || continue
    open_lock "$a" "$b" || return 1
  done < "$work/steps"
}

repair() {
  work=$journal
  writer=${journal##*/transaction-}
  writer=${writer%%-*}
  # killed before it had written anything
  [ -e "$journal/steps" ] || { rm -rf "$journal"; return; }
  if [ ! -e "$journal/commit" ]; then
    remove_staged && rm -rf "$journal"
    return
  fi
  locks || { printf 'locked %s\n' "$a"; return; }
  present=$(filled "$journal/present")
  touched=all
  tried=all
  # shellcheck disable=SC2046
  set -- $(filled "$journal/was")
  restarted=${1-}
  undo theirs
  remove_staged
  unlock
  # whether it is to run is somebody else's matter by now
  case "$kept " in *"/etc/pve/lxc/$restarted.conf "*) restarted= ;; esac
  [ -e "$root/etc/pve/lxc/$restarted.conf" ] || restarted=
  # it ran before, and is to run again
  [ -z "$restarted" ] || running "$restarted" || up "$restarted" "$3" - || undone="$undone container:$restarted"
  printf 'undone\t'
  sed -n -e 's/^file \([^ ]*\) .*/\1/p' -e 's/^u*n*load \(.*\) [^ ]*$/profile:\1/p' "$work/steps" | tr '\n' '\t'
  printf '\nkept %s\nfailed %s\n' "$kept" "$undone"
  # what could not be put back now is tried again the next time
  [ -n "$undone" ] || rm -rf "$journal"
}

command -v flock > /dev/null 2>&1 || exit 0
trap '' HUP INT TERM PIPE
# the newest first, as each was made upon what the one before it had made
journals=$(ls -td "$store"/transaction-* 2> /dev/null)
IFS=$newline
for journal in $journals; do
  unset IFS
  # each in a shell of its own: its locks, and what it finds
  (
    # whoever held it may have ended just now, and taken it away
    [ -e "$journal/lock" ] && exec 6>> "$journal/lock" && flock -n 6 && [ -e "$journal/lock" ] && repair
  ) 2> /dev/null
done
tidy
# one that is at work is no failure of ours
exit 0
