#!/usr/bin/perl
# The guest's agent: process 1 of a holeproof guest. It sets the guest up, then runs commands for the host over one
# serial line, several at once. Only what Debian's perl-base brings is used. Started as a command in the running guest,
# with the modules' folder and names, it loads these modules and ends.
#
# A frame is: type (1 byte), id (u32, big endian), length (u32, big endian), payload.
#   host to guest   R run: strings ended by NUL: number of arguments, the arguments, then NAME=VALUE pairs
#                   I input for a command's stdin    E end of its stdin    K kill its process group (payload: signal number)
#   guest to host   H ready (payload: kernel release)    O stdout    X stderr    S ended (payload: "exit N" or "signal N")
#                   F could not be started (payload: why)    A bytes taken from the line so far (payload: u32)
#
# The host may have at most 2 KiB on the line that no A frame has answered: UML's line stalls when more lie unread.
use strict;
use warnings;
use Errno qw(EAGAIN EBUSY EEXIST EINTR);
use Fcntl;
use POSIX ();

sub slurp_or_empty {
    my ($path) = @_;
    open(my $file, '<', $path) or return '';
    local $/;
    my $text = <$file>;
    return defined $text ? $text : '';
}

# x86_64 and aarch64 number these differently.
my $is_arm = (POSIX::uname())[4] eq 'aarch64';
my %syscall = $is_arm
    ? (mount => 40, finit_module => 273, reboot => 142, signalfd4 => 74)
    : (mount => 165, finit_module => 313, reboot => 169, signalfd4 => 289);

sub say_console { print STDERR "holeproof agent: @_\n" }

sub power_off {
    my ($why) = @_;
    say_console("power off: $why");
    syscall($syscall{reboot}, 0xfee1dead, 672274793, 0x4321fedc, 0);
    POSIX::_exit(0);
}

sub fail {
    die "@_\n" if $$ != 1;
    say_console("FAILED: @_");
    power_off('the guest could not be set up');
}

sub make_folder {
    my ($path) = @_;
    my $at = '';
    for my $part (grep { length } split m{/}, $path) {
        $at .= "/$part";
        next if -d $at;
        mkdir($at) or $! == EEXIST or return 0;
    }
    return 1;
}

sub mount_fs {
    my ($type, $source, $target, $data) = @_;
    $data = '' unless defined $data; # syscall takes variables only, no literals
    make_folder($target) or fail("no folder $target to mount $type on: $!");
    syscall($syscall{mount}, $source, $target, $type, 0, $data) == 0 or $! == EBUSY # the kernel has mounted it already
        or fail("mount of $type on $target: $!");
}

# Without the modules of the second list the guest goes on.
sub load_modules {
    my ($folder, $must, $may) = @_;
    my (%path, %needs);
    for (split /\n/, slurp_or_empty("$folder/modules.dep")) {
        my ($file, $needed) = /^(\S+):\s*(.*)$/ or next;
        (my $name = $file) =~ s{.*/|\.ko(\.\w+)?$}{}g;
        $name =~ tr/-/_/;
        ($path{$name}, $needs{$name}) = ($file, [split ' ', $needed]);
    }
    my %is_optional = map { $_ => 1 } @$may;
    for my $name (@$must, @$may) {
        my $complain = $is_optional{$name} ? \&say_console : \&fail;
        (my $key = $name) =~ tr/-/_/;
        defined $path{$key} or next; # built into this kernel
        for my $file (reverse(@{$needs{$key}}), $path{$key}) {
            open(my $module, '<', "$folder/$file") or $complain->("module $file: $!"), next;
            my $parameters = '';
            syscall($syscall{finit_module}, fileno($module), $parameters, 0) == 0 or $! == EEXIST
                or $complain->("module $file: $!");
        }
    }
}

