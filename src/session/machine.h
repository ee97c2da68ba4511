/* The inside of the session room. Nobody else includes this. */
#ifndef SESSION_MACHINE_H
#define SESSION_MACHINE_H

#include <stdio.h>

#include "qw/detect.h"
#include "qw/digest.h"
#include "qw/pgwire.h"
#include "qw/session.h"
#include "qw/world.h"

/*
 *   FIRST -> HANDSHAKE -> FIRST (inside TLS) -> PASSWORD -> IDENTIFYING -> CONNECTING -> LABELLING -> OPENING -> READY
 *   any -> CLOSED
 */
enum session_state {
	STATE_FIRST,
	STATE_HANDSHAKE,
	STATE_PASSWORD,
	STATE_IDENTIFYING,
	STATE_CONNECTING,
	STATE_LABELLING, /* waiting for the first labels */
	STATE_OPENING, /* waiting for the record of the session's opening */
	STATE_READY,
	STATE_CLOSED
};

/*
 * What the server's own tree says of each statement of a text (flow.h): asked once, then kept by the session for as long
 * as labels, settings and types of the parameters are the same.
 */
struct tree_notes { /* of the resolution's arena */
	uint32_t *relations; /* OIDs, each as often as it is read or written, views' own, too */
	size_t relation_count;
	uint8_t digest[QW_DIGEST_BYTES]; /* of the tree's text: what is analysed again must be the same */
	struct qw_bytes description; /* of the columns that COPY gives: body of RowDescription */
	size_t query_count; /* rules make more, or none, of one statement */
	bool is_whole, has_cte;
};
struct resolution {
	unsigned refs;
	struct qw_arena arena;
	struct labels *labels;
	uint8_t under[QW_DIGEST_BYTES]; /* settings, and types of parameters */
	struct flow_result *flows; /* of each statement, */
	struct tree_notes *notes; /* in the same order */
	bool *is_asked; /* that a tree was asked for */
	size_t count;
	bool forgot_plans; /* older analyses of what was prepared before are forgotten */
};

/* A text, its facts and its verdict. Shared by the verdict cache, prepared statements, portals and running statements. */
struct judged {
	unsigned refs;
	struct my_statement **trees; /* MySQL: as many as facts.list */
	struct judged *origin; /* whose facts and verdict these are: a text that differs only in integers (template.c); NULL: none */
	struct qw_arena arena;
	struct qw_bytes sql;
	struct qw_statements facts;
	struct policy_verdict verdict;
	char policy_revision[20]; /* judged under this policy, */
	uint64_t role_bit; /* for this role of it, */
	const char *database; /* in this database, */
	struct labels *labels; /* and under these; NULL: the role masks nothing */
	bool *is_clear; /* of each statement: provably nothing that only the server's tree could tell */
	struct columns *columns; /* what its last description came to under `labels`; NULL: described less than twice */
	bool is_described;
	bool is_proven; /* described whole, nothing to refuse, under `labels` and the settings of this digest */
	uint8_t proven_under[QW_DIGEST_BYTES];
	bool touched; /* mentions a sensitive column */
	bool shows_definitions; /* of the server's catalogs: content detectors look at what it computes */
	bool names_unknown; /* a relation that the labels do not know */
	bool relation_touched; /* mentions a relation that has sensitive columns */
	const char *touched_name;
	const char *verbs, *objects; /* as the record names them; NULL: not asked for yet */
	bool by_name; /* EXECUTE, FETCH ...: depends on the session, never cached */
	bool writes, is_ddl, copies_in, changes_settings, ends_tx, is_unparsed;
	bool secret_copied, secret_written, secret_set; /* one of its statements reads a sensitive column, and: COPY TO, writes, set_config() */
};

/* What bounds what a unit delivers and does: guards/. */
struct spent { /* of a statement, over all its runs: Executes of a portal, FETCHes of a cursor */
	uint64_t rows, bytes, us;
};
struct guard {
	struct limits limits;
	struct spent spent; /* of the running statement, where no portal or cursor counts it */
	uint64_t since_us; /* the server is at it since then; 0: not yet */
	uint64_t rows_wanted, rows_given; /* by an Execute that was sent without its row limit */
	bool is_on; /* there is a limit */
	bool writes;
	bool is_over; /* nothing more of it leaves */
	bool is_muted; /* an earlier part of the pipeline failed for the client */
	bool rest_dropped; /* rows_wanted were given, there were more */
};
enum guard_step { /* messages of our own around what is guarded */
	GUARD_NONE,
	GUARD_BEGIN, /* of the transaction that a simple statement is carried in */
	GUARD_END, /* and its COMMIT or ROLLBACK */
	GUARD_FAIL /* fails a transaction whose error the client has read already */
};
struct cut { /* a limit is passed by what the server does now */
	bool is_on, is_told, is_poisoned;
	enum limits_kind kind;
	uint64_t limit, again_us;
};

/* A prepared statement, by Parse or by SQL PREPARE: one name space. */
struct prepared {
	struct prepared *next;
	unsigned refs;
	char *name;
	struct judged *judged;
	size_t index; /* by PREPARE: which statement of that text it is */
	bool by_sql; /* by PREPARE: `judged` is of the text that it stood in */
	uint8_t *types; /* of the parameters, as Parse declared them: the same text is another statement with others */
	size_t type_bytes;
};

