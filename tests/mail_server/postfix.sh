#!/usr/bin/env bash
# A real mail server for the tests: Postfix on loopback, which delivers whatever it takes into one
# maildir, and reaches nobody else.
#
#   postfix.sh start DIR PORT    its configuration, queue and maildir are below DIR
#   postfix.sh stop DIR
#   postfix.sh idle DIR          waits until its queue is empty
#
# Run as root, which Postfix needs; it touches nothing outside DIR.
set -euo pipefail

command=$1
dir=$(realpath -m "$2")

case $command in
start)
    port=$3
    uid=$(id -u nobody)
    gid=$(id -g nobody)
    rm -rf "$dir"
    mkdir -p "$dir"/{config,queue,data,mail}
    chmod 755 "$dir" "$dir/config" "$dir/queue"
    chown postfix "$dir/data"
    chown nobody "$dir/mail"
    cat > "$dir/config/main.cf" <<MAIN
compatibility_level = 3.6
queue_directory = $dir/queue
data_directory = $dir/data
maillog_file = $dir/log
maillog_file_prefixes = $dir
myhostname = mx.test
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
# Every recipient of every domain is the same mailbox.
virtual_mailbox_domains = static:all
virtual_mailbox_maps = static:inbox/
virtual_mailbox_base = $dir/mail
virtual_uid_maps = static:$uid
virtual_gid_maps = static:$gid
virtual_minimum_uid = 1
smtpd_relay_restrictions = permit_mynetworks, reject
smtputf8_enable = yes
message_size_limit = 30000000
mailbox_size_limit = 0
virtual_mailbox_limit = 0
smtpd_client_connection_count_limit = 0
# Nothing is looked up: the names in the tests exist nowhere.
disable_dns_lookups = yes
smtp_host_lookup = native
alias_maps =
alias_database =
MAIN
    cat > "$dir/config/master.cf" <<MASTER
127.0.0.1:$port inet n - n - - smtpd
pickup    unix n - n 60 1 pickup
cleanup   unix n - n - 0 cleanup
qmgr      unix n - n 300 1 qmgr
rewrite   unix - - n - - trivial-rewrite
bounce    unix - - n - 0 bounce
defer     unix - - n - 0 bounce
trace     unix - - n - 0 bounce
verify    unix - - n - 1 verify
flush     unix n - n 1000? 0 flush
proxymap  unix - - n - - proxymap
smtp      unix - - n - - smtp
relay     unix - - n - - smtp
showq     unix n - n - - showq
error     unix - - n - - error
retry     unix - - n - - error
discard   unix - - n - - discard
local     unix - n n - - local
virtual   unix - n n - - virtual
lmtp      unix - - n - - lmtp
anvil     unix - - n - 1 anvil
scache    unix - - n - 1 scache
postlog   unix-dgram n - n - 1 postlogd
MASTER
    # It checks that its folders are owned as it wants them, and makes those that are missing.
    postfix -c "$dir/config" start
    ;;
idle)
    for _ in $(seq 600); do
        if postqueue -c "$dir/config" -p | grep -q 'Mail queue is empty'; then
            exit 0
        fi
        sleep 0.1
    done
    echo 'mails are still in the queue after a minute:' >&2
    postqueue -c "$dir/config" -p >&2
    exit 1
    ;;
stop)
    postfix -c "$dir/config" stop
    ;;
*)
    echo "what is $command?" >&2
    exit 2
    ;;
esac
