use File::Tail;
$| = 1;
my $tail = File::Tail->new(name => $ARGV[0], tail => -1, interval => 0.5, maxinterval => 1, nowait => 0);
while (defined(my $line = $tail->read)) { print $line; }
