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
# With a port in PRIVATE_POSTGRES_TLS it listens there too, for encrypted connections to `localhost`: `ca.pem` is the
# authority that says so, `other.pem` one that does not.
if [ -n "${PRIVATE_POSTGRES_TLS:-}" ]; then
    cd "$folder"
    key='-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'
    echo subjectAltName=DNS:localhost >names
    {
        # shellcheck disable=SC2086 # options are words
        for authority in ca other; do
            openssl req -x509 $key -days 2 -subj "/CN=private $authority" -keyout "$authority.key" -out "$authority.pem"
        done
        # shellcheck disable=SC2086 # options are words
        openssl req $key -subj /CN=localhost -keyout server.key -out server.csr
        openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names \
            -out server.pem
    } >>"$folder/log" 2>&1
    cd - >/dev/null
    PRIVATE_POSTGRES_SETTINGS="$PRIVATE_POSTGRES_SETTINGS -c listen_addresses=localhost -c port=$PRIVATE_POSTGRES_TLS
        -c ssl=on -c ssl_cert_file=$folder/server.pem -c ssl_key_file=$folder/server.key"
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
