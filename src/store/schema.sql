-- The record. Three sections, told apart by the lines that begin with `--@`:
-- `given` may never change, in any version; `side` holds what is ours; `indexes` come last, after all rows.
-- What stands behind a column after `--` (and after `--:` for columns that have no line of their own) becomes
-- its description in `_columns`; a word in square brackets at the end is the unit.
-- What stands after `--=` and the name of a table or view is said about it in the reference.
-- Lists in a CHECK are written with OR: for IN with three or more values SQLite builds a table for every row.

--@ given
CREATE TABLE deployment_sessions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    deployment_id TEXT UNIQUE NOT NULL,
    start_time TEXT NOT NULL,
    end_time TEXT,
    status TEXT DEFAULT 'in_progress',
    workspace_path TEXT NOT NULL,
    phases_completed INTEGER DEFAULT 0,
    total_phases INTEGER DEFAULT 5,
    success_rate REAL DEFAULT 0.0,
    created_at TEXT DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE factory_validation (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    deployment_id TEXT NOT NULL,
    validation_type TEXT NOT NULL,
    validation_result TEXT NOT NULL,
    files_checked INTEGER DEFAULT 0,
    violations_found INTEGER DEFAULT 0,
    compliance_score REAL DEFAULT 0.0,
    timestamp TEXT NOT NULL,
    created_at TEXT DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE cleanup_actions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    deployment_id TEXT NOT NULL,
    action_type TEXT NOT NULL,
    target_path TEXT NOT NULL,
    action_result TEXT NOT NULL,
    files_affected INTEGER DEFAULT 0,
    timestamp TEXT NOT NULL,
    created_at TEXT DEFAULT CURRENT_TIMESTAMP
);

--@ side
--= deployment_sessions One row for each run.
--= factory_validation The totals of each of a run's two looks at the workspace, before and after phases 2 and 3.
--= cleanup_actions One row for each target that cleanup planned to remove, with what became of it.
--= session_details What else is known about a run: the program, the policy, the commit, the CI system, the verdict.
--= policies The text of the policy that was in force, and of each file and preset that it extends.
--= phases The five phases of each run, with measured times.
--= rule_results What each rule looked at and found, in each of the two looks.
--= suppressions Each accepted violation's reason: where it is written, who answers for it, and what it covered.
--= violations Each violation once, also those that are suppressed or resolved.
--= detections For each violation that is a credential: what each detector saw there. The credential itself is nowhere.
--= fixes Changes that phase 2 planned or made.
--= cleanup_details What else is known about each row of `cleanup_actions`.
--= skipped_files Every path that was seen and not fully checked, with the reason.
--= seal What the run had written when it ended: row counts and digests, against which `factory-gate verify` checks.
--= _columns What each column of this file means.
--= v_latest_session How did the last run end? A restore is a session, too, but no run.
--= v_open_violations What is wrong: neither suppressed nor resolved?
--= v_violations_by_rule Which rules find most?
--= v_cleanup_timeline What was removed, or would have been, in the order of time?
--= v_trend Is it getting better? One row for each run.
--= v_compliance Where does the score come from? It is computed here, from the rows.

