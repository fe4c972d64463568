#!/usr/bin/perl
# Prints where a file holds data, as its filesystem knows: a line for each extent, with its first byte and the byte after it. Node has
# no lseek, and the programs that show extents differ from system to system.
use strict;
use warnings;
use Errno qw(ENXIO);
use Fcntl;

my ($SEEK_DATA, $SEEK_HOLE) = (3, 4);
sysopen(my $file, $ARGV[0], O_RDONLY) or die "$ARGV[0]: $!\n";
for (my $at = 0; ;) {
    my $from = sysseek $file, $at, $SEEK_DATA;
    if (!defined $from) {
        exit 0 if $! == ENXIO; # there is none after this byte
        die "$ARGV[0]: $!\n";
    }
    $at = sysseek($file, $from, $SEEK_HOLE) // die "$ARGV[0]: $!\n";
    print $from + 0, ' ', $at, "\n"; # Perl says "0 but true"
}
