# Shifts the owners of a stopped container's files from one idmap to another, so that it can be killed at any moment
# and go on later, and undoes what can't be done whole.
#
# A shift has phases. In each, no id that is moved is also one that something is moved to: a file is in it, or is not
# yet, and its owner says which. Where the old and the new ids overlap there are two phases, by way of ids that are
# free. The journal says which phase it is; to turn back is the same walk through the turned journal.
#
# The tree is hostile. A file is opened by its name in the working directory, never following a link and never for
# reading (O_PATH), and all that is done to it is done through that handle.
use strict;
use warnings;
no warnings 'recursion';
use Config;
use Cwd ();
use Errno;
use Fcntl qw(:DEFAULT :flock :mode);
use IO::Handle;
use POSIX ();

my ($root) = @ARGV;
my ($vmid, $words, $top) = ('', '', undef);
my (%bind, %volume, %mounted);

# --- what is said ------------------------------------------------------------------------------------------------------

# a name may hold anything; what is said is one line
sub shown {
    my $path = $_[0] eq '' ? '/' : $_[0];
    $path =~ s/([\x00-\x1f\x7f\\])/sprintf '\\x%02x', ord $1/ge;
    return $path;
}

sub refuse {
    my ($code, $detail) = @_;
    print 'refused ', $code, ' ', shown($detail // '-'), "\n", substr($words, 0, 8000);
    STDOUT->flush;
    # without ado: a handle that can't be flushed is no news by now
    POSIX::_exit(0);
}

sub fail {
    my ($path, $what) = @_;
    die { path => $path, words => "$what: $!\n" };
}

my $told = time;
sub progress {
    return if time == $told;
    $told = time;
    print STDERR "progress @_\n";
}

# --- what was asked, and the journal -----------------------------------------------------------------------------------

sub parse {
    my %plan = map { $_ => [] } qw(from to move via bind volume);
    for (@_) {
        if (/^(do|vmid|phase) (\w+)\z/) { $plan{$1} = $2 }
        elsif (/^(from|to|move|via) ([ug]) (\d+) (\d+) (\d+)\z/) { push @{ $plan{$1} }, [$2, $3 + 0, $4 + 0, $5 + 0] }
        elsif (/^(bind|volume) (.+)\z/) { push @{ $plan{$1} }, $2 }
        elsif (/^(back|running)\z/) { $plan{$1} = 1 }
        else { refuse('node-failed', 'input') }
    }
    return \%plan;
}

sub text {
    my ($plan) = @_;
    my @lines;
    for my $key (qw(from to move via)) { push @lines, map { "$key @$_" } @{ $plan->{$key} } }
    for my $key (qw(bind volume)) { push @lines, map { "$key $_" } @{ $plan->{$key} } }
    push @lines, grep { $plan->{$_} } qw(back running);
    return join '', map { "$_\n" } @lines, "phase $plan->{phase}";
}

sub same {
    my ($one, $two) = @_;
    return join("\n", map { "@$_" } @$one) eq join("\n", map { "@$_" } @$two);
}

sub of_type {
    my ($type, $entries) = @_;
    return grep { $_->[0] eq $type } @$entries;
}

# journal PLAN PHASE: from here on every file is in this phase, or in the one before
sub journal {
    my ($plan, $phase) = @_;
    my ($path, $beside) = ("$root/var/lib/pve-posture/shift-$vmid", "$root/var/lib/pve-posture/shift-$vmid.new");
    my $before = $plan->{phase};
    $plan->{phase} = $phase;
    my ($file, $directory);
    return if sysopen($file, $beside, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600)
        and print { $file } text($plan) and $file->flush and $file->sync and close $file and rename $beside, $path
        and sysopen($directory, "$root/var/lib/pve-posture", O_RDONLY) and $directory->sync;
    $plan->{phase} = $before;
    fail($path, 'journal');
}

# the phases, each the moves of users and of groups as [from, to, count]; what needs no detour may move in any of them
sub phases {
    my ($plan) = @_;
    my @phases = map { {} } 1 .. (@{ $plan->{via} } ? 2 : 1);
    for my $type (qw(u g)) {
        my @move = map { [@$_[1 .. 3]] } of_type($type, $plan->{move});
        my @via = map { [@$_[1 .. 3]] } of_type($type, $plan->{via});
        for (@phases) { $_->{$type} = [@move] }
        next unless @via;
        $phases[0]{$type} = \@via;
        $phases[1]{$type} = [map { [$via[$_][1], @{ $move[$_] }[1, 2]] } 0 .. $#via];
    }
    return @phases;
}

# the way back, from where the files are now
sub turned {
    my ($plan) = @_;
    my $phases = my @phases = phases($plan);
    my $phase = $plan->{phase};
    my @via;
    for my $type (qw(u g)) {
        my @move = of_type($type, $plan->{move});
        my @old = of_type($type, $plan->{via});
        push @via, map { [$type, $move[$_][2], @{ $old[$_] }[2, 3]] } 0 .. $#old;
    }
    return {
        %$plan,
        from => $plan->{to},
        to => $plan->{from},
        move => [map { [@$_[0, 2, 1, 3]] } @{ $plan->{move} }],
        via => \@via,
        back => !$plan->{back},
        phase => $phase eq 'done' ? 1 : $phases + 1 - $phase,
    };
}

# --- the container -----------------------------------------------------------------------------------------------------

sub pct {
    my ($verb) = @_;
    chdir '/';
    open my $said, '+>', undef or fail('/tmp', 'tmp');
    local $SIG{CHLD} = 'DEFAULT';
    my $child = fork // fail('pct', 'fork');
    if (!$child) {
        open STDIN, '<', '/dev/null';
        open STDOUT, '>&', $said;
        open STDERR, '>&', $said;
        { exec 'pct', $verb, $vmid }
        POSIX::_exit(127);
    }
    waitpid $child, 0;
    my $status = $?;
    seek $said, 0, 0;
    local $/;
    $words = <$said> // '';
    $words = "pct $verb ended with status $status\n" if $status && $words eq '';
    return $status == 0;
}

# the `lock` property; the sections below the main one are snapshots
sub conf_lock {
    open my $conf, '<', "$root/etc/pve/lxc/$vmid.conf" or refuse('missing', "/etc/pve/lxc/$vmid.conf");
    while (<$conf>) {
        last if /^\[/;
        return $1 if /^lock:\s*(\S+)/;
    }
    return '';
}

sub running { return -d "$root/sys/fs/cgroup/lxc/$vmid" }

# set_lock FROM TO: under Proxmox VE's own lock of the file, as it writes itself
sub set_lock {
    my ($from, $to) = @_;
    my $file = "$root/etc/pve/lxc/$vmid.conf";
    mkdir "$root/run/lock/lxc";
    open my $lock, '>>', "$root/run/lock/lxc/pve-config-$vmid.lock" or return;
    for (my $end = time + 10; !flock $lock, LOCK_EX | LOCK_NB; select undef, undef, undef, 0.05) { return if time >= $end }
    open my $conf, '<', $file or return;
    my $text = do { local $/; <$conf> };
    # of the main section only
    $text =~ s/\A((?:(?!\[).*\n)*?)lock:\s*$from[ \t]*\n/$1lock: $to\n/ or return;
    sysopen my $new, "$file.tmp.$$", O_WRONLY | O_CREAT | O_EXCL or return;
    return 1 if print { $new } $text and close $new and rename "$file.tmp.$$", $file;
    unlink "$file.tmp.$$";
    return;
}

sub unmount {
    # another name than `mounted` is no lock of a mount to Proxmox VE
    set_lock('disk', 'mounted') or refuse('mount', 'lock') if conf_lock() eq 'disk';
    return if conf_lock() ne 'mounted';
    pct('unmount') or refuse('mount', 'unmount');
    $words = '';
}

sub forget { unlink map { "$root/var/lib/pve-posture/shift-$vmid$_" } '.files', '.new', '' }

# gives the container back: nothing of ours is left. The journal goes last, as with it we may unmount
sub release {
    my $why = $words;
    unmount();
    forget();
    $words = $why;
}

sub mount {
    my ($fresh) = @_;
    unmount();
    if (!pct('mount')) {
        my $why = $words;
        pct('unmount') if conf_lock() eq 'mounted';
        forget() if $fresh && conf_lock() ne 'mounted';
        $words = $why;
        refuse('mount', 'mount');
    }
    $words = '';
    # `mounted` keeps nobody from starting the container (pve-container, vm_start); `disk` does
    if (!set_lock('mounted', 'disk')) {
        unmount();
        forget() if $fresh;
        refuse('mount', 'lock');
    }
    chdir "$root/var/lib/lxc/$vmid/rootfs" or fail('', 'chdir');
    $top = Cwd::getcwd();
    open my $table, '<', '/proc/self/mountinfo' or fail('/proc/self/mountinfo', 'open');
    while (<$table>) {
        my $point = (split / /)[4];
        $point =~ s/\\([0-7]{3})/chr oct $1/ge;
        $mounted{$1} = 1 if $point =~ m{^\Q$top\E/(.+)\z}s;
    }
}

# --- system calls that perl has no words for ---------------------------------------------------------------------------

use constant { O_PATH => 010000000, AT_EMPTY_PATH => 0x1000 };
my %number = (
    x86_64 => { setxattr => 188, getxattr => 191, listxattr => 194, fchownat => 260, syncfs => 306 },
    aarch64 => { setxattr => 5, getxattr => 8, listxattr => 11, fchownat => 54, syncfs => 267 },
);
my $machine = (POSIX::uname())[4];
my $number = $^O eq 'linux' && $Config{ptrsize} == 8 ? $number{$machine} : undef;

# the kernel writes into it
my $buffer = "\0" x 65536;
my $empty = '';

my $capability = 'security.capability';
my @acls = qw(system.posix_acl_access system.posix_acl_default);

sub get_xattr {
    my ($proc, $name, $path) = @_;
    my $length = syscall($number->{getxattr}, $proc, $name, $buffer, length $buffer);
    fail($path, $name) if $length < 0;
    return substr $buffer, 0, $length;
}

sub set_xattr {
    my ($proc, $name, $value, $path) = @_;
    syscall($number->{setxattr}, $proc, $name, $value, length $value, 0) == 0 or fail($path, $name);
}

# what stands for the file of a handle that only names it
sub proc { return '/proc/self/fd/' . fileno $_[0] }

# --- files -------------------------------------------------------------------------------------------------------------

# what a file says about ids, and what a change of its owner makes the kernel drop
sub describe {
    my ($handle, $stat, $path) = @_;
    my %file = (inode => $stat->[1], mode => $stat->[2], uid => $stat->[4], gid => $stat->[5], xattr => {});
    return \%file if S_ISLNK($file{mode});
    my $proc = proc($handle);
    my $length = syscall($number->{listxattr}, $proc, $buffer, length $buffer);
    fail($path, 'listxattr') if $length < 0 && !$!{EOPNOTSUPP};
    return \%file if $length <= 0;
    my %has = map { $_ => 1 } split /\0/, substr $buffer, 0, $length;
    for my $name (grep { $has{$_} } $capability, @acls) { $file{xattr}{$name} = get_xattr($proc, $name, $path) }
    for my $acl (grep { defined } @{ $file{xattr} }{@acls}) {
        die { path => $path, words => "an ACL of an unknown version\n" } if unpack('V', $acl) != 2;
    }
    return \%file;
}

# renumber FILE TO: the file as it would be if every id became what TO->(type, id) says; undef: stays
sub renumber {
    my ($file, $to) = @_;
    my %new = (%$file, xattr => { %{ $file->{xattr} } });
    $new{uid} = $to->('u', $file->{uid}) // $file->{uid};
    $new{gid} = $to->('g', $file->{gid}) // $file->{gid};
    # include/uapi/linux/capability.h: version 3 ends with the id of its user namespace's root
    my $caps = $file->{xattr}{$capability};
    if (defined $caps && length $caps == 24 && (unpack('V', $caps) & 0xff000000) == 0x03000000) {
        my $id = unpack 'V', substr $caps, 20;
        substr($new{xattr}{$capability}, 20) = pack 'V', $to->('u', $id) // $id;
    }
    # include/uapi/linux/posix_acl_xattr.h: version 2, then tag, permissions and id of each entry
    for my $name (grep { defined $file->{xattr}{$_} } @acls) {
        my ($version, @rest) = unpack 'V(vvV)*', $file->{xattr}{$name};
        for (my $i = 0; $i < @rest; $i += 3) {
            my $type = $rest[$i] == 0x02 ? 'u' : $rest[$i] == 0x08 ? 'g' : next;
            $rest[$i + 2] = $to->($type, $rest[$i + 2]) // $rest[$i + 2];
        }
        $new{xattr}{$name} = pack 'V(vvV)*', $version, @rest;
    }
    return \%new;
}

# change HANDLE OLD NEW PATH: makes the file what it should be. A new owner makes the kernel drop set-uid, set-gid and
# capabilities; a record of them is on disk before.
sub change {
    my ($handle, $old, $new, $path) = @_;
    my $proc = proc($handle);
    my $caps = $new->{xattr}{$capability};
    if ($old->{uid} != $new->{uid} || $old->{gid} != $new->{gid}) {
        my $drops = !S_ISDIR($old->{mode}) && !S_ISLNK($old->{mode}) && ($old->{mode} & 06000 || defined $caps);
        record($new, $path) if $drops;
        syscall($number->{fchownat}, fileno $handle, $empty, $new->{uid}, $new->{gid}, AT_EMPTY_PATH) == 0 or fail($path, 'chown');
        restore($proc, $new->{mode}, $caps, $path) if $drops;
    } elsif (defined $caps && $caps ne $old->{xattr}{$capability}) {
        set_xattr($proc, $capability, $caps, $path);
    }
    for my $name (grep { defined $new->{xattr}{$_} } @acls) {
        set_xattr($proc, $name, $new->{xattr}{$name}, $path) if $new->{xattr}{$name} ne $old->{xattr}{$name};
    }
}

sub restore {
    my ($proc, $mode, $caps, $path) = @_;
    chmod $mode & 07777, $proc or fail($path, 'chmod');
    set_xattr($proc, $capability, $caps, $path) if defined $caps;
}

my $records;
sub open_records {
    sysopen $records, "$root/var/lib/pve-posture/shift-$vmid.files", O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW, 0600
        or fail("shift-$vmid.files", 'open');
}

sub record {
    my ($new, $path) = @_;
    my $caps = $new->{xattr}{$capability};
    my @words = (unpack('H*', $path), @$new{qw(inode uid gid mode)}, defined $caps ? unpack('H*', $caps) : '-');
    # the line before may have been cut off
    print { $records } "\n@words .\n" and $records->flush and $records->sync or fail($path, 'record');
}

# finishes what was cut off between the change of an owner and the end of its record
sub replay {
    seek $records, 0, 0;
    my (%last, @paths);
    while (<$records>) {
        my ($name, @words) = /^([0-9a-f]+) (\d+) (\d+) (\d+) (\d+) (-|[0-9a-f]+) \.$/ or next;
        push @paths, $name unless $last{$name};
        $last{$name} = \@words;
    }
    for my $name (@paths) {
        my ($inode, $uid, $gid, $mode, $caps) = @{ $last{$name} };
        my $path = pack 'H*', $name;
        my $handle = find($path) or next;
        my @stat = stat $handle;
        next unless $stat[1] == $inode && $stat[4] == $uid && $stat[5] == $gid;
        restore(proc($handle), $mode, $caps eq '-' ? undef : pack('H*', $caps), $path);
    }
}

sub find {
    my ($path) = @_;
    my @names = split m{/}, $path;
    my $last = pop @names;
    chdir $top or fail('', 'chdir');
    for my $name (@names) {
        sysopen my $directory, $name, O_PATH | O_NOFOLLOW | O_DIRECTORY or return undef;
        chdir $directory or fail($path, 'chdir');
    }
    sysopen my $handle, $last, O_PATH | O_NOFOLLOW or return undef;
    return $handle;
}

# --- the walk ----------------------------------------------------------------------------------------------------------

# walk NAME VISIT OPTIONS: VISIT->(handle, file, path) for every file of the container. `foreign` is told of what is
# mounted there and neither a volume nor a bind; `flush` writes every file system out.
my ($label, $visit, %options, $files);
sub walk {
    ($label, $visit, %options) = @_;
    $files = 0;
    chdir $top or fail('', 'chdir');
    sysopen my $handle, '.', O_PATH | O_DIRECTORY or fail('', 'open');
    my @stat = stat $handle;
    $visit->($handle, describe($handle, \@stat, ''), '');
    below('', \@stat, 1);
    chdir '/';
}

# the working directory is PATH
sub below {
    my ($path, $here, $first) = @_;
    opendir my $directory, '.' or fail($path, 'opendir');
    if ($first && $options{flush}) { syscall($number->{syncfs}, fileno $directory) == 0 or fail($path, 'syncfs') }
    $! = 0;
    my @names = grep { $_ ne '.' && $_ ne '..' } readdir $directory;
    fail($path, 'readdir') if $!;
    closedir $directory;
    for my $name (@names) {
        my $at = $path eq '' ? $name : "$path/$name";
        next if $bind{$at};
        my $handle;
        # what is gone has no owner any more
        sysopen $handle, $name, O_PATH | O_NOFOLLOW or $!{ENOENT} ? next : fail($at, 'open');
        my @stat = stat $handle or fail($at, 'stat');
        my $other = $stat[0] != $here->[0];
        if (($other || $mounted{$at}) && !$volume{$at}) {
            $options{foreign}->($at) if $options{foreign};
            next;
        }
        $visit->($handle, describe($handle, \@stat, $at), $at);
        progress($label, ++$files);
        next unless S_ISDIR($stat[2]);
        chdir $handle or fail($at, 'chdir');
        close $handle;
        below($at, \@stat, $other);
        chdir '..' or fail($at, 'chdir');
        my @up = stat '.';
        die { path => $at, words => "somebody moved it meanwhile\n" } unless $up[0] == $here->[0] && $up[1] == $here->[1];
    }
}

# lookup MOVES: what becomes of an id, by type and id; undef for those that no move has
sub lookup {
    my ($moves) = @_;
    my %known;
    return sub {
        my ($type, $id) = @_;
        return $known{$type}{$id} if exists $known{$type}{$id};
        my ($move) = grep { $id >= $_->[0] && $id < $_->[0] + $_->[2] } @{ $moves->{$type} };
        return $known{$type}{$id} = $move && $id - $move->[0] + $move->[1];
    };
}

# the ids of a column of entries such as [type, id, id, count]
sub ids {
    my ($column, @entries) = @_;
    return lookup({ map { my $type = $_; $type => [map { [@$_[$column, $column, 3]] } of_type($type, \@entries)] } qw(u g) });
}

# refuses to take over files of nobody in the container: nothing would tell them from its own on the way back
sub scan {
    my ($plan) = @_;
    my $old = ids(2, @{ $plan->{from} });
    my $new = ids(2, @{ $plan->{move} }, @{ $plan->{via} });
    # a move's third word is where it goes, as a map's is the node's id
    my ($taken, $path, %met) = (0);
    walk('scan', sub {
        my ($handle, $file, $at) = @_;
        $met{$at} = 1 if $volume{$at};
        my $clash;
        renumber($file, sub { $clash ||= defined $new->(@_) && !defined $old->(@_); undef });
        return unless $clash;
        $taken++;
        $path //= $at;
    }, foreign => sub { die { code => 'foreign', path => $_[0] } });
    for (sort keys %volume) { die { code => 'missing', path => $_ } unless $met{$_} }
    die { code => 'taken', path => "$taken " . ($path eq '' ? '/' : $path) } if $taken;
}

sub shift_all {
    my ($phase, $moves) = @_;
    my $to = lookup($moves);
    walk($phase, sub {
        my ($handle, $old, $path) = @_;
        change($handle, $old, renumber($old, $to), $path);
    });
}

# no file is left behind; counts them as they are under the new map
sub verify {
    my ($plan, $moves) = @_;
    my %count = (shifted => 0, kept => 0, other => 0);
    my ($left, $mine, $moved) = (lookup($moves), ids(2, @{ $plan->{to} }), ids(2, @{ $plan->{move} }));
    walk('verify', sub {
        my ($handle, $file, $path) = @_;
        renumber($file, sub {
            die { path => $path, words => "$_[0]id $_[1] is left\n" } if defined $left->(@_);
            undef;
        });
        my @owner = (['u', $file->{uid}], ['g', $file->{gid}]);
        $count{(grep { defined $moved->(@$_) } @owner) ? 'shifted' : (grep { !defined $mine->(@$_) } @owner) ? 'other' : 'kept'}++;
    }, flush => 1);
    return \%count;
}

# from where the journal says on to the end
sub run {
    my ($plan) = @_;
    my @phases = phases($plan);
    replay();
    return verify($plan, $phases[-1]) if $plan->{phase} eq 'done';
    my $count;
    for my $phase ($plan->{phase} || 1 .. @phases) {
        journal($plan, $phase) if $plan->{phase} ne $phase;
        shift_all($phase, $phases[$phase - 1]);
        $count = verify($plan, $phases[$phase - 1]);
        truncate $records, 0 or fail("shift-$vmid.files", 'truncate');
    }
    journal($plan, 'done');
    return $count;
}

# attempt CODE...: what it gives, or what went wrong
sub attempt {
    my ($code, @arguments) = @_;
    my $result = eval { $code->(@arguments) };
    return ($result, undef) if !$@;
    return (undef, ref $@ ? $@ : { path => '-', words => $@ });
}

# --- what is done ------------------------------------------------------------------------------------------------------

chomp(my @lines = <STDIN>);
refuse('node-failed', 'incomplete') unless @lines && pop(@lines) eq 'end';
my $asked = parse(@lines);
refuse('node-failed', 'input') unless ($asked->{do} // '') =~ /^(?:shift|unmount|back)\z/ && ($asked->{vmid} // '') =~ /^\d+\z/;
$vmid = $asked->{vmid};
refuse('node-failed', "machine $machine") unless $number;

open my $lock, '>>', "$root/run/lock/pve-posture-$vmid.lock" or refuse('node-failed', "/run/lock/pve-posture-$vmid.lock");
for (my $end = time + 10; !flock $lock, LOCK_EX | LOCK_NB; select undef, undef, undef, 0.05) {
    refuse('container-locked', "/run/lock/pve-posture-$vmid.lock") if time >= $end;
}

my $plan;
if (open my $file, '<', "$root/var/lib/pve-posture/shift-$vmid") {
    chomp(my @journal = <$file>);
    $plan = parse(@journal);
    refuse('node-failed', 'journal') unless ($plan->{phase} // '') =~ /^(?:[012]|done)\z/;
} elsif (!$!{ENOENT}) {
    refuse('node-failed', "/var/lib/pve-posture/shift-$vmid");
}
my $locked = conf_lock();
refuse('locked', $locked) if $locked ne '' && !($locked =~ /^(?:mounted|disk)\z/ && $plan);

# where the files shall be in the end
my $target = $asked->{do} eq 'back' ? $asked->{from} : $asked->{to};
my $source = $asked->{do} eq 'back' ? $asked->{to} : $asked->{from};
my $along = $plan && same($plan->{to}, $target) && same($plan->{from}, $source);
my $against = $plan && same($plan->{from}, $target) && same($plan->{to}, $source);
my $fresh = !$plan || $plan->{phase} eq '0';
refuse('other-shift') unless $along || $against || $fresh;

if ($asked->{do} eq 'unmount') {
    # whichever way it went, its files are where its journal says
    refuse('unfinished', $plan->{phase}) unless $fresh || $plan->{phase} eq 'done';
}
if ($asked->{do} eq 'unmount' || ($asked->{do} eq 'back' && $fresh)) {
    $SIG{$_} = 'IGNORE' for qw(HUP INT TERM PIPE);
    release() if $plan;
    print "done\n";
    exit 0;
}

refuse('running') if running();
$SIG{$_} = 'IGNORE' for qw(HUP INT TERM PIPE);

# done SUB...: or the refusal of what can't be
sub done {
    my ($result, $error) = attempt(@_);
    return $result unless $error;
    $words = $error->{words};
    refuse('node-failed', $error->{path});
}

if ($fresh) {
    unlink "$root/var/lib/pve-posture/shift-$vmid.files";
    $plan = $asked;
    done(\&journal, $plan, 0);
} elsif (!$along) {
    $plan = turned($plan);
    done(\&journal, $plan, $plan->{phase});
}
# a mount that came since is none of the container's files; a volume that came since was not there to be shifted
$bind{$_} = 1 for @{ $plan->{bind} }, @{ $asked->{bind} };
$volume{$_} = 1 for @{ $plan->{volume} };

done(\&mount, $fresh);
if (running()) {
    if ($fresh) { release() } else { unmount() }
    refuse('running');
}
done(\&open_records);

if ($fresh) {
    my (undef, $error) = attempt(\&scan, $plan);
    if ($error) {
        $words = $error->{words} // '';
        release();
        refuse($error->{code} // 'failed', $error->{path});
    }
}

my ($count, $error) = attempt(\&run, $plan);
if ($error) {
    $words = $error->{words};
    # who was going back must not be sent forth again: nobody knows the new ids any more
    my (undef, $worse) = $plan->{back} ? (undef, 1) : attempt(sub {
        my $back = turned($plan);
        journal($back, $back->{phase});
        run($back);
        journal($plan, 0);
    });
    chdir '/';
    refuse('failed-halfway', $error->{path}) if $worse;
    release();
    refuse('failed', $error->{path});
}

if ($asked->{do} eq 'back') {
    release();
    print "done\n";
} else {
    print 'done ', join(' ', map { "$_=$count->{$_}" } qw(shifted kept other)), "\n";
}