--: deployment_sessions.id number of the session in this file
--: deployment_sessions.deployment_id name of the session: FACTORY_DEPLOY_, UTC date and time, six random hex digits
--: deployment_sessions.start_time ISO 8601, UTC, milliseconds, Z
--: deployment_sessions.end_time ISO 8601, UTC, milliseconds, Z; empty while the session runs
--: deployment_sessions.status in_progress, completed, completed_with_issues (a phase failed), interrupted or failed
--: deployment_sessions.workspace_path absolute path that was looked at; bytes that are not UTF-8 as \xNN
--: deployment_sessions.phases_completed phases that ran to their end
--: deployment_sessions.total_phases phases that there are
--: deployment_sessions.success_rate 100 x phases_completed / total_phases [percent]
--: deployment_sessions.created_at start_time in SQLite's own format, UTC
--: factory_validation.id number of the row in this file
--: factory_validation.deployment_id session
--: factory_validation.validation_type stage: pre_deployment (phase 1) or post_deployment (phase 4)
--: factory_validation.validation_result JSON: the totals, and one object per rule in validation_details
--: factory_validation.files_checked files looked at
--: factory_validation.violations_found unsuppressed errors and warnings; of post_deployment those not resolved
--: factory_validation.compliance_score 100 x (1 - failing / checked), see v_compliance [percent]
--: factory_validation.timestamp ISO 8601, UTC, milliseconds, Z
--: factory_validation.created_at timestamp in SQLite's own format, UTC
--: cleanup_actions.id number of the row in this file
--: cleanup_actions.deployment_id session
--: cleanup_actions.action_type file_removal, directory_removal, file_quarantine or file_restore
--: cleanup_actions.target_path relative to the workspace, with /; bytes that are not UTF-8 as \xNN
--: cleanup_actions.action_result planned, or what was observed: removed, quarantined, restored, already_gone, skipped: REASON, refused: REASON, failed: REASON
--: cleanup_actions.files_affected how many files it really changed
--: cleanup_actions.timestamp of the plan, then of the observation; ISO 8601, UTC, milliseconds, Z
--: cleanup_actions.created_at time of the plan in SQLite's own format, UTC