/* What a result column is looked at for, by content detectors. */
struct scan {
	struct detect_column column; /* form NONE: not looked at */
	const char *name; /* for the record: schema.table.column, or as the result names it */
	bool is_opaque; /* nothing in it can be replaced: a find hides all of it */
	bool may_hold_hex; /* text that may hold a bytea; a find in that hides all of it */
	bool is_definition, is_bytes; /* literals in it are hidden (literals.c); it is a bytea in binary */
	bool is_composed; /* of definitions and other texts */
};

/* What the server said of a result's columns, and what is done to each. */
struct columns {
	unsigned refs;
	struct qw_arena arena;
	struct labels *labels; /* under which they were made; NULL: none */
	struct resolution *resolution; /* and from which; NULL: from the description alone */
	struct qw_bytes description; /* body of RowDescription as sent to the client */
	struct mask_column *list;
	const char **names; /* schema.table.column of masked columns, else NULL */
	struct scan *scans; /* NULL: none is looked at */
	size_t *subjects; /* of each column: 1 + the column whose value decides its mask, 0: none; NULL: no mask wants one */
	size_t count;
	bool any_masked, any_scanned, hides_plan;
};

/* A portal, by Bind or by DECLARE CURSOR: one name space. */
struct portal {
	struct portal *next;
	unsigned refs;
	char *name;
	struct judged *judged;
	struct prepared *statement; /* of Bind; NULL: unknown, or by DECLARE */
	uint8_t *binds;
	size_t bind_bytes;
	struct columns *columns; /* NULL until described */
	struct resolution *resolution; /* under which it ran first, or was declared; NULL: none was needed */
	size_t resolved_index; /* which statement of it, where a name stands for it */
	struct refusal *refusal; /* its columns cannot be masked */
	struct judged *source; /* of an EXECUTE or FETCH: what the name stood for when the server bound it, */
	uint8_t bound_under[QW_DIGEST_BYTES]; /* and the settings then: EXECUTE is planned again when it runs */
	bool describe_sent; /* a Describe of it is under way or answered */
	bool by_sql, with_hold;
	struct spent spent;
	bool is_cut_off; /* the rest of its rows was dropped */
	bool is_watched; /* its Bind shows what it was analysed as, and is not answered yet */
	bool is_seen; /* it was what was judged */
	bool is_changed; /* it was not */
};

/* One response being delivered: from a Query or an Execute. */
struct unit {
	unsigned refs;
	uint64_t id; /* statement number within the session */
	struct judged *judged;
	struct resolution *resolution; /* NULL: no tree was needed */
	size_t resolved_index; /* which statement of it, when: */
	bool is_named; /* the rows are those of what a name stands for: EXECUTE, FETCH, a portal of SQL's PREPARE or DECLARE */
	struct columns *columns;
	uint64_t rows, bytes, started_us;
	struct qw_buf kept; /* the first bytes as sent, for the record */
	struct copyout *copyout; /* rows of COPY that are taken apart; NULL: none */
	struct findings *findings; /* of content detectors; NULL: none */
	struct qw_digest *digest;
	size_t statement_index; /* of a Query: how many have completed */
	bool truncated, is_simple, failed, is_done;
	char tag[96];
	bool owes_columns; /* RowDescription waits for the first row, as behind a Query that writes */
	bool owes_tag; /* CommandComplete waits for what commits it */
	struct guard guard;
	const char *rule; /* why it was ended; static */
};

/* What the server still has to answer, in order. */
enum pending_kind {
	PENDING_PARSE,
	PENDING_BIND,
	PENDING_DESCRIBE_STATEMENT,
	PENDING_DESCRIBE_PORTAL,
	PENDING_EXECUTE,
	PENDING_CLOSE,
	PENDING_SYNC,
	PENDING_QUERY,
	PENDING_FASTPATH
};
struct pending {
	enum pending_kind kind;
	uint8_t close_kind; /* CLOSE: 'S' or 'P' */
	bool is_ours; /* injected: the answer is not for the client */
	bool is_poison; /* must fail: the answer becomes `refusal` */
	enum guard_step guard; /* ours, around what is guarded */
	bool copy_may_start; /* EXECUTE, QUERY: the answer decides whether COPY data or messages come next */
	bool is_preflight; /* asks for the columns of a simple statement before it runs */
	bool is_resolve, is_tree, is_last; /* asks for the tree: part of that; what gives the tree; the end of it */
	bool is_watched; /* BIND: the client's, and trees are shown */
	bool tells_bind; /* ours: when it is answered, the client's Bind is; an error to ours is one to that */
	bool is_carried; /* QUERY: sent as Describe, Execute and Sync of what was judged */
	struct prepared *prepared; /* PARSE */
	struct portal *portal; /* BIND, DESCRIBE_PORTAL, EXECUTE */
	char *name; /* CLOSE */
	struct unit *unit; /* EXECUTE, QUERY */
	struct refusal *refusal;
	struct unit *pins; /* ours: behind what this did, pins are set again (emulate.c) */
	unsigned pins_left; /* QUERY: so many of the tags that come next are of statements of ours */
};

/* Why something is refused, as the agent reads it. */
struct refusal {
	struct qw_arena arena;
	const char *sqlstate, *message, *detail, *hint;
	const char *rule;
	const char *verb, *object, *ticket; /* for programs, see refusal_put(); NULL: there is none */
};

