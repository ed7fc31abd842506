# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Bare systems of Debian for the scripts of this folder, which source it in the project's folder: made once each, copied
# for each use.
#
# Needs root, git and debootstrap, for another architecture qemu-user-static and binfmt_misc. PLATFORMS_DIR (default
# /var/tmp/platforms) takes the systems and LOG files. The mirror is this machine's own, unless PLATFORMS_MIRROR names
# another.

dir=${PLATFORMS_DIR:-/var/tmp/platforms}
mirror=${PLATFORMS_MIRROR:-$(cat /etc/apt/sources.list /etc/apt/sources.list.d/debian.sources 2>/dev/null | awk '/^URIs:|^deb /{print $2; exit}' || true)}
[ -n "$mirror" ] || { echo "no mirror in the apt sources; name one in PLATFORMS_MIRROR" >&2; exit 1; }
mkdir -p "$dir"

# base SUITE ARCH ROOT: a bare system, with a user who may use sudo.
base() {
  local suite=$1 arch=$2 root=$3 script=/usr/share/debootstrap/scripts
  [ ! -e "$root/.ready" ] || return 0
  rm -rf --one-file-system "$root"
  [ -e "$script/$suite" ] && script=$script/$suite || script=$script/sid
  # An emulator that runs there is seen by the kernel; debootstrap need not know.
  debootstrap --variant=minbase --arch="$arch" --include=git,ca-certificates,sudo "$suite" "$root" "$mirror" "$script" \
    >"$root.log" 2>&1 || { tail -n 3 "$root.log" >&2; return 1; }
  case $suite in sid | forky)
    # Lists of these are good for a week. A mirror may be older; signed they are all the same.
    echo 'Acquire::Check-Valid-Until "false";' >"$root/etc/apt/apt.conf.d/mirror" ;;
  *)
    echo "deb $mirror $suite-updates main" >>"$root/etc/apt/sources.list"
    echo "deb ${mirror%/debian}/debian-security $suite-security main" >>"$root/etc/apt/sources.list" ;;
  esac
  printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
  chmod 755 "$root/usr/sbin/policy-rc.d"
  chroot "$root" useradd -m -s /bin/bash newcomer
  echo 'newcomer ALL=(ALL) NOPASSWD: ALL' >"$root/etc/sudoers.d/newcomer"
  touch "$root/.ready"
}

# copy SUITE ARCH: one for use, in $root, until the shell ends; with KEEP set, its folder stays.
copy() {
  local suite=$1 arch=$2 mount
  base "$suite" "$arch" "$dir/$suite-$arch" || return
  root=$(mktemp -d "$dir/run-$suite-$arch.XXXXXX")
  trap leave EXIT
  cp -a "$dir/$suite-$arch/." "$root/"
  cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
  cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
  mount -t proc proc "$root/proc"
  for mount in sys dev; do
    mount --rbind "/$mount" "$root/$mount"
    mount --make-rslave "$root/$mount"
  done
}

# shellcheck disable=SC2317 # a trap calls it
leave() {
  local mount
  for mount in dev sys proc; do umount -l "$root/$mount" 2>/dev/null || true; done
  if [ -n "${KEEP-}" ]; then echo "kept: $root" >&2; else rm -rf --one-file-system "$root"; fi
}

# project FOLDER: a clone of this one, in the newcomer's home.
project() {
  git clone -q . "$root/home/newcomer/$1"
  chroot "$root" chown -R newcomer:newcomer "/home/newcomer/$1"
}

# enter USER FOLDER COMMAND...
enter() {
  local user=$1 folder=$2 home=/home/newcomer
  shift 2
  [ "$user" != root ] || home=/root
  # shellcheck disable=SC2016 # another shell expands it
  chroot "$root" env -i HOME=$home USER="$user" LANG=C.UTF-8 TERM=dumb CI="${CI-}" \
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt \
    npm_config_cafile=/etc/ssl/certs/ca-certificates.crt \
    setpriv --reuid="$user" --regid="$user" --init-groups sh -c 'cd "$0" && exec "$@"' "$folder" "$@" </dev/null
}