# Programs and libraries, into the guest's own memory: near_tools.ts says why and which.
sub copy_near {
    my ($list) = @_;
    my $near = '/run/near';
    make_folder("$near/$_") for 'bin', 'lib';
    for (split /\n/, slurp_or_empty($list)) {
        my ($folder, $name, $path) = split / /, $_, 3;
        if ($folder eq 'link') { symlink($path, "$near/bin/$name"); next }
        open(my $from, '<:raw', $path) or next;
        open(my $to, '>:raw', "$near/$folder/$name") or next;
        while (sysread $from, my $data, 1048576) { syswrite $to, $data }
        close $to;
        chmod 0755, "$near/$folder/$name";
    }
}

sub loopback_up {
    socket(my $socket, 2, 2, 0) or return;
    my $request = pack('a16 s x14', 'lo', 0x1 | 0x40); # SIOCSIFFLAGS with IFF_UP | IFF_RUNNING
    $request .= "\0" x 16;
    ioctl($socket, 0x8914, $request) or say_console("loopback interface: $!");
}

if ($$ != 1) {
    my ($folder, @wanted) = @ARGV;
    load_modules($folder, \@wanted, []);
    exit 0;
}

# --- Set the guest up -------------------------------------------------------------------------------------------------

mount_fs('proc', 'proc', '/proc');
my %option = map { /^holeproof\.(\w+)=(.*)$/ ? ($1 => $2) : () } split ' ', slurp_or_empty('/proc/cmdline');
mount_fs('sysfs', 'sysfs', '/sys');
mount_fs('devtmpfs', 'devtmpfs', '/dev');
# Each LVM command looks at every node of /dev, and no guest needs these: they take a tenth of its time.
unlink grep { !m{/ttyS0$} } glob '/dev/tty[0-9]* /dev/ttyS* /dev/vcs* /dev/ram*';
mount_fs('tmpfs', 'tmpfs', '/run', 'mode=755');
mount_fs('tmpfs', 'tmpfs', '/dev/shm');
make_folder('/run/lock');
make_folder('/run/tmp');
$ENV{PATH} = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
$ENV{TMPDIR} = '/run/tmp';
$ENV{HOME} = '/run/tmp';
if (defined $option{shared}) {
    $option{sharing} eq 'hostfs'
        ? mount_fs('hostfs', 'shared', $option{shared}, $option{shared})
        : mount_fs('9p', 'shared', $option{shared}, 'trans=virtio,version=9p2000.L,msize=512000,cache=mmap');
}
copy_near($option{near}) if defined $option{near};
load_modules($option{modules}, [split /,/, $option{load}], [split /,/, $option{try}]) if defined $option{modules};
loopback_up();

my $line_path = $option{line};
my $line_mode = O_RDWR | O_NOCTTY;
if (defined $option{port}) { # a virtio port is found by its name
    for my $folder (glob '/sys/class/virtio-ports/*') {
        slurp_or_empty("$folder/name") =~ /^\Q$option{port}\E$/m or next;
        $line_mode |= O_NONBLOCK; # a blocking write would wait for ever once the host is gone
        ($line_path) = map { "/dev/$_" } $folder =~ m{([^/]+)$};
    }
}
defined $line_path or fail('no line to the host');
sysopen(my $line, $line_path, $line_mode) or fail("line $line_path: $!");
if (-t $line) {
    my $terminal = POSIX::Termios->new;
    $terminal->getattr(fileno $line);
    $terminal->setiflag(0);
    $terminal->setoflag(0);
    $terminal->setlflag(0);
    $terminal->setcflag(POSIX::CS8() | POSIX::CREAD() | POSIX::CLOCAL());
    $terminal->setcc(POSIX::VMIN(), 1);
    $terminal->setcc(POSIX::VTIME(), 0);
    $terminal->setattr(fileno $line, POSIX::TCSANOW());
}
fcntl($line, F_SETFD, FD_CLOEXEC);

# --- Run commands -----------------------------------------------------------------------------------------------------

my $OUTPUT_PIECE = 65536;
my $PIPE_BYTES = 1048576;
my (%command, %id_of_pid);
my ($incoming, $outgoing, $taken) = ('', '', 0);