enum run_stage { /* of the client message at the front that runs SQL */
	RUN_IDLE,
	RUN_JUDGE,
	RUN_PARSING, /* waits for PARSED */
	RUN_RESOLVE, /* asks for the server's trees of the statements that need it, one by one */
	RUN_RESOLVING, /* waits for one */
	RUN_DESCRIBE,
	RUN_DESCRIBING, /* waits for the server's description */
	RUN_BINDING, /* waits for the Bind of what is carried */
	RUN_REVIEW,
	RUN_HOLDING, /* waits for a person */
	RUN_RECORD,
	RUN_RECORDING, /* waits for AUDITED */
	RUN_FORWARD,
	RUN_REFUSE,
	RUN_REFUSE_RECORDING,
	RUN_REFUSE_INJECT,
	RUN_FAILED /* the preflight's error was the answer: only ReadyForQuery is left */
};

struct run {
	enum run_stage stage;
	struct judged *judged;
	struct portal *portal; /* Execute */
	struct unit *unit;
	struct refusal *refusal;
	struct policy_verdict verdict; /* of the text, then with what its trees show: the strictest */
	struct resolution *resolution; /* being made, or found */
	size_t resolve_index; /* the statement whose tree is asked for */
	bool has_tree;
	struct qw_bytes parse_types; /* Parse: declared types of the parameters, in the message */
	struct columns *described; /* answer of the preflight */
	size_t preflight_index; /* which statement of the text */
	uint64_t audit_seq_wanted; /* counts AUDIT actions that wait */
	bool is_query, is_parse, is_bind, is_fastpath, approved, preflight_failed, labels_asked, was_described,
		is_recorded /* as let through, and not sent yet: it is owed a RESULT */;
	bool is_counted, is_taken, taints; /* by guards/: once for a run */
	bool is_open; /* Query: the transaction of its question goes on; it is ended before anything else is answered */
	bool is_printing; /* and the server shows the trees of whatever it analyses */
	bool is_carried, is_seen; /* the server's unnamed statement is this one; it was bound, and is what was judged */
	uint64_t hold_until_us, next_notice_us;
	char approval_id[APPROVAL_ID_CHARS + 1];
};

struct queued_action {
	struct session_action action;
	size_t bytes_at; /* offset into `blob`, when has_blob */
	size_t bytes_n;
	bool has_blob;
};

enum { NAME_BUCKETS = 64, NAME_BYTES_MAX = 63, NAMES_MAX = 20000, PENDING_MAX = 65536 };

enum { RESOLUTIONS_KEPT = 64 };
struct session {
	struct my_conversation *my; /* the client speaks MySQL (mysql/conversation.h); NULL: PostgreSQL */
	const struct session_options *options;
	struct session_options own;
	const struct config *config;
	const struct policy *policy;
	const struct policy_role *role;
	enum session_state state;
	struct session_now now;
	struct qw_arena arena; /* lives as long as the session */

	/* actions */
	struct queued_action *queue;
	size_t queue_head, queue_count, queue_cap;
	struct qw_buf blob; /* records and other bytes of queued actions */
	struct approval asked; /* what the running ASK action points to */
	struct qw_arena hold_arena;
	bool wipe_blob; /* a token went through it */
	bool send_queued[2], paused[2];
	uint64_t armed_us;

	/* bytes */
	struct qw_buf in[2], out[2];
	uint64_t pass_through[2]; /* bytes of the current message that go on as they come */
	bool eof[2];

	/* who */
	bool is_tls, saw_ssl_request, saw_gss_request;
	const char *tls_text;
	uint16_t minor; /* protocol 3.minor */
	struct pgwire_startup *startup;
	const char *user, *database, *application_name;
	struct upstream_parameter *settings;
	size_t setting_count;
	struct principal principal;
	const struct config_target *target;
	struct session_connect connect;
	struct session_connected connected;
	uint64_t session_seq;
	uint64_t login_deadline_us, session_deadline_us;
	bool is_open_recorded, is_closed_recorded;
	bool pins_off, unparsed_ok; /* the role may: set.pinned, unparsed */

	/* labels */
	struct labels *labels;
	uint64_t labels_at_us; /* when they came */
	struct {
		struct judged *owner;
		struct resolution *resolution;
	} kept[RESOLUTIONS_KEPT]; /* what the trees of this session's texts showed; by the owner's address */
	uint64_t unknown_at_us; /* when newer ones were asked for, since a tree held a relation that they do not know; 0: never */
	bool labels_pending, labels_stale, up_waits_labels, up_asked_labels;

	/* guards/ */
	bool has_moments, has_untrusted; /* the role has such rules, such columns */
	bool wants_trees, needs_trees; /* for anything; whatever is masked */
	bool is_tainted;
	const char *tainted_by;
	struct limits limits; /* of the role alone */
	const char *limits_key; /* the principal in the table */
	bool is_entered;
	struct cut cut;
	struct unit *carried; /* runs in a transaction of ours */
	uint8_t carried_status; /* ReadyForQuery of it */
	bool end_waits; /* what ends the transaction waits: a cancel could hit it, or it would stand inside of a message */
	bool ready_told; /* ReadyForQuery went to the client already */
	uint64_t guard_last; /* `pushed` at the last message that is guarded */
	bool guard_closed; /* a Sync was sent behind it */
	bool drop_rest; /* of the message being passed through from upstream */
	bool pipe_writes; /* something was sent since the last Sync that may write */

