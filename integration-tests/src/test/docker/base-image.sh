#!/usr/bin/env bash
#
# base-image.sh ROOT JAVA_HOME: fills the folder ROOT with a small root file system made from this machine.
#
# For the Docker tests, where no image can be pulled: what a public JRE image has (a shell, the core
# tools, a Java) and what only the tests need beside it (mkfs, nbdkit, nbdfuse), each with the libraries
# that it links to. To be imported with: tar -C ROOT -c . | docker import - NAME
set -euo pipefail

root=$1
java_home=$(realpath "$2")

readonly tools=(
  # as in any Debian or Ubuntu image
  bash sh env cat chmod cksum cp cut dd dirname head id ln ls mkdir mknod mktemp mv readlink realpath rm rmdir sha256sum
  sleep stat sync tail test touch tr true truncate uname find grep sed flock setsid mount umount mountpoint findmnt
  losetup ldconfig
  # for the tests
  mkfs.ext4 nbdfuse nbdkit fusermount3
)

mkdir -p "$root"/{dev,etc,mnt,opt,proc,root,run,srv,sys,tmp,usr/bin,usr/lib,usr/lib64,usr/local/bin,usr/sbin,var/tmp}
chmod 1777 "$root/tmp" "$root/var/tmp"
ln -s usr/bin usr/lib usr/lib64 usr/sbin "$root"
echo 'root:x:0:0:root:/root:/bin/bash' >"$root/etc/passwd"
echo 'root:x:0:' >"$root/etc/group"

# Adds FILE under its own name, and what its name leads to.
add() {
  local file=$1 link
  while [[ ! -e $root$file ]]; do
    mkdir -p "$root$(dirname "$file")"
    cp -a "$file" "$root$file"
    [[ -L $file ]] || break
    link=$(readlink "$file")
    [[ $link == /* ]] || link=$(dirname "$file")/$link
    file=$link
  done
}

add_libraries_of() {
  local library
  for library in $(ldd "$@" 2>/dev/null | grep -o '/[^ ):]*' | sort -u); do
    if [[ $library == *.so* || $library == */ld-* ]]; then
      add "$library"
    fi
  done
}

files=()
for tool in "${tools[@]}"; do
  file=$(PATH="$PATH:/usr/sbin:/sbin" type -P "$tool") || {
    echo "base-image.sh: there is no $tool on this machine" >&2
    exit 1
  }
  add "$file"
  files+=("$file" "$(realpath "$file")")
done
for library in /usr/lib/*/libfuse.so.2 /lib/*/libfuse.so.2; do
  if [[ -e $library ]]; then
    add "$library"
    files+=("$(realpath "$library")")
  fi
done
for file in /etc/mke2fs.conf /usr/sbin/mke2fs; do
  if [[ -e $file ]]; then
    add "$file"
  fi
done

# As public images have it. What only building needs is left out.
mkdir -p "$root/opt/java/openjdk"
tar -C "$java_home" --dereference --exclude=./jmods --exclude='./lib/src.zip' --exclude=./man --exclude=./demo \
  --exclude=./include --exclude='./lib/ct.sym' --exclude='./lib/security/cacerts' --exclude='./lib/server/*.jsa.*' -c . 2>/dev/null \
  | tar -C "$root/opt/java/openjdk" -x
for file in "$java_home/bin/java" "$java_home"/lib/*.so "$java_home"/lib/server/*.so; do
  case ${file##*/} in
    *awt* | *splash* | *font* | *lcms* | *jpeg* | *sound* | *atk*) ;; # What draws or sounds.
    *) files+=("$file") ;;
  esac
done

add_libraries_of "${files[@]}"
ldconfig -r "$root"
