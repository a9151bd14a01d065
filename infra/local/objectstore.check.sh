# Tries, with the real keys, everything the lock and the policy must refuse; sourced by objectstore.
# shellcheck shell=bash disable=SC2154

locked=check-$(date +%s)-$RANDOM
version=

refused() { expect 403 "$@" && say "refused  $1 $2 $3"; }
allowed() { expect 200 "$@" && say "allowed  $1 $2 $3"; }
field() { sed -n "s:.*<$1>\([^<]*\)</$1>.*:\1:p" "$store/reply"; }
retention() {
  printf '<Retention xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Mode>%s</Mode><RetainUntilDate>%s</RetainUntilDate></Retention>' \
    "$1" "$(date -u -d "$2" +%FT%TZ)"
}

allowed writer PUT "/$bucket/$locked" 'a line worth keeping'
refused writer GET "/$bucket/$locked"
refused writer GET "/$bucket?list-type=2"
refused writer DELETE "/$bucket/$locked"
refused writer PUT "/$bucket/$locked?retention=" "$(retention COMPLIANCE '+1 minute')"
refused writer PUT "/$bucket?policy=" "$(bucket_policy "$bucket")"
[ "$(s3 writer PUT /own-bucket)" != 200 ] || fail "the writer made a bucket of its own"

allowed reader GET "/$bucket/$locked"
[ "$(cat "$store/reply")" = 'a line worth keeping' ] || fail "the reader got other bytes"
allowed reader GET "/$bucket?prefix=$locked&versions="
version=$(field VersionId)
[ -n "$version" ] || fail "the object has no version"
allowed reader GET "/$bucket?object-lock="
refused reader PUT "/$bucket/$locked" 'another line'
refused reader DELETE "/$bucket/$locked"

# Not even the owner of the bucket deletes, shortens or weakens what is locked.
for account in owner writer reader; do refused "$account" DELETE "/$bucket/$locked?versionId=$version"; done
refused owner DELETE "/$bucket/$locked?versionId=$version" '' 'x-amz-bypass-governance-retention:true'
refused owner PUT "/$bucket/$locked?retention=&versionId=$version" "$(retention COMPLIANCE '+1 day')"
refused owner PUT "/$bucket/$locked?retention=&versionId=$version" "$(retention GOVERNANCE '+60 days')"

# Writing the name again adds a version and leaves the locked one as it was.
allowed writer PUT "/$bucket/$locked" 'overwritten'
allowed reader GET "/$bucket/$locked?versionId=$version"
[ "$(cat "$store/reply")" = 'a line worth keeping' ] || fail "a later put changed the locked version"
# 画像・文書: the keeper of attachments reaches its own objects by name and no others.
allowed keeper PUT "/$attachments/$locked" 'sealed bytes'
allowed keeper GET "/$attachments/$locked"
refused keeper GET "/$attachments?list-type=2"
refused keeper DELETE "/$attachments/$locked"
refused keeper GET "/$bucket/$locked"
refused keeper PUT "/$bucket/$locked" 'another line'
for account in writer reader; do refused "$account" GET "/$attachments/$locked"; done
say "object store: the lock and the rights hold"
