/*
 * How much a statement, a session and a principal may use up: the values (policy files give them) and the counting, with
 * the time given by the caller. Pure.
 */
#ifndef QW_LIMITS_H
#define QW_LIMITS_H

#include "qw/base.h"

/* Each limit: id, field of struct limits = key of the policy file, what it bounds, what to do instead. Refused as "limit.FIELD". */
#define LIMITS(X) \
	X(ROWS_RETURNED, rows_returned, "rows that one statement returns", "Ask for fewer rows: add LIMIT, a WHERE, or an aggregate.") \
	X(BYTES_RETURNED, bytes_returned, "bytes of rows that one statement returns", "Ask for fewer or shorter columns, or fewer rows.") \
	X(ROWS_AFFECTED, rows_affected, "rows that one statement writes", "Write fewer rows in one statement: narrow the WHERE.") \
	X(STATEMENT_S, statement_s, "seconds that one statement runs", "Make it cheaper: use an index, a narrower WHERE, a LIMIT.") \
	X(CALL_ROWS, call_rows, "rows that one call of a generating function makes", "Generate fewer rows.") \
	X(CALL_BYTES, call_bytes, "bytes that one call of a repeating function makes", "Generate a shorter value.") \
	X(SESSIONS, sessions, "sessions of one principal at a time", "Close a session first, or use one that is open.") \
	X(STATEMENTS_PER_MINUTE, statements_per_minute, "statements of one principal in a minute", "Wait, and do more in one statement.")

enum limits_kind {
#define X(id, field, what, instead) LIMITS_##id,
	LIMITS(X)
#undef X
	LIMITS_COUNT
};
struct limits { /* 0: no limit */
#define X(id, field, what, instead) uint64_t field;
	LIMITS(X)
#undef X
};
void limits_tighten(struct limits *a, const struct limits *b); /* each of a becomes the stricter of both */
uint64_t limits_get(const struct limits *l, enum limits_kind kind);
void limits_set(struct limits *l, enum limits_kind kind, uint64_t value);
bool limits_allow(const struct limits *l, enum limits_kind kind, uint64_t used); /* used == the limit is allowed */
const char *limits_rule(enum limits_kind kind); /* "limit.rows_returned": stable */
const char *limits_what(enum limits_kind kind);
const char *limits_instead(enum limits_kind kind);

/* ---- counting: `mono_us` is a monotonic time; one that goes backwards refills nothing ---- */

/* A burst of at most `per_minute`, refilled evenly over a minute. Zeroed memory is a full bucket. */
struct limits_bucket {
	uint64_t used; /* 60,000,000 for each that was taken; per_minute less with every us: exact, also when the limit changes */
	uint64_t at_us;
};
/* All n or nothing. false: *wait_us (may be NULL) until they would be there; UINT64_MAX: never. per_minute 0: no limit. */
bool limits_take(struct limits_bucket *b, uint64_t per_minute, uint64_t n, uint64_t mono_us, uint64_t *wait_us);

/*
 * Counters that the sessions of a principal share. Bounded; what has refilled and has no session is forgotten when room is
 * needed. One thread at a time: the owner locks. NULL: out of memory.
 */
struct limits_table *limits_table_new(size_t entries_max);
void limits_table_free(struct limits_table *t);
/* `what`: "statements", "equality:MASK". LIMIT: *wait_us tells when; FULL, NOMEM: refuse, too. */
int limits_table_take(struct limits_table *t, const char *principal, const char *what, uint64_t per_minute, uint64_t n,
	uint64_t mono_us, uint64_t *wait_us) QW_MUST_CHECK;
/* A session starts: LIMIT (there are `max` already; 0: no limit, counted all the same), FULL, NOMEM. Each 0 needs one leave. */
int limits_table_enter(struct limits_table *t, const char *principal, uint64_t max, uint64_t mono_us) QW_MUST_CHECK;
void limits_table_leave(struct limits_table *t, const char *principal);

/* ---- what a call of a built-in function would make, as far as its constant arguments tell ---- */
struct limits_argument {
	enum { LIMITS_ARG_UNKNOWN, LIMITS_ARG_NULL, LIMITS_ARG_NUMBER, LIMITS_ARG_TEXT } kind;
	int64_t number; /* NUMBER: the value, cut at the ends; TEXT: its bytes */
};
struct limits_cost {
	uint64_t rows, bytes;
};
/* `function`: a name in pg_catalog: generate_series, repeat, lpad, rpad. false: nothing is known of this call. A text of unknown length counts as one byte. */
bool limits_call_cost(const char *function, const struct limits_argument *args, size_t count, struct limits_cost *out);

#endif
