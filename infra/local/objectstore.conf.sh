# Configuration texts of the object store; sourced by objectstore, which sets dir, store and conf.
# shellcheck shell=bash disable=SC2154

endpoint() { echo "https://localhost:$(remembered_port "$dir" s3)"; }
monitor_address() {
  echo "[v2:127.0.0.1:$(remembered_port "$dir" ceph-mon-v2),v1:127.0.0.1:$(remembered_port "$dir" ceph-mon-v1)]"
}

# Short waits between map changes: one node has nobody to agree with.
configuration() {
  local backend=bluestore gateway name
  [ -z "${TSUMUGI_LOCAL_TEST:-}" ] || backend=memstore
  for name in ceph-mon-v1 ceph-mon-v2 s3; do port "$dir" "$name" >/dev/null; done
  gateway="ssl_endpoint=127.0.0.1:$(remembered_port "$dir" s3) ssl_certificate=$dir/ca/server.pem"
  cat <<C
[global]
fsid = $(cat "$store/fsid")
mon host = $(monitor_address)
public addr = 127.0.0.1
cluster addr = 127.0.0.1
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon warn on pool no redundancy = false
paxos propose interval = 0.05
paxos min wait = 0.02
osd objectstore = $backend
bluestore block size = 4294967296
bluestore block create = true
memstore device bytes = 1073741824
osd memory target = 939524096
ms bind port min = 12000
ms bind port max = 19999
run dir = $store/run
admin socket =
pid file = $store/run/\$name.pid
log file = $store/\$name.log
mon cluster log file = $store/cluster.log
mon data = $store/mon
osd data = $store/osd
mgr data = $store/mgr
mon data avail warn = 1
mon data avail crit = 1
rgw enable usage log = false
rgw thread pool size = 16
rgw num rados handles = 1
[client.admin]
keyring = $store/admin.keyring
[osd]
keyring = $store/osd/keyring
[client.rgw]
keyring = $store/rgw/keyring
rgw frontends = beast $gateway
rgw dns name = localhost
rgw crypt default encryption key = $(openssl rand -base64 32 | tee_once "$store/rgw/encryption.key")
C
}

# tee_once FILE: the first input is kept; later ones are replaced by it.
tee_once() {
  if [ -s "$1" ]; then cat >/dev/null; else (umask 077 && cat >"$1"); fi
  cat "$1"
}

lock_rule() {
  printf '<ObjectLockConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><ObjectLockEnabled>Enabled</ObjectLockEnabled>'
  printf '<Rule><DefaultRetention><Mode>COMPLIANCE</Mode><Days>%s</Days></DefaultRetention></Rule></ObjectLockConfiguration>' "$1"
}

# The writer may put and nothing else; the reader may look and nothing else. The writer's refusals are spelled out
# because an object's ACL would otherwise let whoever wrote it read it back (this Ceph does not honour NotAction).
bucket_policy() {
  local writer='"Principal": {"AWS": ["arn:aws:iam:::user/writer"]}' reader='"Principal": {"AWS": ["arn:aws:iam:::user/reader"]}'
  local everything="[\"arn:aws:s3:::$1\", \"arn:aws:s3:::$1/*\"]"
  cat <<J
{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", $writer, "Action": ["s3:PutObject"], "Resource": ["arn:aws:s3:::$1/*"]},
  {"Effect": "Deny", $writer, "Resource": $everything,
   "Action": ["s3:Get*", "s3:List*", "s3:Delete*", "s3:Bypass*", "s3:Restore*", "s3:PutBucket*", "s3:PutLifecycle*",
    "s3:PutObjectAcl", "s3:PutObjectVersionAcl", "s3:PutObjectRetention", "s3:PutObjectLegalHold", "s3:PutObjectTagging"]},
  {"Effect": "Allow", $reader, "Resource": $everything,
   "Action": ["s3:ListBucket", "s3:ListBucketVersions", "s3:GetBucketObjectLockConfiguration", "s3:GetBucketVersioning",
    "s3:GetObject", "s3:GetObjectVersion", "s3:GetObjectRetention"]}
]}
J
}

# The keeper gets and puts objects whose names it knows, and nothing else.
attachment_policy() {
  local keeper='"Principal": {"AWS": ["arn:aws:iam:::user/keeper"]}'
  cat <<J
{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", $keeper, "Action": ["s3:GetObject", "s3:PutObject"], "Resource": ["arn:aws:s3:::$1/*"]},
  {"Effect": "Deny", $keeper, "Resource": ["arn:aws:s3:::$1", "arn:aws:s3:::$1/*"],
   "Action": ["s3:List*", "s3:Delete*", "s3:PutBucket*", "s3:PutLifecycle*", "s3:PutObjectAcl", "s3:PutObjectVersionAcl"]}
]}
J
}
