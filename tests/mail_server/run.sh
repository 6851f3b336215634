#!/usr/bin/env bash
# A campaign of 200 mails through a real Postfix into a maildir, looked at by Python's email and by
# dkimpy. Needs root, Postfix, OpenSSL, and as PYTHON one with requirements.txt installed.
set -euo pipefail
cd "$(dirname "$0")/../.."

here=tests/mail_server
dir=$(mktemp -d)
chmod 755 "$dir"
trap '$here/postfix.sh stop "$dir/postfix" || true; rm -rf "$dir"' EXIT

port=2525
$here/postfix.sh start "$dir/postfix" "$port"
openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$dir/dkim.pem"
TEST_MAIL_SERVER=smtp://127.0.0.1:$port TEST_DKIM_KEY=$dir/dkim.pem \
    TEST_MAIL_EXPECTED=$dir/expected.json \
    cargo test --locked --test it -- --ignored --exact \
    real_server::a_campaign_reaches_a_real_mail_server | tee "$dir/log"
# A filter that matches nothing passes, too.
grep --quiet '1 passed' "$dir/log"
$here/postfix.sh idle "$dir/postfix"
"${PYTHON:-python3}" $here/check.py "$dir/postfix/mail/inbox" "$dir/expected.json"
