# Shifts the owners of a container's files: checks that what stands on standard input is whole, and leaves the rest to
# shift-owners.pl, which stands in $tmp. The lock is perl's own: it holds for as long as perl runs, even without us.
# shellcheck shell=sh
refuse() {
  printf 'refused node-failed %s\n' "$1"
  exit 0
}

command -v perl > /dev/null 2>&1 || refuse perl
(cat > "$tmp/in") 2> /dev/null || refuse tmp
# a cut connection looks like the end of the data
[ "$(tail -n 1 "$tmp/in")" = end ] || refuse incomplete
for directory in run/lock var/lib/pve-posture; do
  [ -d "$root/$directory" ] || mkdir -p "$root/$directory" || refuse "/$directory"
done
chmod 700 "$root/var/lib/pve-posture" || refuse /var/lib/pve-posture
perl "$tmp/shift-owners.pl" "$root" < "$tmp/in"
