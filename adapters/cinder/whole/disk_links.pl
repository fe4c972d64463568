#!/usr/bin/perl
# Keeps the links in /dev/disk/by-id that udev would make for SCSI disks: os-brick waits ten seconds for one whenever it attaches a volume.
use strict;
use warnings;

my $folder = '/dev/disk/by-id';
my %type = (naa => 3, eui => 2, t10 => 1);
for my $path ('/dev/disk', $folder) { mkdir $path }
while (1) {
    my %wanted;
    for my $file (glob '/sys/block/sd*/device/wwid') {
        my ($disk) = $file =~ m{^/sys/block/(\w+)/};
        open(my $text, '<', $file) or next;
        my $wwid = <$text>;
        next unless defined $wwid && $wwid =~ /^(\w+)\.(\S+)/ && defined $type{$1};
        $wanted{"$folder/scsi-$type{$1}$2"} = "/dev/$disk";
    }
    for my $link (glob "$folder/scsi-*") {
        unlink $link unless defined $wanted{$link} && readlink($link) eq $wanted{$link};
    }
    for my $link (keys %wanted) { symlink $wanted{$link}, $link unless -l $link }
    select(undef, undef, undef, 0.2);
}