	/* conversation */
	struct prepared *prepared[NAME_BUCKETS];
	struct portal *portals[NAME_BUCKETS];
	size_t prepared_count, portal_count;
	struct pending *pending;
	size_t pending_head, pending_count, pending_cap, pending_syncs;
	uint64_t pushed, flushed; /* how many were ever pushed, and how many of them are sure to be answered */
	struct run run;
	struct unit *unit; /* whose response is being delivered now */
	size_t account_mark; /* out[CLIENT] up to here is in the unit's digest */
	uint64_t statement_count, audit_waits, audit_done;
	uint8_t tx_status; /* of the last ReadyForQuery */
	bool unsynced; /* extended messages since the last Sync */
	bool front_waits; /* the client's message at the front is whole and cannot be done yet */
	bool unsynced_portals; /* a Bind or Execute among them */
	bool skipping; /* an error was answered: the client's messages are dropped up to Sync */
	bool copy_in, copy_out;
	bool copy_data_goes_on; /* the CopyData being passed: its header went to the server */
	bool tx_wrote, tx_ddl, tx_settings;
	uint64_t tx_noted; /* `pushed` when one of these was last set: an earlier ReadyForQuery is not the end of that */
	bool is_record_lost; /* for lack of memory: the session ends */
	bool found_logged; /* that detectors found something */
	bool cancel_in_flight, draining, client_gone, was_fatal;
	uint8_t settings_digest[QW_DIGEST_BYTES], login_digest[QW_DIGEST_BYTES];
	struct { /* a RESET ALL or DISCARD ALL was sent: when all up to `at` is answered, settings are those of the login */
		bool is_on, is_whole; /* DISCARD ALL: with all else */
		uint64_t at;
		uint8_t digest[QW_DIGEST_BYTES]; /* and this is still that of the settings */
	} way_back;
	uint64_t pins_last; /* `pushed` at the last of our statements behind one */
	bool beyond_reset; /* something else than settings was changed: role, temporary relations */
	char poison[48], own_name[48]; /* what is refused for its name, which nobody has; and of what the gateway prepares */
	struct qw_digest *digest; /* spare, re-used by units */
	struct session_info info;
	const char *close_reason;
	struct qw_buf emulated; /* a Query as it is sent instead of the client's */
	struct qw_buf literals; /* one definition without its literals, */
	struct qw_buf scratch; /* one masked value */
	struct qw_buf scan; /* decoded bytes of one cell, for the detectors */
};

/* What a handler of the client's message at the front says. */
enum step { STEP_DONE, STEP_WAIT, STEP_CLOSED };

/* ---- actions.c ---- */
struct session_action *session_queue(struct session *s, enum session_action_kind kind);
void session_queue_bytes(struct session *s, enum session_action_kind kind, struct qw_bytes b);
void session_want_send(struct session *s, enum session_side side);
void session_log(struct session *s, const char *event, const char *detail);
void session_arm(struct session *s); /* re-computes the next deadline */
void session_out_of_memory(struct session *s); /* closes at once: nothing is half done */
/* Appends what a pgwire_put_* call said; any error closes. Use as session_put(s, side, pgwire_put_x(&s->out[side], ...)). */
void session_put(struct session *s, enum session_side side, int err);

/* ---- session.c ---- */
void session_close(struct session *s, const char *reason);
/* FATAL error to the client, then close. */
void session_fatal(struct session *s, const char *sqlstate, const char *message, const char *hint);

/* ---- ledger.c: records ---- */
void ledger_session_open(struct session *s);
void ledger_session_refused(struct session *s, const char *reason);
void ledger_session_close(struct session *s, const char *reason);
/* Queues the STATEMENT record; `wait` tells what AUDITED will mean. */
void ledger_statement(struct session *s, const struct run *r, const char *decision, enum session_wait wait);
void ledger_result(struct session *s, struct unit *u, const char *outcome);
void ledger_error(struct session *s, uint64_t statement_id, struct qw_bytes original);
enum session_wait ledger_wait_for(const struct session *s, const struct judged *j);