CREATE TABLE session_details (
    id INTEGER PRIMARY KEY, -- number of the row in this file
    deployment_id TEXT NOT NULL UNIQUE REFERENCES deployment_sessions (deployment_id), -- session
    tool_version TEXT NOT NULL CHECK (typeof(tool_version) = 'text'), -- version of factory-gate that ran
    policy_sha256 TEXT NOT NULL CHECK (typeof(policy_sha256) = 'text'), -- SHA-256 of the policy's text, see policies
    policy_source TEXT NOT NULL CHECK (typeof(policy_source) = 'text'), -- where the policy came from
    head_sha TEXT CHECK (typeof(head_sha) IN ('text', 'null')), -- commit at HEAD
    base_sha TEXT CHECK (typeof(base_sha) IN ('text', 'null')), -- commit compared with
    scope TEXT NOT NULL CHECK (typeof(scope) = 'text'), -- which part of the workspace file rules looked at: all, or changed (what differs from base_sha; no row for what does not, phases.detail counts it)
    shard TEXT CHECK (typeof(shard) IN ('text', 'null')), -- i/n if the session is one shard of a run
    ci_system TEXT CHECK (typeof(ci_system) IN ('text', 'null')), -- CI system that ran it
    run_url TEXT CHECK (typeof(run_url) IN ('text', 'null')), -- page of the CI run
    containment TEXT CHECK (typeof(containment) IN ('text', 'null')), -- JSON object: what kept the run from changing what it must not: the rights of the threads that looked and of those that acted, and how paths were resolved
    os TEXT NOT NULL CHECK (typeof(os) = 'text'), -- operating system
    arch TEXT NOT NULL CHECK (typeof(arch) = 'text'), -- processor architecture
    verdict TEXT CHECK (verdict = 'pass' OR verdict = 'fail' OR verdict = 'undecided'), -- the gate's verdict; empty while the session runs
    verdict_reasons TEXT CHECK (typeof(verdict_reasons) IN ('text', 'null')), -- JSON list of sentences: why this verdict
    exit_code INTEGER CHECK (typeof(exit_code) IN ('integer', 'null')), -- exit code of the program
    files_scanned INTEGER CHECK (typeof(files_scanned) IN ('integer', 'null')), -- files that the rules looked at
    files_skipped INTEGER CHECK (typeof(files_skipped) IN ('integer', 'null')), -- paths seen and not fully checked, see skipped_files
    bytes_scanned INTEGER CHECK (typeof(bytes_scanned) IN ('integer', 'null')) -- content read [bytes]
);
CREATE TABLE policies (
    id INTEGER PRIMARY KEY, -- number of the row in this file
    deployment_id TEXT NOT NULL REFERENCES deployment_sessions (deployment_id), -- session
    sha256 TEXT NOT NULL CHECK (typeof(sha256) = 'text'), -- SHA-256 of the text, hex
    name TEXT NOT NULL CHECK (typeof(name) = 'text'), -- file or preset it came from
    text TEXT NOT NULL CHECK (typeof(text) = 'text') -- the policy as it was read
);
CREATE TABLE phases (
    id INTEGER PRIMARY KEY, -- number of the row in this file
    deployment_id TEXT NOT NULL REFERENCES deployment_sessions (deployment_id), -- session
    phase INTEGER NOT NULL CHECK (phase = 1 OR phase = 2 OR phase = 3 OR phase = 4 OR phase = 5), -- 1 to 5
    name TEXT NOT NULL CHECK (typeof(name) = 'text'), -- the phase's name
    status TEXT NOT NULL CHECK (status = 'completed' OR status = 'failed' OR status = 'skipped'), -- completed, failed or skipped
    start_time TEXT NOT NULL CHECK (typeof(start_time) = 'text'), -- ISO 8601, UTC, milliseconds, Z
    end_time TEXT NOT NULL CHECK (typeof(end_time) = 'text'), -- ISO 8601, UTC, milliseconds, Z
    duration_ms INTEGER NOT NULL CHECK (typeof(duration_ms) = 'integer'), -- measured [milliseconds]
    detail TEXT NOT NULL CHECK (typeof(detail) = 'text') -- JSON object: what the phase did
);
CREATE TABLE rule_results (
    id INTEGER PRIMARY KEY, -- number of the row in this file
    deployment_id TEXT NOT NULL REFERENCES deployment_sessions (deployment_id), -- session
    stage TEXT NOT NULL CHECK (stage IN ('pre_deployment', 'post_deployment')), -- which of the two looks
    rule_id TEXT NOT NULL CHECK (typeof(rule_id) = 'text'), -- the rule's name in the policy
    uses TEXT NOT NULL CHECK (typeof(uses) = 'text'), -- the built-in rule behind it
    severity TEXT NOT NULL CHECK (severity = 'note' OR severity = 'warning' OR severity = 'error'), -- severity without overrides
    files_checked INTEGER NOT NULL CHECK (typeof(files_checked) = 'integer'), -- files that the rule looked at
    violations_found INTEGER NOT NULL CHECK (typeof(violations_found) = 'integer'), -- unsuppressed violations of any severity
    suppressed INTEGER NOT NULL CHECK (typeof(suppressed) = 'integer'), -- suppressed violations
    requirements INTEGER NOT NULL CHECK (typeof(requirements) = 'integer'), -- required things that the rule looked for
    duration_us INTEGER NOT NULL CHECK (typeof(duration_us) = 'integer') -- in the rule's code, over all threads [microseconds]
);
CREATE TABLE suppressions (
    id INTEGER PRIMARY KEY, -- number of the row in this file
    deployment_id TEXT NOT NULL REFERENCES deployment_sessions (deployment_id), -- session
    number INTEGER NOT NULL CHECK (typeof(number) = 'integer'), -- number in the session, from 1: violations.suppression_id
    source TEXT NOT NULL CHECK (source = 'inline' OR source = 'policy' OR source = 'baseline'), -- where it is written: inline, policy or baseline
    rule_id TEXT NOT NULL CHECK (typeof(rule_id) = 'text'), -- the rule it covers
    path TEXT NOT NULL CHECK (typeof(path) = 'text'), -- file of an inline one, otherwise the patterns
    line INTEGER CHECK (typeof(line) IN ('integer', 'null')), -- line in the file or in the policy, from 1
    reason TEXT NOT NULL CHECK (typeof(reason) = 'text'), -- why it is accepted
    owner TEXT CHECK (typeof(owner) IN ('text', 'null')), -- who answers for it
    expires TEXT CHECK (typeof(expires) IN ('text', 'null')), -- last day on which it holds, YYYY-MM-DD
    matched INTEGER NOT NULL CHECK (typeof(matched) = 'integer') -- violations it covered
);
-- Short columns that every sum looks at come before the long ones.
CREATE TABLE violations (
    id INTEGER PRIMARY KEY, -- number of the row in this file
    deployment_id TEXT NOT NULL REFERENCES deployment_sessions (deployment_id), -- session
    stage TEXT NOT NULL CHECK (stage IN ('pre_deployment', 'post_deployment')), -- where it was first seen
    rule_id TEXT NOT NULL CHECK (typeof(rule_id) = 'text'), -- the rule's name in the policy
    severity TEXT NOT NULL CHECK (severity = 'note' OR severity = 'warning' OR severity = 'error'), -- note, warning or error
    subject TEXT NOT NULL CHECK (subject = 'file' OR subject = 'directory' OR subject = 'requirement' OR subject = 'policy'), -- what the path stands for
    state TEXT NOT NULL CHECK (state = 'open' OR state = 'new' OR state = 'existing' OR state = 'suppressed'), -- suppressed, or whether a base or baseline has it
    resolution TEXT CHECK (resolution IN ('fixed', 'removed')), -- what phases 2 and 3 did about it; empty if nothing
    path TEXT NOT NULL CHECK (typeof(path) = 'text'), -- relative to the workspace, with /; bytes that are not UTF-8 as \xNN
    path_bytes BLOB CHECK (typeof(path_bytes) IN ('blob', 'null')), -- the raw path, where it is not UTF-8
    line INTEGER CHECK (typeof(line) IN ('integer', 'null')), -- first line, from 1
    "column" INTEGER CHECK (typeof("column") IN ('integer', 'null')), -- first column, from 1 [characters]
    end_line INTEGER CHECK (typeof(end_line) IN ('integer', 'null')), -- last line, from 1
    end_column INTEGER CHECK (typeof(end_column) IN ('integer', 'null')), -- one past the last column [characters]
    column_bytes INTEGER CHECK (typeof(column_bytes) IN ('integer', 'null')), -- the same as column in UTF-8 bytes; empty where equal to it [bytes]
    end_column_bytes INTEGER CHECK (typeof(end_column_bytes) IN ('integer', 'null')), -- the same as end_column in UTF-8 bytes; empty where equal to it [bytes]
    column_utf16 INTEGER CHECK (typeof(column_utf16) IN ('integer', 'null')), -- the same as column in UTF-16 code units; empty where equal to it [code units]
    end_column_utf16 INTEGER CHECK (typeof(end_column_utf16) IN ('integer', 'null')), -- the same as end_column in UTF-16 code units; empty where equal to it [code units]
    message TEXT NOT NULL CHECK (typeof(message) = 'text'), -- what is wrong; may hold untrusted text
    excerpt TEXT CHECK (typeof(excerpt) IN ('text', 'null')), -- the source line, clipped, secrets masked; untrusted text
    excerpt_column INTEGER CHECK (typeof(excerpt_column) IN ('integer', 'null')), -- column of the excerpt's first character [characters]
    fingerprint TEXT NOT NULL CHECK (typeof(fingerprint) = 'text'), -- identity of the violation, the same when unrelated lines move
    suppression_id INTEGER CHECK (typeof(suppression_id) IN ('integer', 'null')) -- suppressions.number of the same session
);
CREATE TABLE detections (
    id INTEGER PRIMARY KEY, -- number of the row in this file
    deployment_id TEXT NOT NULL REFERENCES deployment_sessions (deployment_id), -- session
    violation_fingerprint TEXT NOT NULL CHECK (typeof(violation_fingerprint) = 'text'), -- violations.fingerprint of the same session
    detector TEXT NOT NULL CHECK (typeof(detector) = 'text'), -- id of the detector
    superseded_by TEXT CHECK (typeof(superseded_by) IN ('text', 'null')), -- id of the detector that is reported in its place; empty for the one that is reported
    path TEXT NOT NULL CHECK (typeof(path) = 'text'), -- relative to the workspace, with /; bytes that are not UTF-8 as \xNN
    path_bytes BLOB CHECK (typeof(path_bytes) IN ('blob', 'null')), -- the raw path, where it is not UTF-8
    line INTEGER NOT NULL CHECK (typeof(line) = 'integer'), -- first line of the credential, from 1
    "column" INTEGER NOT NULL CHECK (typeof("column") = 'integer'), -- first column of the credential, from 1 [characters]
    end_line INTEGER NOT NULL CHECK (typeof(end_line) = 'integer'), -- last line, from 1
    end_column INTEGER NOT NULL CHECK (typeof(end_column) = 'integer'), -- one past the last column [characters]
    preview TEXT NOT NULL CHECK (typeof(preview) = 'text'), -- the credential with nearly all of it masked
    secret_fingerprint TEXT NOT NULL CHECK (typeof(secret_fingerprint) = 'text') -- first 16 bytes of its HMAC-SHA-256 by a key that is in no record: the same for equal credentials
);
CREATE TABLE fixes (
    id INTEGER PRIMARY KEY, -- number of the row in this file
    deployment_id TEXT NOT NULL REFERENCES deployment_sessions (deployment_id), -- session
    rule_id TEXT NOT NULL CHECK (typeof(rule_id) = 'text'), -- the rule whose violations it fixes
    path TEXT NOT NULL CHECK (typeof(path) = 'text'), -- relative to the workspace; bytes that are not UTF-8 as \xNN
    path_bytes BLOB CHECK (typeof(path_bytes) IN ('blob', 'null')), -- the raw path, where it is not UTF-8
    status TEXT NOT NULL CHECK (typeof(status) = 'text'), -- planned, intent (about to write), then what was observed: applied, skipped: REASON, refused: REASON, failed: REASON; applied_unconfirmed and unknown: interrupted in the act
    edits INTEGER NOT NULL CHECK (typeof(edits) = 'integer'), -- places changed in the file
    safety TEXT NOT NULL CHECK (safety = 'safe' OR safety = 'unsafe'), -- safe, or unsafe: only where the policy allows it
    before_sha256 TEXT CHECK (typeof(before_sha256) IN ('text', 'null')), -- SHA-256 of the file before all fixes, hex; empty if there was none
    after_sha256 TEXT CHECK (typeof(after_sha256) IN ('text', 'null')) -- SHA-256 of the file after all fixes, hex
);
CREATE TABLE cleanup_details (
    action_id INTEGER PRIMARY KEY REFERENCES cleanup_actions (id), -- the row of cleanup_actions
    deployment_id TEXT NOT NULL REFERENCES deployment_sessions (deployment_id), -- session
    number INTEGER NOT NULL CHECK (typeof(number) = 'integer'), -- number in the session's plan, from 1
    cleanup_rule TEXT NOT NULL CHECK (typeof(cleanup_rule) = 'text'), -- the cleanup rule that wants it
    bytes INTEGER NOT NULL CHECK (typeof(bytes) = 'integer'), -- size of the target [bytes]
    state TEXT NOT NULL CHECK (state = 'planned' OR state = 'intent' OR state = 'removed' OR state = 'quarantined' OR state = 'restored' OR state = 'already_gone' OR state = 'skipped' OR state = 'refused' OR state = 'failed' OR state = 'applied_unconfirmed' OR state = 'unknown'), -- planned, intent (about to act), then the first word of the result; applied_unconfirmed and unknown: interrupted in the act
    path_bytes BLOB CHECK (typeof(path_bytes) IN ('blob', 'null')), -- the raw target path, where it is not UTF-8
    identity TEXT NOT NULL CHECK (typeof(identity) = 'text'), -- JSON object: what identified the target when it was planned
    kept_at TEXT CHECK (typeof(kept_at) IN ('text', 'null')) -- where a quarantined file is, relative to the workspace
);
CREATE TABLE skipped_files (
    id INTEGER PRIMARY KEY, -- number of the row in this file
    deployment_id TEXT NOT NULL REFERENCES deployment_sessions (deployment_id), -- session
    path TEXT NOT NULL CHECK (typeof(path) = 'text'), -- relative to the workspace; bytes that are not UTF-8 as \xNN
    path_bytes BLOB CHECK (typeof(path_bytes) IN ('blob', 'null')), -- the raw path, where it is not UTF-8
    reason TEXT NOT NULL CHECK (typeof(reason) = 'text'), -- why it was not fully checked
    size INTEGER CHECK (typeof(size) IN ('integer', 'null')) -- size, if known [bytes]
);
CREATE TABLE seal (
    id INTEGER PRIMARY KEY, -- number of the row in this file
    deployment_id TEXT NOT NULL UNIQUE REFERENCES deployment_sessions (deployment_id), -- session
    format TEXT NOT NULL CHECK (typeof(format) = 'text'), -- how the digest is computed: fg-session-1
    row_counts TEXT NOT NULL CHECK (typeof(row_counts) = 'text'), -- JSON object: rows of the session in each table
    table_digests TEXT NOT NULL CHECK (typeof(table_digests) = 'text'), -- JSON object: SHA-256 over the session's rows in each table
    digest TEXT NOT NULL CHECK (typeof(digest) = 'text'), -- SHA-256 over the whole session and its place in the file, hex
    complete INTEGER NOT NULL CHECK (complete IN (0, 1)), -- 1: the run wrote all it had to write; 0: sealed after an interruption
    ambiguous INTEGER NOT NULL CHECK (typeof(ambiguous) = 'integer'), -- cleanup actions and fixes of which nobody knows whether they happened
    tool_version TEXT NOT NULL CHECK (typeof(tool_version) = 'text'), -- version of factory-gate that sealed
    sqlite_version TEXT NOT NULL CHECK (typeof(sqlite_version) = 'text'), -- version of SQLite that wrote
    sealed_at TEXT NOT NULL CHECK (typeof(sealed_at) = 'text'), -- ISO 8601, UTC, milliseconds, Z
    position INTEGER NOT NULL CHECK (typeof(position) = 'integer'), -- number of the session among the sealed ones of this file, from 1
    previous TEXT NOT NULL CHECK (typeof(previous) = 'text'), -- digest of the sealed session before; of the first: of the rows taken over from an earlier system
    finaliser TEXT NOT NULL CHECK (finaliser = 'vacuum' OR finaliser = 'append' OR finaliser = 'rename') -- how it got into this file; not part of the digest
);
CREATE TABLE _columns (
    table_name TEXT NOT NULL, -- table or view
    column_name TEXT NOT NULL, -- column
    description TEXT NOT NULL, -- what it holds
    unit TEXT, -- unit of a number, if it has one
    PRIMARY KEY (table_name, column_name)
);

