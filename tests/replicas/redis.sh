#!/bin/sh
# Starts one of the two Redis servers, or one of their sentinels:
#
#   redis.sh server ADDRESS [MASTER]    known to the others by ADDRESS; MASTER's replica at first, then what sentinels make of it
#   redis.sh sentinel MASTER
#
# Roles change, and the programs write theirs to their configuration, so that it is made once and kept with the data.
set -eu
role=$1
conf=/data/$role.conf

server() {
	# Every write is on the disk before it is confirmed, on both, for each can be promoted; a full server refuses
	# instead of forgetting.
	cat <<-END
		dir /data
		protected-mode no
		appendonly yes
		appendfsync always
		save ""
		maxmemory 256mb
		maxmemory-policy noeviction
		replica-announce-ip $1
		requirepass "$REDIS_PASSWORD"
		masterauth "$REDIS_PASSWORD"
	END
	[ -z "${2-}" ] || echo "replicaof $2 6379"
}

sentinel() {
	cat <<-END
		dir /data
		protected-mode no
		port 26379
		sentinel monitor site $1 6379 2
		sentinel down-after-milliseconds site 3000
		sentinel failover-timeout site 20000
	END
	[ -z "$REDIS_PASSWORD" ] || echo "sentinel auth-pass site $REDIS_PASSWORD"
}

[ -s "$conf" ] || (shift && umask 077 && "$role" "$@" >"$conf")
if [ "$role" = sentinel ]; then
	exec redis-server "$conf" --sentinel
fi
exec redis-server "$conf"
