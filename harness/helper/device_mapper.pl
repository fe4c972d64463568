#!/usr/bin/perl
# Speaks to device-mapper for the helper: what dmsetup would do, without a process for each question. It reads one request a line
# and answers each with one line, whose newlines are written as \n.
#   status          what `dmsetup status` prints of all devices
#   table           what `dmsetup table` prints of all devices
#   message DEVICE SECTOR TEXT
# An answer begins with "ok " or "error ". The ioctls are those of linux/dm-ioctl.h, version 4.0.0.
use strict;
use warnings;
use Fcntl;

my %number = (list => 2, status => 12, message => 14);
my $HEADER_BYTES = 312;
my $STATUS_TABLE = 1 << 4;
my $BUFFER_FULL = 1 << 8;
my $MOST_BYTES = 16 * 1048576;
my $room = 65536;

sysopen(my $control, '/dev/mapper/control', O_RDWR) or my $closed = "/dev/mapper/control: $!";

# Returns the header's flags and what follows the header. Dies with the kernel's error.
sub dm {
    my ($what, $device, $flags, $payload) = @_;
    die "$closed\n" if defined $closed;
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

sub answer {
    my ($request) = @_;
    return lines_of(0) if $request eq 'status';
    return lines_of($STATUS_TABLE) if $request eq 'table';
    if ($request =~ /^message (\S+) (\d+) (.+)$/) {
        dm('message', $1, 0, pack('Q Z*', $2, $3));
        return '';
    }
    die "not understood: $request\n";
}

$| = 1;
while (my $request = <STDIN>) {
    chomp $request;
    my $text = eval { 'ok ' . answer($request) } // "error $@";
    $text =~ s/\n/\\n/g;
    print "$text\n";
}
