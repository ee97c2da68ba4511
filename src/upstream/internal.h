/* Inside the upstream room: what connecting and reading the catalog share. */
#ifndef QW_UPSTREAM_INTERNAL_H
#define QW_UPSTREAM_INTERNAL_H

#include <libpq-fe.h>

#include "qw/upstream.h"

enum { UPSTREAM_OPTIONS_MAX = 8000 }; /* a startup packet holds 10,000 bytes (MAX_STARTUP_PACKET_LENGTH) */

/* Connected, authenticated and checked. `extra` goes between the request's settings and ours. */
int upstream_open(struct vault *v, const struct upstream_request *r, const char *extra, PGconn **out,
	struct upstream_failure *f) QW_MUST_CHECK;

/* options.c: the value of libpq's `options`, NUL-terminated in `out`. MALFORMED: a name or value that cannot go there. */
int upstream_options(const struct upstream_parameter *settings, size_t count, const char *extra, struct qw_buf *out)
	QW_MUST_CHECK;

/* failure.c: fills *f and returns the error to pass on. */
int upstream_fail(struct upstream_failure *f, int err, const char *sqlstate, const char *message, const char *fmt, ...)
	QW_PRINTF(5, 6);
/*
 * From the server's SQLSTATE ("": none), or from an error text with SQLSTATEs in it (PQERRORS_VERBOSE). `secret` is blotted out
 * wherever it occurs in the text.
 */
int upstream_fail_state(struct upstream_failure *f, const char *sqlstate, const char *text, struct qw_bytes secret);
int upstream_fail_text(struct upstream_failure *f, const char *text, struct qw_bytes secret);
bool upstream_last_sqlstate(const char *text, char out[6]);

/* views.c: describes every view's defining query and sets the origins of its columns. Rows of `defs`: oid, natts, text.
 * No text, or one that the server refuses: the view is unresolved. */
int upstream_describe_views(PGconn *pg, const PGresult *defs, struct catalog_builder *b, int64_t deadline_ms) QW_MUST_CHECK;
/* What the rule `action` (pg_rewrite.ev_action) reads of relations that pg_depend leaves out because they are pinned. */
int upstream_pinned_depends(uint32_t view_oid, const char *action, bool perminfos, struct catalog_builder *b) QW_MUST_CHECK;

/* open.c, for both protocols: what the vault has for the target, as a user and a password; wrong: *f is filled. */
int upstream_credential(struct vault *v, const struct upstream_target *t, struct vault_secret *s, struct upstream_failure *f)
	QW_MUST_CHECK;
uint32_t upstream_timeout_s(const struct upstream_target *t);
const char *upstream_tls_mode(const struct upstream_target *t);
bool upstream_is_tls_mode(const char *mode);
/* Nothing there that would tell libpq or the MySQL client library where and how to connect. */
bool upstream_environment_is_clean(void);

int64_t upstream_now_ms(void); /* monotonic */
/* Until the socket is ready for `events` of poll(2): 0, EXPIRED, IO. */
int upstream_wait(PGconn *pg, short events, int64_t deadline_ms) QW_MUST_CHECK;
/* PQgetResult with a deadline, on a connection in non-blocking mode. *out may be NULL: that command is done. */
int upstream_result(PGconn *pg, int64_t deadline_ms, PGresult **out) QW_MUST_CHECK;
/* Nothing more will be said on it: PQfinish then cannot wait for a peer that does not read. NULL is fine. */
void upstream_drop(PGconn *pg);

#endif