# That a child has ended, a command or what one left behind, is read from a handle. A signal handler would not do: Perl runs it
# after the call that is under way, and a signal that comes just before select waits there for whatever wakes select next.
my $child_ended = POSIX::SigSet->new(POSIX::SIGCHLD());
POSIX::sigprocmask(POSIX::SIG_BLOCK(), $child_ended);
my $signal_set = pack('Q', 1 << (POSIX::SIGCHLD() - 1));
my $ends_number = syscall($syscall{signalfd4}, -1, $signal_set, length $signal_set, O_NONBLOCK);
$ends_number >= 0 && open(my $ends, '<&=', $ends_number) or fail("no handle of ended children: $!");

sub send_frame {
    my ($type, $id, $payload) = @_;
    $outgoing .= pack('aNN', $type, $id, length $payload) . $payload;
    flush_line() while length $outgoing;
}

sub flush_line {
    my $written = syswrite($line, $outgoing, 4096 < length $outgoing ? 4096 : length $outgoing);
    if (!defined $written) {
        return if $! == EINTR;
        return wait_for_line() if $! == EAGAIN;
        power_off("the line to the host cannot be written: $!");
    }
    substr($outgoing, 0, $written) = '';
}

# The line takes no more now. What the host sends meanwhile is read, as that is how its end shows.
sub wait_for_line {
    my ($readable, $writable) = ('', '');
    vec($readable, fileno $line, 1) = 1;
    vec($writable, fileno $line, 1) = 1;
    return if select($readable, $writable, undef, undef) < 0;
    read_line() if vec($readable, fileno $line, 1);
}

# Commands mostly come with the environment of the one before. It is set here, not in the child, where every page that is
# written to must be copied first: under UML that takes longer than anything else.
my %own_environment = %ENV;
my $current_environment = '';
sub set_environment {
    my ($pairs) = @_;
    my $wanted = join "\0", @$pairs;
    return if $wanted eq $current_environment;
    %ENV = (%own_environment, map { split /=/, $_, 2 } @$pairs);
    $current_environment = $wanted;
}

sub start_command {
    my ($id, $payload) = @_;
    my ($count, @strings) = split /\0/, $payload, -1;
    pop @strings;
    my @arguments = splice @strings, 0, $count;
    set_environment(\@strings);
    my (@in, @out, @error, @fault);
    unless (pipe($in[0], $in[1]) && pipe($out[0], $out[1]) && pipe($error[0], $error[1]) && pipe($fault[0], $fault[1])) {
        return send_frame('F', $id, "no pipe: $!");
    }
    my $pid = fork();
    return send_frame('F', $id, "no process: $!") unless defined $pid;
    if ($pid == 0) {
        POSIX::sigprocmask(POSIX::SIG_UNBLOCK(), $child_ended);
        POSIX::setsid();
        POSIX::dup2(fileno $in[0], 0);
        POSIX::dup2(fileno $out[1], 1);
        POSIX::dup2(fileno $error[1], 2);
        { no warnings 'exec'; exec { $arguments[0] } @arguments; }
        syswrite $fault[1], "$arguments[0]: $!";
        POSIX::_exit(127);
    }
    close $_ for $in[0], $out[1], $error[1], $fault[1];
    sysread $fault[0], my $why, 4096;
    if (length $why) {
        waitpid $pid, 0;
        return send_frame('F', $id, $why);
    }
    fcntl($in[1], F_SETFL, O_NONBLOCK);
    $command{$id} = { pid => $pid, input => '', in => $in[1], O => $out[0], X => $error[0], ending => 0 };
    $id_of_pid{$pid} = $id;
}

sub feed {
    my ($state) = @_;
    return unless $state->{in};
    if (length $state->{input}) {
        my $written = syswrite $state->{in}, $state->{input};
        if (defined $written) { substr($state->{input}, 0, $written) = '' }
        elsif ($! != EAGAIN && $! != EINTR) { $state->{input} = ''; $state->{ending} = 1 }
    }
    if ($state->{ending} && !length $state->{input}) { close $state->{in}; $state->{in} = undef }
}

