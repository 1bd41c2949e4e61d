# Varnish as the peer of Lockgate: a hit in memory. Its record is written by varnishncsa with
# the format in varnishncsa.format. It checks no token and charges no limit.
vcl 4.1;

backend shop {
    .host = "127.0.0.1";
    .port = "19120";
    .max_connections = 256;
}

sub vcl_recv {
    # The built-in rules would pass what has a Cookie or an Authorization.
    return (hash);
}
