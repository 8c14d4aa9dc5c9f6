//! What `--help` says at length.

/// Of drydock.
pub(super) const ABOUT: &str = "\
Amazon RDS for PostgreSQL on this machine: its API, and a real server for each
instance.

Point any AWS SDK or CLI at it, with any region and any credentials:

    export AWS_DEFAULT_REGION=us-east-1
    export AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any
    aws --endpoint-url http://127.0.0.1:4566 rds describe-db-instances

While it runs, /_drydock/ shows and sets what RDS has no Action for, as JSON:
calls, faults, settings, clock, account, instances/REGION/IDENTIFIER. Faults,
settings and account end with drydock; clock and instances stay, and the clock never
goes back. The log goes to standard error, as much of it as RUST_LOG says:
RUST_LOG=drydock=debug.";

/// Of `--access-key-id`.
pub(super) const ACCESS_KEY: &str = "\
Let in only who signs with this access key (Signature Version 4, verified).
Its secret, of at least 16 characters, is in the variable
DRYDOCK_SECRET_ACCESS_KEY, or in a file";

/// Of `--fault`.
pub(super) const FAULT: &str = "\
What goes wrong; can be repeated, and the first that fits a request counts.
RULE is ACTION=EFFECT[:VALUE][@RATE]: ACTION is one, or * for all, and RATE is
from 0 to 1, as in CreateDBInstance=throttling@0.5. EFFECT is one of

  refused:         throttling, throttling-exception, access-denied,
                   internal-failure, service-unavailable
  neither done nor answered by RDS:
                   bad-gateway (HTML), reset (of the connection)
  done, not told:  lose-answer, truncate-answer, garble-answer
  late:            delay-answer:MILLISECONDS, delay-action:MILLISECONDS (done
                   even if the client has given up)
  done twice:      duplicate
  a page moved:    shift:N, for DescribeDBInstances with a Marker: N instances
                   are missed, or (-N) seen twice

Or RULE is JSON, as PUT /_drydock/faults takes a list of: \"effect\" as above,
or {\"delay-answer\": N} and so on, {\"error\": {\"code\", \"status\", \"message\"}} or
{\"meddle\": {\"instance\", \"how\"}}, and what it is confined to: \"action\",
\"instance\", \"region\", \"marker\": true (the later pages of a list), \"rate\",
\"after\": N and \"times\": N requests.";
