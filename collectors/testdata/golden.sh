#!/bin/sh
# Writes node_exporter.prom: what node_exporter (1.5 or newer) makes of the trees
# recorded here, with the defaults of its own project instead of Debian's. The
# mount points must exist: make "/usr/share/monitord test" for the time being.
set -eu
cd "$(dirname "$0")"
address=127.0.0.1:19177
flags="--collector.disable-defaults"
for c in cpu meminfo loadavg stat uname time pressure diskstats netdev netclass filesystem; do
	flags="$flags --collector.$c"
done
prometheus-node-exporter $flags --web.listen-address=$address --web.disable-exporter-metrics \
	--path.procfs=proc --path.sysfs=sys --no-collector.netdev.netlink \
	--collector.netdev.device-exclude= \
	--collector.filesystem.mount-points-exclude='^/(dev|proc|run/credentials/.+|sys|var/lib/docker/.+|var/lib/containers/storage/.+)($|/)' &
trap 'kill $!' EXIT
sleep 2
curl -sf http://$address/metrics |
	grep -E '^(# TYPE )?node_' | grep -v node_exporter_build_info > node_exporter.prom