sub handle_frame {
    my ($type, $id, $payload) = @_;
    return start_command($id, $payload) if $type eq 'R';
    my $state = $command{$id} or return; # it has ended meanwhile
    if ($type eq 'I') {
        return unless $state->{in}; # it reads no more
        $state->{input} .= $payload;
        feed($state);
    }
    elsif ($type eq 'E') { $state->{ending} = 1; feed($state) }
    elsif ($type eq 'K') { kill $payload, -$state->{pid} }
}

sub read_line {
    my $read = sysread $line, $incoming, 4096, length $incoming;
    if (!defined $read) {
        return if $! == EINTR || $! == EAGAIN;
        power_off("the line to the host cannot be read: $!");
    }
    power_off('the host closed the line') if $read == 0;
    $taken += $read;
    $outgoing .= pack('aNNN', 'A', 0, 4, $taken & 0xffffffff);
}

sub handle_frames {
    while (length $incoming >= 9) {
        my ($type, $id, $length) = unpack 'aNN', $incoming;
        last if length($incoming) < 9 + $length;
        my $payload = substr $incoming, 9, $length;
        substr($incoming, 0, 9 + $length) = '';
        handle_frame($type, $id, $payload);
    }
}

sub take_output {
    my ($id, $state, $stream) = @_;
    my $read = sysread($state->{$stream}, my $data, $OUTPUT_PIECE);
    return if !defined $read && ($! == EINTR || $! == EAGAIN);
    if ($read) { send_frame($stream, $id, $data) }
    else { close $state->{$stream}; $state->{$stream} = undef }
}

# A command has ended when its process has; what a background child still writes to its pipes is not waited for.
sub reap {
    while ((my $pid = waitpid -1, POSIX::WNOHANG()) > 0) {
        my $status = $?;
        my $id = delete $id_of_pid{$pid};
        next unless defined $id;
        my $state = $command{$id};
        for my $stream ('O', 'X') {
            next unless $state->{$stream};
            fcntl($state->{$stream}, F_SETFL, O_NONBLOCK);
            # One read takes all that a pipe holds; more would come from a child that it left behind.
            if (sysread($state->{$stream}, my $data, $PIPE_BYTES)) { send_frame($stream, $id, $data) }
            close $state->{$stream};
        }
        close $state->{in} if $state->{in};
        delete $command{$id};
        send_frame('S', $id, $status & 127 ? 'signal ' . ($status & 127) : 'exit ' . ($status >> 8));
    }
}

$SIG{PIPE} = sub { }; # a handler, not IGNORE, which commands would inherit

send_frame('H', 0, (POSIX::uname())[2]);
while (1) {
    my ($readable, $writable) = ('', '');
    vec($readable, fileno $line, 1) = 1;
    vec($readable, fileno $ends, 1) = 1;
    for my $state (values %command) {
        for my $stream ('O', 'X') { vec($readable, fileno $state->{$stream}, 1) = 1 if $state->{$stream} }
        vec($writable, fileno $state->{in}, 1) = 1 if $state->{in} && length $state->{input};
    }
    my ($ready, $open) = ($readable, $writable);
    next if select($ready, $open, undef, undef) < 0;
    read_line() if vec($ready, fileno $line, 1);
    flush_line() while length $outgoing;
    for my $id (keys %command) {
        my $state = $command{$id};
        feed($state) if $state->{in} && vec($open, fileno $state->{in}, 1);
        for my $stream ('O', 'X') {
            take_output($id, $state, $stream) if $state->{$stream} && vec($ready, fileno $state->{$stream}, 1);
        }
    }
    sysread($ends, my $discard, 4096) if vec($ready, fileno $ends, 1);
    reap();
    handle_frames(); # last, as whatever was sent before may have read more of them
}