--: v_latest_session.deployment_id session of the run that was added last
--: v_latest_session.start_time ISO 8601, UTC
--: v_latest_session.end_time ISO 8601, UTC
--: v_latest_session.status how the session ended
--: v_latest_session.verdict the gate's verdict
--: v_latest_session.verdict_reasons JSON list of sentences
--: v_latest_session.exit_code exit code of the program
--: v_latest_session.workspace_path what was looked at
--: v_latest_session.head_sha commit at HEAD
--: v_latest_session.files_scanned files that the rules looked at
--: v_latest_session.files_skipped paths not fully checked
--: v_latest_session.phases_completed phases that ran to their end
--: v_latest_session.compliance_score of the last stage that was recorded [percent]
--: v_latest_session.complete 1 if the record of the session is complete
CREATE VIEW v_latest_session AS
SELECT s.deployment_id, s.start_time, s.end_time, s.status, d.verdict, d.verdict_reasons, d.exit_code,
    s.workspace_path, d.head_sha, d.files_scanned, d.files_skipped, s.phases_completed,
    (SELECT f.compliance_score FROM factory_validation f WHERE f.deployment_id = s.deployment_id
        ORDER BY f.id DESC LIMIT 1) AS compliance_score,
    (SELECT l.complete FROM seal l WHERE l.deployment_id = s.deployment_id) AS complete