/* ---- judge.c, cache.c ---- */
struct judged *judged_ref(struct judged *j);
void judged_unref(struct judged *j);
/* Facts (from the cache or by parsing) and verdict. NULL: the text is long and is being parsed elsewhere, or no memory. */
struct judged *judge_text(struct session *s, struct qw_bytes sql);
/* The same from facts that are there already: they are copied. */
struct judged *judge_parsed(struct session *s, struct qw_bytes sql, const struct qw_statements *facts);
/* Nothing judged yet, only the text kept: while it is parsed elsewhere. */
struct judged *judged_stub(struct qw_bytes sql);
int judged_settle(struct session *s, struct judged *j); /* facts -> verdict, and what of it is kept */
int judged_unparsed(struct judged *j); /* its facts: one act, which no text describes */
int facts_copy(struct qw_arena *a, const struct qw_statements *from, struct qw_statements *to) QW_MUST_CHECK;
/* A verdict on acts that no text shows: startup settings, FunctionCall. */
void judge_acts(struct session *s, struct qw_act *acts, size_t n, struct policy_verdict *out);
/* EXECUTE and FETCH: adds what the name stands for. False: unknown name. Only when nothing is in flight. */
bool judge_resolve(struct session *s, struct judged *j, struct policy_verdict *v);
bool judged_has_transaction_verb(const struct judged *j);
struct judged *judge_named(const struct session *s, const struct judged *j); /* what it names now; NULL: unknown */
/* It runs, by name, a message's statement that itself goes by names or changes what they stand for: nobody could follow. */
bool judge_is_nested(const struct session *s, const struct judged *j);
/* Writes what the names of `j` stand for: for a person to read, or exactly, for a digest. */
int judge_spell_out(const struct session *s, const struct judged *j, struct qw_buf *out, bool is_exact) QW_MUST_CHECK;
void judge_bound(struct session *s, struct portal *p); /* Bind is confirmed: notes what it names */
bool judge_is_current(const struct session *s, const struct judged *j);
struct judged *verdict_cache_get(struct verdict_cache *c, const struct session *s, struct qw_bytes sql);
void verdict_cache_put(struct verdict_cache *c, struct judged *j); /* or not: a full set takes what comes again */
struct templates *verdict_cache_templates(struct verdict_cache *c);
/* template.c */
struct templates *templates_new(void); /* NULL: no memory */
void templates_free(struct templates *t);
struct judged *template_get(struct templates *t, const struct session *s, struct qw_bytes sql); /* a reference; NULL: none */
void template_put(struct templates *t, struct judged *j);
struct qw_arena *verdict_cache_scratch(struct verdict_cache *c); /* empty; until the next call */

/* ---- decide.c ---- */
void decide(struct session *s); /* stage JUDGE: on to RESOLVE, FORWARD (Parse) or REFUSE; or waits for labels */
bool decide_labels_ready(struct session *s); /* false: newer ones are on their way */
void decide_resolved(struct session *s); /* the trees are there: on to REVIEW, RECORD or REFUSE */

/* ---- resolution.c: what the server's trees say ---- */
struct resolution *resolution_ref(struct resolution *r);
void resolution_unref(struct resolution *r);
/* What is asked of the server for one statement. */
enum resolution_ask {
	RESOLUTION_NOTHING, /* it is provably clear, or a kind of statement that shows no tree and needs none */
	RESOLUTION_TEXT, /* a Parse of `text`, with these types of parameters */
	RESOLUTION_KNOWN, /* FETCH: `known`, statement `index` of it */
	RESOLUTION_IMPOSSIBLE
};
enum { RESOLUTION_TYPES_MAX = 100 };
struct resolution_need {
	enum resolution_ask ask;
	struct judged *owner; /* whose statement `index` it is: EXECUTE asks for what it names */
	size_t index;
	struct qw_bytes text; /* borrowed of the owner, or `made` */
	struct qw_bytes types; /* of parameters, as in Parse: 4 bytes each */
	uint8_t made_types[4 * RESOLUTION_TYPES_MAX]; /* where those of an SQL PREPARE are */
	struct resolution *known;
	bool is_named; /* the rows are those of statement `index` of the owner, or of what is known */
};
bool resolution_is_possible(const struct qw_statement *st); /* does it show a tree, itself or what it wraps? */
void resolution_need(struct session *s, const struct judged *j, size_t i, struct resolution_need *out);
/* Does something before statement `i` of the same text change what its names mean? */
bool resolution_is_disturbed(const struct judged *j, size_t i);
/* The one kept, if it is of these labels, settings and types; else a new one; NULL: no memory (closed). */
bool resolution_is_kept(struct session *s, const struct resolution_need *n); /* nothing needs to be asked */
/* One that is kept will not do: of several statements each is locked, a person has taken time, older analyses are not forgotten. */
bool resolution_must_be_new(const struct session *s, const struct resolution_need *n, const struct resolution *kept);
void resolution_keep(struct session *s, struct judged *owner, struct resolution *r);
void resolution_forget(struct session *s); /* all that is kept */
struct resolution *resolution_for(struct session *s, const struct resolution_need *n);
/* The columns of statement `i`, as the server described them: kept for COPY. */
void resolution_keep_description(struct resolution *r, size_t i, struct qw_bytes body);
/* The tree of statement `i` has come, or nothing that could be read as one: the flow of it is judged. */
void resolution_take(struct session *s, struct resolution *r, const struct resolution_need *n, struct qw_bytes tree);
/* Of what a unit delivers: NULL when no tree was asked for, or its rows are not those of the query (EXPLAIN). */
const struct flow_result *resolution_of_unit(const struct unit *u);
const struct flow_result *resolution_of_portal(const struct portal *p);
bool resolution_is_same(struct session *s, const struct resolution *r, size_t i, struct qw_bytes tree); /* the tree that was judged */
bool portal_is_named(const struct portal *p); /* it gives the rows of what a name of SQL stands for */

void tree_notes_take(struct qw_arena *arena, const struct qtree_value *trees, struct tree_notes *out);

/* writes.c: true: it would write what a mask or a detector made; the run is refused */
bool writes_object(struct session *s);

void verdict_tighten(struct policy_verdict *v, const struct policy_verdict *other); /* judge.c: the stricter, and all limits */

/* ---- guards/moments.c: freezes, rules with `when`, taint ---- */
bool moments_judge(struct session *s); /* the run, text and trees; false: refused */
void moments_judge_acts(struct session *s, struct qw_act *acts, size_t n, struct policy_verdict *v); /* that no text shows */
void moments_taint(struct session *s); /* the run is let through: what does it read? */
const struct flow_result *moments_flow(const struct run *r, size_t i); /* tree `i` of its resolution; NULL: not of the run */

