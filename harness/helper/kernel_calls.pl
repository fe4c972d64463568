#!/usr/bin/perl
# Makes the system calls of small commands for the helper: what dmsetup, losetup, mount and others would do, without a process for
# each. It reads one command a line, its words separated by NUL, and answers each with one line, whose newlines are written as \n.
#   dmsetup status | table           what dmsetup prints of all devices
#   dmsetup message DEVICE SECTOR TEXT...
#   losetup --find --show FILE       prints the device
#   losetup --detach DEVICE
#   mount -t TYPE [-o OPTION,...] DEVICE FOLDER    options of the filesystem
#   umount FOLDER
#   mkdir FOLDER, rmdir FOLDER
# An answer begins with "ok " or "error ". The ioctls are those of linux/dm-ioctl.h, version 4.0.0, and linux/loop.h.
use strict;
use warnings;
use Config;
use Errno qw(EBUSY);
use Fcntl;

# x86_64 and aarch64 number these differently.
my %syscall = $Config{archname} =~ /^aarch64/ ? (mount => 40, umount2 => 39) : (mount => 165, umount2 => 166);

# --- Device-mapper ----------------------------------------------------------------------------------------------------

my %number = (list => 2, status => 12, message => 14);
my $HEADER_BYTES = 312;
my $STATUS_TABLE = 1 << 4;
my $BUFFER_FULL = 1 << 8;
my $MOST_BYTES = 16 * 1048576;
my $room = 65536;
my $control;

# Returns the header's flags and what follows the header. Dies with the kernel's error.
sub dm {
    my ($what, $device, $flags, $payload) = @_;
    defined $control or sysopen($control, '/dev/mapper/control', O_RDWR) or die "/dev/mapper/control: $!\n";
    while (1) {
        my $bytes = $room > $HEADER_BYTES + length $payload ? $room : $HEADER_BYTES + length $payload;
        my $header = pack('L3 L L L l L L L Q a128 a129 a7', 4, 0, 0, $bytes, $HEADER_BYTES, 0, 0, $flags, 0, 0, 0, $device, '', '');
        my $buffer = $header . $payload . "\0" x ($bytes - $HEADER_BYTES - length $payload);
        my $request = (3 << 30) | ($HEADER_BYTES << 16) | (0xfd << 8) | $number{$what};
        defined ioctl($control, $request, $buffer) or die "device-mapper: $what of $device: $!\n";
        my (undef, undef, undef, undef, $start, $targets, undef, $seen) = unpack('L3 L L L l L', $buffer);
        return ($targets, substr $buffer, $start) unless $seen & $BUFFER_FULL;
        $room *= 4;
        die "device-mapper: the answer to $what is too long\n" if $room > $MOST_BYTES;
    }
}

sub devices {
    my (undef, $list) = dm('list', '', 0, '');
    my @names;
    for (my $at = 0; ;) {
        my ($device, $next, $name) = unpack("x$at Q L Z*", $list);
        last if $device == 0;
        push @names, $name;
        last if $next == 0;
        $at += $next;
    }
    return @names;
}

sub lines_of {
    my ($flags) = @_;
    my $text = '';
    for my $device (devices()) {
        my ($targets, $data) = dm('status', $device, $flags, '');
        my $at = 0;
        for (1 .. $targets) {
            my ($start, $length, undef, $next, $type) = unpack("x$at Q Q l L Z16", $data);
            my $parameters = unpack('x' . ($at + 40) . ' Z*', $data);
            $text .= "$device: $start $length $type $parameters\n";
            $at = $next;
        }
    }
    return $text;
}

# --- Loop devices -----------------------------------------------------------------------------------------------------

my %loop = (configure => 0x4c0a, clear => 0x4c01, get_free => 0x4c82);

sub attach_loop {
    my ($path) = @_;
    sysopen(my $file, $path, O_RDWR) or die "$path: $!\n";
    sysopen(my $free, '/dev/loop-control', O_RDWR) or die "/dev/loop-control: $!\n";
    while (1) {
        my $found = ioctl($free, $loop{get_free}, 0);
        defined $found or die "/dev/loop-control: $!\n";
        my $device = '/dev/loop' . ($found + 0); # Perl says "0 but true"
        sysopen(my $opened, $device, O_RDWR) or die "$device: $!\n";
        # The file, the size of a block (its default), a loop_info64 that holds nothing but a name, and what is reserved.
        my $configuration = pack('L L x56 a64 x112 x64', fileno $file, 0, substr($path, 0, 63));
        return "$device\n" if defined ioctl($opened, $loop{configure}, $configuration);
        $! == EBUSY or die "$device: $!\n"; # somebody else took it meanwhile
    }
}

sub detach_loop {
    my ($device) = @_;
    sysopen(my $opened, $device, O_RDONLY) or die "$device: $!\n";
    defined ioctl($opened, $loop{clear}, 0) or die "$device: $!\n";
    return '';
}

# --- Filesystems ------------------------------------------------------------------------------------------------------

sub mount_device {
    my ($device, $folder, %given) = @_;
    my ($type, $options) = ($given{'-t'} // die("mount: no type\n"), $given{'-o'} // '');
    syscall($syscall{mount}, $device, $folder, $type, 0, $options) == 0 or die "$device on $folder: $!\n";
    return '';
}

sub unmount {
    my ($folder) = @_;
    syscall($syscall{umount2}, $folder, 0) == 0 or die "$folder: $!\n";
    return '';
}

sub perform {
    my ($program, @words) = @_;
    my ($first, @more) = @words;
    if ($program eq 'dmsetup') {
        return lines_of(0) if "@words" eq 'status';
        return lines_of($STATUS_TABLE) if "@words" eq 'table';
        if ($first eq 'message' && @more > 2) {
            my ($device, $sector, @text) = @more;
            dm('message', $device, 0, pack('Q Z*', $sector, "@text"));
            return '';
        }
    }
    return attach_loop($words[2]) if $program eq 'losetup' && @words == 3 && "$words[0] $words[1]" eq '--find --show';
    return detach_loop($words[1]) if $program eq 'losetup' && @words == 2 && $first eq '--detach';
    if ($program eq 'mount' && @words % 2 == 0) {
        my ($device, $folder) = splice @words, -2;
        return mount_device($device, $folder, @words);
    }
    return unmount($first) if $program eq 'umount' && @words == 1;
    return mkdir($first) ? '' : die "$first: $!\n" if $program eq 'mkdir' && @words == 1;
    return rmdir($first) ? '' : die "$first: $!\n" if $program eq 'rmdir' && @words == 1;
    die "not understood: $program @words\n";
}

$| = 1;
while (my $request = <STDIN>) {
    chomp $request;
    my $text = eval { 'ok ' . perform(split /\0/, $request) } // "error $@";
    $text =~ s/\n/\\n/g;
    print "$text\n";
}