FROM deployment_sessions s LEFT JOIN session_details d ON d.deployment_id = s.deployment_id
WHERE d.scope IS NOT 'restore' ORDER BY s.id DESC LIMIT 1;

--: v_open_violations.deployment_id session
--: v_open_violations.severity note, warning or error
--: v_open_violations.rule_id the rule's name in the policy
--: v_open_violations.subject what the path stands for
--: v_open_violations.path relative to the workspace
--: v_open_violations.line first line, from 1
--: v_open_violations.column first column, from 1 [characters]
--: v_open_violations.message what is wrong
--: v_open_violations.state open, new or existing
--: v_open_violations.stage where it was first seen
--: v_open_violations.fingerprint identity of the violation
--: v_open_violations.fix status of the fix that its rule has for this path, see fixes; empty if it has none
CREATE VIEW v_open_violations AS
SELECT deployment_id, severity, rule_id, subject, path, line, "column", message, state, stage, fingerprint,
    (SELECT f.status FROM fixes f WHERE f.deployment_id = v.deployment_id AND f.rule_id = v.rule_id
        AND f.path = v.path ORDER BY f.id LIMIT 1) AS fix
FROM violations v WHERE state <> 'suppressed' AND resolution IS NULL;

--: v_violations_by_rule.deployment_id session
--: v_violations_by_rule.rule_id the rule's name in the policy
--: v_violations_by_rule.severity note, warning or error
--: v_violations_by_rule.open neither suppressed nor resolved
--: v_violations_by_rule.suppressed accepted with a reason
--: v_violations_by_rule.resolved fixed or removed, and not suppressed
--: v_violations_by_rule.paths different paths, whatever the state
CREATE VIEW v_violations_by_rule AS
SELECT deployment_id, rule_id, severity,
    SUM(state <> 'suppressed' AND resolution IS NULL) AS open,
    SUM(state = 'suppressed') AS suppressed,
    SUM(state <> 'suppressed' AND resolution IS NOT NULL) AS resolved,
    COUNT(DISTINCT path) AS paths