/* ---- guards/admit.c: limits before anything runs ---- */
void guards_role(struct session *s); /* the role or its policy is new */
bool guards_admit(struct session *s); /* a session starts; false: refused and closed */
void guards_leave(struct session *s);
bool guards_count(struct session *s); /* statements_per_minute; false: refused */
bool guards_weigh(struct session *s); /* what its trees and facts say; false: refused */
bool guards_take(struct session *s); /* it will run: rates of comparisons; false: refused */
bool guards_want_tree(const struct session *s, const struct qw_statement *st, const struct limits *l); /* though it is clear */
struct refusal *guards_refusal(enum limits_kind kind, uint64_t limit);

/* ---- guards/deliver.c: limits while it runs ---- */
bool guards_row(struct session *s, struct pending *p, size_t bytes); /* counts a row; false: it does not leave */
enum guard_answer { GUARD_PASS, GUARD_QUIET /* not for the client */, GUARD_SUSPEND /* as PortalSuspended */, GUARD_TAKEN };
enum guard_answer guards_on_end(struct session *s, struct pending *p, const char *tag);
void guards_mute_rest(struct session *s); /* after QUIET: the pipeline has failed for the client */
bool guards_on_error(struct session *s, struct pending *p, struct qw_bytes body); /* true: the client has its error */
bool guards_swallow(struct session *s, struct pending *p, uint8_t type); /* true: not for the client */
bool guards_on_ready(struct session *s, enum guard_step step, bool is_ours, uint8_t status); /* true: taken */
void guards_try_end(struct session *s); /* what it waited for is over: CANCEL_DONE, the rest of a message of the client */
uint64_t guards_deadline(struct session *s);
void guards_tick(struct session *s);

/* ---- guards/send.c: what waits, and what is carried ---- */
bool guards_want_undo(const struct session *s); /* what runs may have to be undone */
bool guards_begin(const struct session *s); /* it will be carried in a transaction of ours */
bool guards_start(struct session *s); /* before it is sent; false: wait, or refused */
void guards_send(struct session *s, struct pending *p, uint8_t type, struct qw_bytes body); /* the message itself */
bool guards_must_wait(struct session *s, uint8_t type); /* the client's next message */
void guards_synced(struct session *s);
void guards_end(struct session *s); /* COMMIT, ROLLBACK, or a failure of our own */

/* ---- hold.c ---- */
void hold_start(struct session *s);
void hold_asked(struct session *s, const struct approval *a);
void hold_answered(struct session *s, const struct approval *a, bool approved);
void hold_tick(struct session *s);
void hold_end(struct session *s, const char *why); /* withdraws */

/* ---- names.c ---- */
bool names_are_short(const char *name);
struct prepared *prepared_new(const char *name, struct judged *j);
bool prepared_keep_types(struct prepared *p, struct qw_bytes types) QW_MUST_CHECK; /* false: no memory */
struct prepared *prepared_ref(struct prepared *p);
void prepared_unref(struct prepared *p);
struct prepared *prepared_find(const struct session *s, const char *name); /* what the server has confirmed */
bool prepared_install(struct session *s, struct prepared *p); /* replaces; takes a reference; false: too many */
void prepared_drop(struct session *s, const char *name); /* NULL: all */
struct portal *portal_new(const char *name, struct judged *j, struct qw_bytes binds);
struct portal *portal_ref(struct portal *p);
void portal_unref(struct portal *p);
struct portal *portal_find(const struct session *s, const char *name);
bool portal_install(struct session *s, struct portal *p);
void portal_drop(struct session *s, const char *name); /* NULL: all */
void portal_end_transaction(struct session *s); /* all but WITH HOLD cursors */
void names_fini(struct session *s);
void names_completed(struct session *s, const struct qw_statement *st, const struct unit *u); /* effects of SQL on names */

/* ---- emulate.c: RESET ALL, DISCARD ALL ---- */
bool emulate_is(const struct qw_statement *st);
void emulate_note(struct session *s, const struct judged *j); /* the run will be sent; before its own changes are noted */
/* Makes the run's message what is sent instead; borrowed until the next call. False: closed. Once it is sent: emulate_behind. */
bool emulate_body(struct session *s, struct qw_bytes *message);
void emulate_behind(struct session *s);
bool emulate_must_wait(struct session *s, uint8_t type); /* the client's next message */
bool emulate_on_message(struct session *s, struct pending *p, uint8_t type, struct qw_bytes body); /* false: not for it */
bool emulate_hides(const struct pending *p, const struct pgwire_parameter *setting); /* the client is not told; it is as pinned */
void emulate_completed(struct session *s, struct pending *p, const struct qw_statement *st, const char *tag);
void emulate_ready(struct session *s, uint8_t status); /* ReadyForQuery, while what it answers is in front */

/* ---- settings.c ---- */
void settings_extend(struct session *s, struct qw_bytes what);
bool settings_accept_startup(struct session *s, const struct pgwire_startup *st); /* false: refused, closed */
/* ParameterStatus from upstream: false when a pinned setting came loose. */
bool settings_still_pinned(const struct session *s, const struct pgwire_parameter *p);

