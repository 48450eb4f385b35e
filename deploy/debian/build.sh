#!/usr/bin/env bash
# Builds cinder-exporter_VERSION_all.deb from the built `dist`, with all libraries inside: build.sh [--with-node] [FOLDER], FOLDER is where to put it
# (default: here). --with-node puts the Node.js that runs here inside too; such a package is for one architecture and needs no package nodejs.
# Needs Node.js, npm and dpkg-deb.
set -euo pipefail
with_node=
[ "${1:-}" != --with-node ] || { with_node=1 && shift; }
out=$(realpath "${1:-.}")
cd "$(dirname "$0")/../.."
[ -f dist/main.js ] || { echo 'run "npm ci && npm run build" first' >&2; exit 1; }
version=$(node -p 'require("./package.json").version')
architecture=all
depends='nodejs (>= 20.19)'
compression=xz
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
umask 022

lib=$stage/usr/lib/cinder-exporter
mkdir -p "$lib" "$stage"/{DEBIAN,usr/bin,etc/default,etc/cinder-exporter,lib/systemd/system} \
  "$stage"/usr/share/{doc,}/cinder-exporter
cp package.json package-lock.json "$lib"
(cd "$lib" && npm ci --omit=dev --ignore-scripts --no-audit --no-fund >/dev/null)
cp -r dist "$lib"
rm "$lib"/package-lock.json "$lib"/node_modules/.package-lock.json
find "$lib"/node_modules -type f \( -name '*.map' -o -name '*.ts' -o -name '*.mts' -o -name '*.cts' \) -delete
find "$lib" -type d -empty -delete
chmod 755 "$lib"/dist/main.js
if [ "$with_node" ]; then
  node=$(node -p process.execPath)
  # The official builds bring all but these along; a distribution's own build needs the libraries of that distribution.
  ! ldd "$node" | grep -q libnode || { echo "$node needs libnode of this system: build with an official Node.js" >&2; exit 1; }
  architecture=$(dpkg --print-architecture)
  depends='libc6 (>= 2.28), libgcc-s1, libstdc++6'
  # xz takes minutes for a Node.js.
  compression=gzip
  install -m 755 "$node" "$lib"/node
  printf '#!/bin/sh\nexec /usr/lib/cinder-exporter/node /usr/lib/cinder-exporter/dist/main.js "$@"\n' >"$stage"/usr/bin/cinder-exporter
  chmod 755 "$stage"/usr/bin/cinder-exporter
else
  ln -s ../lib/cinder-exporter/dist/main.js "$stage"/usr/bin/cinder-exporter
fi
install -m 644 deploy/systemd/cinder-exporter.service "$stage"/lib/systemd/system/
install -m 644 deploy/systemd/cinder-exporter.default "$stage"/etc/default/cinder-exporter
install -m 644 alerts/cinder.rules.yml alerts/alertmanager.example.yml "$stage"/usr/share/cinder-exporter/
install -m 644 -D -t "$stage"/usr/share/cinder-exporter/dashboards grafana/dashboards/*.json
install -m 644 LICENSE "$stage"/usr/share/doc/cinder-exporter/copyright
# What other monitoring takes.
for other in deploy/{checkmk,icinga,sloth,zabbix}; do
  install -m 644 -D -t "$stage/usr/share/cinder-exporter/${other#deploy/}" "$other"/*
done
chmod 755 "$stage"/usr/share/cinder-exporter/checkmk/cinder
# From the flags of the program itself.
printed() {
  mkdir -p "$stage/usr/share/$(dirname "$1")"
  node dist/main.js "${@:2}" >"$stage/usr/share/$1"
}
printed bash-completion/completions/cinder-exporter completion bash
printed zsh/vendor-completions/_cinder-exporter completion zsh
printed fish/vendor_completions.d/cinder-exporter.fish completion fish
printed man/man1/cinder-exporter.1 man
gzip -9n "$stage"/usr/share/man/man1/cinder-exporter.1

install -m 755 deploy/debian/{postinst,prerm,postrm} "$stage"/DEBIAN/
echo /etc/default/cinder-exporter >"$stage"/DEBIAN/conffiles
sed -e "s/@VERSION@/$version/" -e "s/@ARCHITECTURE@/$architecture/" -e "s/@DEPENDS@/$depends/" \
  -e "s/@SIZE@/$(du -sk --exclude=DEBIAN "$stage" | cut -f1)/" deploy/debian/control.in >"$stage"/DEBIAN/control
(cd "$stage" && find usr lib -type f -print0 | sort -z | xargs -0 md5sum) >"$stage"/DEBIAN/md5sums

dpkg-deb --root-owner-group -Z$compression --build "$stage" "$out/cinder-exporter_${version}_${architecture}.deb"
