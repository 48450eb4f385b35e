#!/usr/bin/env bash
# Builds cinder-exporter_VERSION_all.deb from the built `dist`, with all libraries inside. Takes the folder to put it in (default: here).
# Needs Node.js, npm and dpkg-deb.
set -euo pipefail
out=$(realpath "${1:-.}")
cd "$(dirname "$0")/../.."
[ -f dist/main.js ] || { echo 'run "npm ci && npm run build" first' >&2; exit 1; }
version=$(node -p 'require("./package.json").version')
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
ln -s ../lib/cinder-exporter/dist/main.js "$stage"/usr/bin/cinder-exporter
install -m 644 deploy/systemd/cinder-exporter.service "$stage"/lib/systemd/system/
install -m 644 deploy/systemd/cinder-exporter.default "$stage"/etc/default/cinder-exporter
install -m 644 alerts/cinder.rules.yml alerts/alertmanager.example.yml "$stage"/usr/share/cinder-exporter/
install -m 644 -D -t "$stage"/usr/share/cinder-exporter/dashboards grafana/dashboards/*.json
install -m 644 LICENSE "$stage"/usr/share/doc/cinder-exporter/copyright

install -m 755 deploy/debian/{postinst,prerm,postrm} "$stage"/DEBIAN/
echo /etc/default/cinder-exporter >"$stage"/DEBIAN/conffiles
sed -e "s/@VERSION@/$version/" -e "s/@SIZE@/$(du -sk --exclude=DEBIAN "$stage" | cut -f1)/" \
  deploy/debian/control.in >"$stage"/DEBIAN/control
(cd "$stage" && find usr lib -type f -print0 | sort -z | xargs -0 md5sum) >"$stage"/DEBIAN/md5sums

dpkg-deb --root-owner-group -Zxz --build "$stage" "$out/cinder-exporter_${version}_all.deb"