/* ---- postgres/ ---- */
void startup_pump(struct session *s);
void startup_tls_ready(struct session *s, const struct session_tls *tls);
void login_identified(struct session *s, const struct principal *p);
void login_refused(struct session *s, const char *why);
void login_connected(struct session *s, const struct session_connected *c);
void login_connect_failed(struct session *s, const struct upstream_failure *f);
void login_labelled(struct session *s);
void login_opened(struct session *s);
void login_rights(struct session *s);
bool login_take_principal(struct session *s, const struct principal *p); /* false: no memory */
const char *login_copied(struct session *s, const char *text); /* session's arena; NULL for NULL */
uint64_t login_session_end(const struct session *s);
bool login_take_connected(struct session *s, const struct session_connected *c); /* false: no memory */
void login_refuse_role(struct session *s, const char *why);
void client_pump(struct session *s);
void upstream_pump(struct session *s);
void client_policy_changed(struct session *s);
bool client_is_idle(const struct session *s); /* nothing in flight, no transaction */
bool client_waits(const struct session *s); /* more of its bytes would change nothing now */

/* run.c */
enum step run_query(struct session *s, struct qw_bytes body);
enum step run_execute(struct session *s, struct qw_bytes body);
enum step run_parse(struct session *s, struct qw_bytes body);
enum step run_fastpath(struct session *s, struct qw_bytes body);
enum step run_go(struct session *s, uint8_t type, struct qw_bytes body); /* on with the run at the front */
void run_reset(struct session *s);
void run_skipped(struct session *s); /* what was let through will not run after all */
void run_refuse(struct session *s, struct refusal *why); /* takes `why`; the run goes on at RUN_REFUSE */

/* tree/question.c */
enum question_kind {
	QUESTION_ONLY,
	QUESTION_NAMED, /* of what was prepared before: no older analysis of it is used after this */
	QUESTION_BIND, /* the same, and the Bind that comes next shows what it is analysed as */
	QUESTION_CARRIED /* the server's unnamed statement stays, to be bound and executed */
};
void question_send(struct session *s, struct qw_bytes text, struct qw_bytes types, enum question_kind kind);
bool question_close(struct session *s); /* ends the transaction of a Query's question: true when there was one */
void question_watched(struct session *s); /* the same behind a client's Bind */
void question_quiet(struct session *s); /* no more trees are shown; its end is the next step of the run */
void question_failed(struct session *s); /* it, or the Bind, was answered by an error */
void question_bind(struct session *s);
void question_execute(struct session *s);

/* tree/resolve.c */
void resolve_ask(struct session *s); /* stage RESOLVE */
bool resolve_on_message(struct session *s, struct pending *p, uint8_t type, struct qw_bytes body); /* false: not for it */
/* An error to what of a question; it was passed on: the statement is over. */
void resolve_failed(struct session *s, enum pending_kind kind, struct qw_bytes error);
void resolve_over(struct session *s); /* ReadyForQuery behind the Sync of a Query's question */

/* describe.c */
void describe_ask(struct session *s); /* stage DESCRIBE */
bool describe_answered(struct session *s); /* stage DESCRIBING; false: wait */
void describe_on_columns(struct session *s, struct pending *p, struct qw_bytes body); /* RowDescription */
void describe_on_none(struct session *s, struct pending *p, struct qw_bytes body); /* NoData */
/* ReadyForQuery of a preflight: run.preflight_failed and run.refusal say how it went. */
void describe_over(struct session *s);

/* extended.c */
enum step extended_bind(struct session *s, struct qw_bytes body);
enum step extended_describe(struct session *s, struct qw_bytes body);
enum step extended_close(struct session *s, struct qw_bytes body);
enum step extended_sync(struct session *s);
enum step extended_end(struct session *s); /* before a Query: DONE, or wait */

/* pending.c */
struct pending *pending_push(struct session *s, enum pending_kind kind); /* NULL: closed for lack of memory or too many */
struct pending *pending_front(struct session *s);
void pending_pop(struct session *s);
bool pending_may_start_copy(const struct session *s); /* the last thing sent */
/* Whoever waits for answers inside a pipeline calls this: the server keeps them to itself until Flush or Sync. */
void pending_flush(struct session *s);
void pending_skip_to_sync(struct session *s); /* after an error in the extended protocol */
void pending_lost(struct session *s); /* the session ends: what was not answered never will be */
void pending_fini(struct session *s);
/* The statement or portal that a name will stand for once everything in flight succeeded. *uncertain: it changes across a Sync. */
struct prepared *pending_prepared(struct session *s, const char *name, bool *uncertain);
struct portal *pending_portal(struct session *s, const char *name, bool *uncertain);

/* refuse.c */
struct refusal *refusal_new(const char *sqlstate, const char *rule, const char *message, const char *detail, const char *hint);
struct refusal *refusal_of_verdict(const struct policy_verdict *v, const struct judged *j);
struct refusal *refusal_about(struct refusal *r, const char *verb, const char *object); /* gives r; any may be NULL */
struct refusal *refusal_copy(const struct refusal *r);
void refusal_free(struct refusal *r);
/*
 * Everything that the gateway says of its own ends DETAIL with one line for programs (docs/errors.md): rule, sqlstate, verb,
 * object, ticket. ERROR by refusal_put(), other severities by refusal_put_as().
 */