FROM violations GROUP BY deployment_id, rule_id, severity;

--: v_cleanup_timeline.deployment_id session
--: v_cleanup_timeline.timestamp of the plan or of the observation
--: v_cleanup_timeline.action_type what was to be done
--: v_cleanup_timeline.target_path relative to the workspace
--: v_cleanup_timeline.action_result planned, or what was observed
--: v_cleanup_timeline.files_affected how many files it really changed
--: v_cleanup_timeline.cleanup_rule the cleanup rule that wanted it
--: v_cleanup_timeline.bytes size of the target [bytes]
--: v_cleanup_timeline.state planned, intent, or the first word of the result
CREATE VIEW v_cleanup_timeline AS
SELECT a.deployment_id, a.timestamp, a.action_type, a.target_path, a.action_result, a.files_affected,
    d.cleanup_rule, d.bytes, d.state
FROM cleanup_actions a LEFT JOIN cleanup_details d ON d.action_id = a.id
ORDER BY a.timestamp, a.id;

--: v_trend.deployment_id session
--: v_trend.start_time ISO 8601, UTC
--: v_trend.status how the session ended
--: v_trend.verdict the gate's verdict
--: v_trend.files_scanned files that the rules looked at
--: v_trend.violations_before violations_found of pre_deployment
--: v_trend.violations_after violations_found of post_deployment
--: v_trend.score_before compliance_score of pre_deployment [percent]
--: v_trend.score_after compliance_score of post_deployment [percent]
CREATE VIEW v_trend AS
SELECT s.deployment_id, s.start_time, s.status, d.verdict, d.files_scanned,
    (SELECT f.violations_found FROM factory_validation f WHERE f.deployment_id = s.deployment_id
        AND f.validation_type = 'pre_deployment' ORDER BY f.id DESC LIMIT 1) AS violations_before,
    (SELECT f.violations_found FROM factory_validation f WHERE f.deployment_id = s.deployment_id
        AND f.validation_type = 'post_deployment' ORDER BY f.id DESC LIMIT 1) AS violations_after,
    (SELECT f.compliance_score FROM factory_validation f WHERE f.deployment_id = s.deployment_id
        AND f.validation_type = 'pre_deployment' ORDER BY f.id DESC LIMIT 1) AS score_before,
    (SELECT f.compliance_score FROM factory_validation f WHERE f.deployment_id = s.deployment_id
        AND f.validation_type = 'post_deployment' ORDER BY f.id DESC LIMIT 1) AS score_after
