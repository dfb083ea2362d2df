import { quote } from "./quote.js";

/**
 * The stand-in for Proxmox's `pct`: list, status, config, start, stop, shutdown, reboot, mount, unmount. Written from the documented behaviour
 * and never compared with a real Proxmox VE. A container runs while its directory in the cgroup tree exists.
 *
 * @param root the node's root directory
 */
export function pct(root: string): string {
  return `#!/bin/sh
# Stand-in for pct: nothing runs, only the files say so.
root=${quote(root)}
node=$(cat "$root/etc/hostname")
command=$1 vmid=$2

die() { echo "$2" >&2; exit "$1"; }
main() { sed '/^\\[/,$d' "$conf"; } # pending changes and snapshots come after it
property() { main | sed -n "s/^$1: *//p" | tail -n 1; }
raw() { main | sed -n 's/^\\(lxc\\.[A-Za-z0-9_.-]*\\)[ ]*[:=][ ]*/\\1 = /p'; }
running() { [ -d "$root/sys/fs/cgroup/lxc/$1" ]; }

start() {
  ! running "$vmid" || die 255 "CT $vmid already running"
  profile=$(raw | sed -n 's/^lxc.apparmor.profile = //p' | tail -n 1)
  case $profile in
    ''|generated|unconfined|unchanged) ;;
    *)
      # grep reads no profile name as an expression: -x -F
      sed 's/ ([a-z]*)$//' "$root/sys/kernel/security/apparmor/profiles" | grep -qxF -e "$profile" ||
        die 1 "startup for container '$vmid' failed" ;;
  esac
  mkdir -p "$root/var/lib/lxc/$vmid"
  {
    echo "lxc.arch = $(property arch)"
    echo "lxc.uts.name = $(property hostname)"
    [ -n "$profile" ] || echo "lxc.apparmor.profile = generated"
    if [ "$(property unprivileged)" = 1 ] && ! raw | grep -q '^lxc\\.idmap'; then
      echo "lxc.idmap = u 0 100000 65536"
      echo "lxc.idmap = g 0 100000 65536"
    fi
    raw
  } > "$root/var/lib/lxc/$vmid/config"
  begin
}

# what the kernel would show of its first process
begin() {
  pid=$(cat "$root/.stand-ins/pid" 2>/dev/null || echo 4000)
  pid=$((pid + 1))
  echo "$pid" > "$root/.stand-ins/pid"
  proc=$root/proc/$pid
  mkdir -p "$proc/attr"
  echo "$pid (init) S 1 $pid $pid 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 1 0 $((pid * 100)) 0 0" > "$proc/stat"
  case $profile in
    ''|generated) label="lxc-\${vmid}_</var/lib/lxc>//&:lxc-\${vmid}_<-var-lib-lxc>:unconfined" ;;
    unconfined) label=unconfined ;;
    *) label=$(grep -F -e "$profile (" "$root/sys/kernel/security/apparmor/profiles" | head -n 1) ;;
  esac
  echo "$label" > "$proc/attr/current"
  for kind in u g; do
    sed -n "s/^lxc\\.idmap = $kind //p" "$root/var/lib/lxc/$vmid/config" > "$proc/\${kind}id_map"
    [ -s "$proc/\${kind}id_map" ] || echo "         0          0 4294967295" > "$proc/\${kind}id_map"
  done
  # last, as it makes the container a running one
  mkdir -p "$root/sys/fs/cgroup/lxc/$vmid/ns"
  echo "$pid" > "$root/sys/fs/cgroup/lxc/$vmid/ns/cgroup.procs"
}
stop() {
  pid=$(cat "$root/sys/fs/cgroup/lxc/$vmid/ns/cgroup.procs" 2>/dev/null)
  rm -rf "$root/sys/fs/cgroup/lxc/$vmid"
  [ -z "$pid" ] || rm -rf "$root/proc/$pid"
}

# rewrite: the configuration becomes what stands on standard input, as Proxmox VE writes it
rewrite() { cat > "$conf.tmp.$$" && mv -f "$conf.tmp.$$" "$conf"; }

if [ "$command" = list ]; then
  for conf in "$root"/etc/pve/lxc/*.conf; do
    [ -e "$conf" ] || continue
    [ -n "$header" ] || printf '%-10s %-10s %-12s %-20s\\n' VMID Status Lock Name
    header=1
    vmid=\${conf##*/}; vmid=\${vmid%.conf}
    state=stopped; ! running "$vmid" || state=running
    printf '%-10s %-10s %-12s %-20s\\n' "$vmid" "$state" "$(property lock)" "$(property hostname)"
  done
  exit 0
fi

case $vmid in ''|*[!0-9]*) die 255 "400 Parameter verification failed. vmid: type check ('integer') failed" ;; esac
conf=$root/etc/pve/lxc/$vmid.conf
[ -e "$conf" ] || die 2 "Configuration file 'nodes/$node/lxc/$vmid.conf' does not exist"
case $command in start|stop|shutdown|reboot|mount|unmount)
  mkdir -p "$root/run/lock/lxc"
  exec 9>> "$root/run/lock/lxc/pve-config-$vmid.lock"
  flock -w 3 9 || die 255 "can't lock file '/run/lock/lxc/pve-config-$vmid.lock' - got timeout" ;;
esac
case $command in start|stop|shutdown|reboot|mount)
  lock=$(property lock)
  # Proxmox VE starts and stops what is mounted
  [ -z "$lock" ] || { [ "$lock" = mounted ] && [ "$command" != mount ]; } || die 255 "CT is locked ($lock)" ;;
esac

case $command in
  status) if running "$vmid"; then echo "status: running"; else echo "status: stopped"; fi ;;
  config) main | sed -n '/^[a-z][a-z_]*[0-9]*: /p' | sort; raw | sed 's/ = /: /' ;;
  start) start ;;
  stop|shutdown)
    running "$vmid" || die 255 "CT $vmid not running"
    stop ;;
  reboot)
    running "$vmid" || die 255 "CT $vmid not running"
    stop; start ;;
  mount)
    # among the properties, which are sorted: before the first that comes after it
    awk '!put && (/^\\[/ || /^lxc\\./ || /^[a-z]/ && $0 > "lock:") { put = 1; print "lock: mounted" } { print }
      END { if (!put) print "lock: mounted" }' "$conf" | rewrite || exit 255
    mkdir -p "$root/var/lib/lxc/$vmid/rootfs"
    echo "mounted CT $vmid in '/var/lib/lxc/$vmid/rootfs'" ;;
  unmount)
    [ "$(property lock)" = mounted ] || die 255 "no lock found trying to remove 'mounted' lock"
    sed -e '/^\\[/,$b' -e '/^lock: *mounted *$/d' "$conf" | rewrite || exit 255 ;;
  *) die 255 "ERROR: unknown command 'pct $command'" ;;
esac
`;
}
