#!/usr/bin/perl
# Answers the kernel nfsd's questions about its clients, as an nfsdcld would that remembers none: yes to everything.
# Unanswered, nfsd waits 90 s for clients of an earlier life before it opens the first file.
# A message is cld_msg of linux/nfsd/cld.h: u8 version, u8 command, s16 status, u32 xid, then what belongs to the command.
use strict;
use warnings;

my $GET_VERSION = 5;
my $UPCALL_VERSION = 2;

my $pipe;
select(undef, undef, undef, 0.01) until open($pipe, '+<', $ARGV[0]); # it appears as nfsd starts
while (1) {
    my $ready = '';
    vec($ready, fileno $pipe, 1) = 1;
    select($ready, undef, undef, undef); # a read of this pipe does not wait
    my $length = sysread($pipe, my $message, 4096);
    exit unless defined $length; # nfsd has stopped
    next if $length < 9;
    substr($message, 2, 2) = pack 's', 0;
    substr($message, 8, 1) = pack 'C', $UPCALL_VERSION if unpack('x C', $message) == $GET_VERSION;
    syswrite $pipe, $message;
}
