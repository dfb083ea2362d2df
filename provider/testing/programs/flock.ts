/**
 * The stand-in for util-linux's flock on hosts without one (macOS), in the two forms `flock -w SECONDS FD` and
 * `flock -n FD`, and without either to wait for as long as it takes. Exit status 1: somebody else holds it.
 *
 * The lock belongs to the open file that the calling shell shares with perl, so it outlives perl.
 */
export const flock = String.raw`#!/bin/sh
# Stand-in for flock, on a descriptor that the caller has open.
exec perl -e '
  use Fcntl qw(:flock);
  my ($wait, $kind) = (9e9, LOCK_EX);
  while (@ARGV > 1) {
    my $option = shift;
    if ($option eq "-n") { $wait = 0 }
    elsif ($option eq "-w") { $wait = shift }
    elsif ($option eq "-x") { $kind = LOCK_EX }
    elsif ($option eq "-s") { $kind = LOCK_SH }
    elsif ($option eq "-u") { $kind = LOCK_UN }
    else { print STDERR "flock: $option: not in this stand-in\n"; exit 64 }
  }
  open(my $file, "<&=", $ARGV[0]) or do { print STDERR "flock: $ARGV[0]: Bad file descriptor\n"; exit 65 };
  my $end = time + $wait;
  until (flock($file, $kind | LOCK_NB)) {
    exit 1 if time >= $end;
    select(undef, undef, undef, 0.02);
  }
' -- "$@"
`;
