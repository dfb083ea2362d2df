import { quote } from "./quote.js";

/** The stand-in for `lxc-info -n VMID -p -H`: the number of a running container's first process. */
export const lxcInfo = (root: string): string => `#!/bin/sh
# Stand-in for lxc-info.
root=${quote(root)}
while [ $# -gt 0 ]; do
  case $1 in -n) vmid=$2; shift ;; -p|-H) ;; *) echo "lxc-info: $1: not in this stand-in" >&2; exit 1 ;; esac
  shift
done
cat "$root/sys/fs/cgroup/lxc/$vmid/ns/cgroup.procs" 2>/dev/null
`;

/** The stand-in for `pvesm path VOLUME`: where a volume of a storage of directories (or ZFS) lies. */
export const pvesm = `#!/bin/sh
# Stand-in for pvesm, in one form.
[ "$1" = path ] || { echo "ERROR: unknown command 'pvesm $1'" >&2; exit 255; }
case $2 in *:*) echo "/rpool/data/\${2#*:}" ;; *) echo "unable to parse volume ID '$2'" >&2; exit 255 ;; esac
`;
