#!/usr/bin/perl
# cinder-rtstool, run by rtstool_server.py.
use strict;
use warnings;
use Socket;

my $server;
my $tries = 0;
until (socket($server, AF_UNIX, SOCK_STREAM, 0) && connect($server, pack_sockaddr_un('/run/cinder-rtstool'))) {
    die "cinder-rtstool: $!\n" if ++$tries > 600; # it may still be starting
    select(undef, undef, undef, 0.1);
}
syswrite $server, join("\0", @ARGV) . "\n";
chomp(my $code = <$server>);
print while <$server>;
exit $code;
