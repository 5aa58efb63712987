# Runs a PostgreSQL server that nobody else uses, from the programs that are installed, until standard input is closed;
# then leaves nothing behind. Says "missing", or "ready" and the folder of its socket.
set -eu
cd "${TMPDIR:-/tmp}" 2>/dev/null || cd /
if ! command -v initdb >/dev/null; then
    for programs in /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /usr/local/pgsql/bin /opt/homebrew/opt/postgresql*/bin; do
        if [ -x "$programs/initdb" ]; then
            PATH="$programs:$PATH"
        fi
    done
fi
if ! command -v initdb >/dev/null || ! command -v postgres >/dev/null; then
    echo missing
    exit 0
fi
# The server refuses to run as root.
if [ "$(id -u)" = 0 ]; then
    user=nobody
    if id postgres >/dev/null 2>&1; then
        user=postgres
    fi
    exec setpriv --reuid="$user" --regid="$(id -g "$user")" --clear-groups env "PATH=$PATH" sh -c "$PRIVATE_POSTGRES"
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap '' INT TERM
if ! initdb --pgdata="$folder/data" --username=postgres --auth=trust --encoding=UTF8 --locale=C --no-sync \
    >"$folder/log" 2>&1; then
    cat "$folder/log" >&2
    exit 1
fi
# shellcheck disable=SC2086 # settings are words
postgres -D "$folder/data" -k "$folder" -c listen_addresses= -c max_connections=200 $PRIVATE_POSTGRES_SETTINGS \
    >>"$folder/log" 2>&1 </dev/null &
server=$!
until grep -qs ready "$folder/data/postmaster.pid"; do
    if ! kill -0 "$server" 2>/dev/null; then
        cat "$folder/log" >&2
        exit 1
    fi
    sleep 0.05
done
echo "ready $folder"
cat >/dev/null
kill -QUIT "$server"
wait "$server" || true