FROM deployment_sessions s LEFT JOIN session_details d ON d.deployment_id = s.deployment_id
WHERE d.scope IS NOT 'restore' ORDER BY s.id;

--: v_compliance.deployment_id session
--: v_compliance.stage pre_deployment or post_deployment
--: v_compliance.files_checked files looked at, from factory_validation
--: v_compliance.requirements required things looked for, from rule_results
--: v_compliance.other_things directories and policy entries that fail
--: v_compliance.things_checked files_checked + requirements + other_things
--: v_compliance.things_failing different things with an unsuppressed error or warning
--: v_compliance.violations_found unsuppressed errors and warnings; of post_deployment those not resolved
--: v_compliance.compliance_score 100 x (1 - things_failing / things_checked), 100 if nothing was to be checked [percent]
-- DISTINCT changes no row, since the id is among them; it keeps SQLite from computing each sum once per mention.
CREATE VIEW v_compliance AS
WITH stages AS (
    SELECT DISTINCT f.id, f.deployment_id AS deployment_id, f.validation_type AS stage, f.files_checked AS files_checked,
        (SELECT COALESCE(SUM(r.requirements), 0) FROM rule_results r
            WHERE r.deployment_id = f.deployment_id AND r.stage = f.validation_type) AS requirements,
        (SELECT COUNT(*) FROM (SELECT DISTINCT v.subject, v.path, v.path_bytes FROM violations v
            WHERE v.deployment_id = f.deployment_id AND v.subject IN ('directory', 'policy')
                AND v.state <> 'suppressed' AND v.severity <> 'note'
                AND CASE f.validation_type WHEN 'pre_deployment' THEN v.stage = 'pre_deployment' ELSE v.resolution IS NULL END
            )) AS other_things,
        (SELECT COUNT(*) FROM (SELECT DISTINCT v.subject, v.path, v.path_bytes FROM violations v
            WHERE v.deployment_id = f.deployment_id AND v.state <> 'suppressed' AND v.severity <> 'note'
                AND CASE f.validation_type WHEN 'pre_deployment' THEN v.stage = 'pre_deployment' ELSE v.resolution IS NULL END
            )) AS things_failing,
        (SELECT COUNT(*) FROM violations v
            WHERE v.deployment_id = f.deployment_id AND v.state <> 'suppressed' AND v.severity <> 'note'
                AND CASE f.validation_type WHEN 'pre_deployment' THEN v.stage = 'pre_deployment' ELSE v.resolution IS NULL END
            ) AS violations_found
    FROM factory_validation f JOIN session_details d ON d.deployment_id = f.deployment_id
)
SELECT deployment_id, stage, files_checked, requirements, other_things,
    files_checked + requirements + other_things AS things_checked, things_failing, violations_found,
    CASE files_checked + requirements + other_things WHEN 0 THEN 100.0
        ELSE 100.0 * (1.0 - CAST(things_failing AS REAL) / (files_checked + requirements + other_things)) END AS compliance_score
FROM stages;

--@ indexes
CREATE INDEX violations_by_session ON violations (deployment_id);
CREATE INDEX fixes_by_path ON fixes (deployment_id, rule_id, path);
CREATE INDEX detections_by_violation ON detections (deployment_id, violation_fingerprint);
CREATE INDEX skipped_files_by_session ON skipped_files (deployment_id);
CREATE INDEX cleanup_actions_by_session ON cleanup_actions (deployment_id);
CREATE INDEX factory_validation_by_session ON factory_validation (deployment_id);
