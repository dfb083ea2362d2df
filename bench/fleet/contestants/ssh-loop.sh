#!/bin/bash
# The fleet with OpenSSH alone: `ssh-loop.sh apply|check SSH_CONFIG`, in a folder with the file `containers` (a line
# `VMID NAME` each), and for each VMID.profile and VMID.lines.
set -euo pipefail
node() { ssh -F "$config" pve1 "$1"; }
config=$2

# the node's own variable: empty on a real one
apparmor='"$PVE_POSTURE_ROOT/etc/apparmor.d/'
conf='"$PVE_POSTURE_ROOT/etc/pve/lxc/'
kernel='"$PVE_POSTURE_ROOT/sys/kernel/security/apparmor/profiles"'
ours='^lxc\.\(apparmor\.profile\|idmap\|cgroup2\.devices\.[a-z]*\):'

while read -r vmid name <&3; do
  file=$apparmor$name'"' edited=$conf$vmid.conf'"'
  case $1 in
    apply)
      node "cat > $file && apparmor_parser -r $file" < "$vmid.profile"
      node "set -e; { grep -v '$ours' $edited; cat; } > $edited.new; mv $edited.new $edited" < "$vmid.lines"
      ;;
    check)
      expected=$(cat "$vmid.profile" "$vmid.lines" && echo "$name (enforce)")
      found=$(node "cat $file; grep '$ours' $edited; grep -xF '$name (enforce)' $kernel" < /dev/null)
      [ "$found" = "$expected" ] || { echo "$vmid differs"; exit 1; }
      ;;
  esac
done 3< containers
