-- Gives out link ids, revisions, fencing tokens and queue positions. No number is given out twice.
CREATE TABLE sequence (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    last INTEGER NOT NULL
) STRICT;
INSERT INTO sequence (id, last) VALUES (1, 0);

CREATE TABLE jobs (
    id INTEGER PRIMARY KEY,
    connection TEXT NOT NULL,
    flow TEXT NOT NULL,
    side TEXT NOT NULL CHECK (side IN ('left', 'right')),
    record TEXT NOT NULL,
    generation INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    cause TEXT NOT NULL,
    queued_at INTEGER NOT NULL,
    position INTEGER NOT NULL,
    -- 0: waits until available_at, which is when it is due or its lease lapses.
    -- 1: was found due, and waits for its turn in order of position.
    -- 2: parked.
    state INTEGER NOT NULL CHECK (state IN (0, 1, 2)),
    available_at INTEGER NOT NULL,
    -- The lease, until somebody else takes the job.
    token INTEGER,
    worker TEXT,
    parked TEXT,
    -- The key that a parked job waits for.
    waits_flow TEXT,
    waits_side TEXT,
    waits_record TEXT,
    UNIQUE (connection, flow, side, record),
    CHECK ((state = 2) = (parked IS NOT NULL)),
    CHECK (state < 2 OR token IS NULL),
    CHECK (state = 2 OR waits_flow IS NULL)
) STRICT;
CREATE INDEX jobs_by_position ON jobs (connection, flow, position, available_at) WHERE state = 1;
CREATE INDEX jobs_by_time ON jobs (connection, flow, state, available_at, queued_at);
CREATE INDEX jobs_parked ON jobs (connection, flow, side, record) WHERE state = 2;
CREATE INDEX jobs_by_parent ON jobs (connection, waits_flow, waits_side, waits_record)
    WHERE waits_flow IS NOT NULL;

CREATE TABLE links (
    id INTEGER PRIMARY KEY,
    connection TEXT NOT NULL,
    flow TEXT NOT NULL,
    left_record TEXT,
    right_record TEXT,
    revision INTEGER NOT NULL,
    content TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX links_by_left ON links (connection, flow, left_record) WHERE left_record IS NOT NULL;
CREATE UNIQUE INDEX links_by_right ON links (connection, flow, right_record) WHERE right_record IS NOT NULL;
CREATE INDEX links_in_order ON links (connection, flow);
CREATE INDEX links_half ON links (connection, flow) WHERE left_record IS NULL OR right_record IS NULL;

CREATE TABLE documents (
    connection TEXT NOT NULL,
    name TEXT NOT NULL,
    revision INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (connection, name)
) STRICT, WITHOUT ROWID;

-- AUTOINCREMENT: a number is not given out again when old entries are removed.
CREATE TABLE audit (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    connection TEXT NOT NULL,
    left_record TEXT,
    right_record TEXT,
    entry TEXT NOT NULL
) STRICT;
CREATE INDEX audit_in_order ON audit (connection);
CREATE INDEX audit_by_left ON audit (connection, left_record) WHERE left_record IS NOT NULL;
CREATE INDEX audit_by_right ON audit (connection, right_record) WHERE right_record IS NOT NULL;

CREATE TABLE tokens (
    name TEXT PRIMARY KEY,
    revision INTEGER NOT NULL,
    token TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE schema_version (version INTEGER PRIMARY KEY) STRICT;
INSERT INTO schema_version (version) VALUES (1);
UPDATE sequence SET last = 40;
INSERT INTO jobs (connection, flow, side, record, generation, attempts, cause, queued_at, position, state, available_at)
    VALUES ('c', 'customers', 'left', 'x2', 1, 0, '{"version":1,"content":"sweep"}', 0, 30, 1, 0);
INSERT INTO jobs (connection, flow, side, record, generation, attempts, cause, queued_at, position, state, available_at, parked)
    VALUES ('c', 'customers', 'left', 'x3', 1, 0, '{"version":1,"content":"sweep"}', 0, 31, 2, 0, '{"version":1,"content":null}');
INSERT INTO links (id, connection, flow, left_record, right_record, revision, content)
    VALUES (7, 'c', 'customers', 'x1', 'z1', 8, '{"version":1,"content":{"ids":{"left":"x1","right":"z1"},"base":{"name":{"text":"ACME"}},"unsettled_writes":0}}');
INSERT INTO documents (connection, name, revision, body) VALUES ('c', 'cursor', 9, 'here');
INSERT INTO audit (connection, left_record, right_record, entry) VALUES ('c', 'x1', 'z1', '{"version":1,"content":{"at":"2026-03-01T10:00:00Z","flow":"customers","ids":{"left":"x1","right":"z1"},"cause":"sweep","attempt":1,"fields":[],"event":"linked"}}');
INSERT INTO tokens (name, revision, token) VALUES ('zoho/acme', 10, '{"form":1,"token":null}');