void refusal_put(struct session *s, const struct refusal *r);
void refusal_put_as(struct session *s, const char *severity, const struct refusal *r);
int refusal_fields(struct qw_buf *out, const struct refusal *r); /* that line */
/* Makes the server fail at this point of the pipeline or transaction. False: wait until nothing is in flight. */
bool refuse_inject(struct session *s, struct refusal *r, bool is_query);

/* result.c */
void unit_unref(struct unit *u);
struct unit *unit_ref(struct unit *u);
struct unit *unit_new(struct session *s, struct judged *j, bool is_simple);
void columns_unref(struct columns *c);
struct columns *columns_ref(struct columns *c);
enum columns_answer { COLUMNS_OK, COLUMNS_UNKNOWN, COLUMNS_REFUSED };
struct refusal *columns_refusal(const char *which);
const struct mask_spec *columns_copy_spec(struct columns *c, const struct mask_spec *from);
/* What tells of the columns besides their description. */
struct columns_source {
	struct resolution *resolution; /* with `flow`: borrowed */
	const struct flow_result *flow; /* of the plan; NULL: only the description tells, and then: */
	bool is_strict; /* what is computed may hold something sensitive */
	bool shows_definitions; /* and something of the server's definitions, too */
	bool is_binary; /* COPY BINARY, whatever the description says */
};
/* RowDescription -> masks. UNKNOWN: the labels do not know a relation. REFUSED: *which names the column. */
enum columns_answer columns_make(struct session *s, struct qw_bytes body, const struct columns_source *from,
	struct columns **out, const char **which);
bool result_row(struct session *s, struct qw_bytes body); /* masks and appends one DataRow; false: closed */
void result_begin(struct session *s, struct unit *u); /* RowDescription, when it is still owed */
void result_account(struct session *s); /* bytes appended for the client since the last call belong to the unit */
void result_attach(struct session *s, struct unit *u); /* bytes appended from here on belong to `u`; NULL: to nobody */
void result_finish(struct session *s, const char *outcome);

/* ---- rows/ ---- */
/* subject.c */
bool subjects_find(const struct session *s, struct columns *c, const struct pgwire_column *cols,
	const struct columns_source *from); /* false: no memory */
const struct mask_subject *subject_of_row(const struct columns *c, size_t i, struct qw_bytes body, struct mask_subject *out);

/* cells.c */
enum cell { CELL_NULL /* the zero value shows nothing */, CELL_SAME, CELL_OTHER };
/* What the client sees of a value; OTHER: *out is borrowed until the next call. Finds are counted in s->unit. */
enum cell cell_make(struct session *s, const struct columns *c, size_t i, const struct mask_subject *subject,
	struct qw_bytes value, struct qw_bytes *out);

/* literals.c: of a definition; *out is borrowed until the next call */
enum cell literals_hide(struct session *s, const struct scan *scan, struct qw_bytes value, struct qw_bytes *out);

/* plans.c: of EXPLAIN; may it tell of sensitive columns? And the plan without that; *out is borrowed until the next call */
bool plans_tell(const struct columns_source *from, const struct columns *c, const struct pgwire_column *col);
enum cell plans_hide(struct session *s, struct qw_bytes value, struct qw_bytes *out);

/* copyout.c: COPY ... TO STDOUT */
bool copyout_wants_columns(const struct session *s, const struct judged *j, const struct qw_statement *st);
bool copyout_is_possible(const struct session *s, const struct qw_statement *st, const struct flow_result *f);
bool copyout_start(struct session *s, struct unit *u, struct qw_bytes response); /* CopyOutResponse; these: false: closed */
bool copyout_feed(struct session *s, struct qw_bytes part); /* of CopyData, for s->unit->copyout */
bool copyout_end(struct session *s, struct unit *u); /* CopyDone */
void copyout_free(struct copyout *c);

/* scan.c: content detectors */
bool scan_wanted(const struct session *s); /* the role has some */
bool scan_shows_definitions(const struct session *s, const struct judged *j, const struct flow_result *f);
bool scan_column(const struct session *s, struct columns *c, size_t i, const struct pgwire_column *col, const struct label *l,
	const struct columns_source *from); /* decides for one column that no mask hides; false: no memory */
void scan_found(struct session *s, struct unit *u, const char *column, const struct detect_found *found);
void scan_record(struct qw_record *r, const struct unit *u);
void scan_log(struct session *s, const struct unit *u);
void findings_free(struct findings *f);

/* ---- postgres/ ---- errors.c */
void errors_pass(struct session *s, uint8_t type, struct qw_bytes body, bool verbatim); /* reduced unless verbatim */
bool errors_may_be_verbatim(const struct session *s, const struct pending *p);
void errors_on_error(struct session *s, struct pending *p, struct qw_bytes body);

/* rows.c */
void rows_one(struct session *s, struct pending *p, struct qw_bytes body); /* one DataRow, masked */
size_t rows_stream(struct session *s, struct qw_bytes have); /* bytes taken; 0: masked, or nothing whole */
bool rows_start_copy(struct session *s, const struct pgwire_frame *f); /* false: stop pumping */
bool rows_drop(struct session *s, const struct pgwire_frame *f); /* likewise */
bool rows_pass_rest(struct session *s); /* of a message longer than what is here */

/* upstream.c */
void upstream_unexpected(struct session *s);

#endif
