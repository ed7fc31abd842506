# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# TAP for the lints written in bash: ". tap.sh", then a line for each check, "finish" at the end.

SRC=${RCIDP_SRC:-$(cd "$(dirname "$0")/../.." && pwd)}
export BUILD=${RCIDP_BUILD:-$SRC}
count=0 failed=0

# ok NAME COMMAND...: the command succeeds; what it says is shown if it does not.
ok() {
  local name=$1 said
  shift
  count=$((count + 1))
  if said=$("$@" 2>&1); then
    echo "ok $count - $name"
  else
    echo "not ok $count - $name"
    [ -z "$said" ] || printf '%s\n' "$said" | sed 's/^/#   /' >&2
    failed=$((failed + 1))
  fi
}

# empty TEXT...: nothing was found.
empty() {
  printf '%s' "$*"
  [ -z "$*" ]
}

# skip NAME REASON
skip() {
  count=$((count + 1))
  echo "ok $count - $1 # SKIP $2"
}

skip_all() {
  echo "1..0 # SKIP $1"
  exit 0
}

finish() {
  echo "1..$count"
  [ $failed = 0 ]
}
