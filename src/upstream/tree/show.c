/*
 * What the server makes of a statement, for `querywarden explain`: it is analysed as a session has it analysed (Parse, never
 * Execute), in a transaction that reads only and is rolled back.
 */
#include <stdio.h>
#include <stdlib.h>

#include "../catalog/reading.h"

enum { ASK_MS = 20000, STATEMENT_BYTES_MAX = 64 << 20 };

struct upstream_tree {
	PGconn *pg;
	struct qw_buf *out; /* NULL: nobody listens */
	unsigned shown;
	int err;
};

/* ---- what it prints ---- */

static bool says(const PGresult *r, int field, const char *text)
{
	const char *got = PQresultErrorField(r, field);

	return got && strcmp(got, text) == 0;
}

/* Functions of users can say the same words (RAISE), but from another routine. */
static bool is_tree(const PGresult *r)
{
	return says(r, PG_DIAG_SEVERITY_NONLOCALIZED, "LOG") && says(r, PG_DIAG_SQLSTATE, "00000") &&
		says(r, PG_DIAG_MESSAGE_PRIMARY, "rewritten parse tree:") && says(r, PG_DIAG_SOURCE_FUNCTION, "elog_node_display");
}

static void on_notice(void *ctx, const PGresult *r)
{
	struct upstream_tree *t = ctx;
	const char *detail = t->out && is_tree(r) ? PQresultErrorField(r, PG_DIAG_MESSAGE_DETAIL) : NULL;

	if (!detail)
		return;
	t->shown++;
	if (!t->err)
		t->err = qw_buf_append(t->out, detail, strlen(detail));
}

/* ---- asking ---- */

static const char begin_sql[] = "begin transaction read only";
static const char print_sql[] =
	"select pg_catalog.set_config('client_min_messages', 'log', true), pg_catalog.set_config('debug_pretty_print', 'off', true),"
	" pg_catalog.set_config('debug_print_parse', 'off', true), pg_catalog.set_config('debug_print_plan', 'off', true),"
	" pg_catalog.set_config('debug_print_rewritten', 'on', true)";

static int prepare_print(struct reading *rd)
{
	PGresult *r = NULL;
	int err = reading_execute(rd, begin_sql);

	if (err)
		return err;
	err = reading_run(rd, print_sql, PGRES_TUPLES_OK, &r);
	PQclear(r);
	return err ? reading_fail(rd, print_sql) : 0;
}

/* What the server says against the statement is of its text and of names: no row has been read. */
static int refuse(struct upstream_failure *f, const PGresult *r)
{
	const char *sqlstate = PQresultErrorField(r, PG_DIAG_SQLSTATE), *text = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);

	return upstream_fail(f, QW_E_MALFORMED, sqlstate ? sqlstate : "XX000", "the database cannot analyse this statement", "%s",
		text ? text : "");
}

static int parse(struct reading *rd, const char *sql, const uint32_t *types, size_t type_count)
{
	PGresult *r = NULL, *next = NULL;
	int err = PQsendPrepare(rd->pg, "", sql, (int)type_count, types) == 1 ? upstream_result(rd->pg, rd->deadline_ms, &r) : QW_E_IO;

	if (err || !r)
		return reading_fail(rd, "the statement");
	if (PQresultStatus(r) != PGRES_COMMAND_OK)
		err = PQresultErrorField(r, PG_DIAG_SQLSTATE) ? refuse(rd->f, r) : reading_fail(rd, "the statement");
	PQclear(r);
	while (upstream_result(rd->pg, rd->deadline_ms, &next) == 0 && next)
		PQclear(next);
	return err;
}

/* Exactly one tree, complete. */
static int check(const struct upstream_tree *t, struct upstream_failure *f)
{
	if (t->shown == 1 && !t->err)
		return 0;
	return upstream_fail(f, t->err ? t->err : QW_E_UNSUPPORTED, "0A000", "the database did not show what it made of this statement",
		"%u trees came%s%s", t->shown, t->err ? ": " : "", t->err ? qw_error_text(t->err) : "");
}

int upstream_tree_show(struct upstream_tree *t, const struct upstream_question *q, struct qw_buf *out, struct upstream_failure *failure)
{
	struct reading rd = {.pg = t->pg, .f = failure, .deadline_ms = upstream_now_ms() + ASK_MS};
	struct qw_buf sql;
	int err, ended;

	*failure = (struct upstream_failure){.sqlstate = ""};
	qw_buf_init(&sql, STATEMENT_BYTES_MAX);
	err = q->type_count > UINT16_MAX ? QW_E_LIMIT : qw_buf_append(&sql, q->sql.p, q->sql.n);
	if (!err)
		err = qw_buf_append(&sql, "", 1);
	if (err)
		(void)upstream_fail(failure, err, "54000", "the statement is too long to be shown to the database", "%s",
			qw_error_text(err));
	else
		err = prepare_print(&rd);
	if (!err) {
		t->out = out;
		t->shown = 0;
		t->err = 0;
		err = parse(&rd, (const char *)sql.p, q->types, q->type_count);
		t->out = NULL;
		if (!err)
			err = check(t, failure);
	}
	qw_buf_fini(&sql);
	ended = PQtransactionStatus(t->pg) == PQTRANS_IDLE || err == QW_E_IO ? 0 : reading_execute(&rd, "rollback");
	return err ? err : ended;
}

/* ---- life ---- */

int upstream_tree_open(struct vault *v, const struct upstream_target *t, const char *database, struct upstream_tree **out,
	struct upstream_failure *failure)
{
	static const char extra[] = "-c default_transaction_read_only=on -c statement_timeout=10000 -c lock_timeout=1000";
	struct upstream_request request = {.target = t, .database = database, .application_name = "querywarden explain"};
	struct upstream_tree *made = calloc(1, sizeof(*made));
	struct reading rd = {.f = failure};
	int err;

	*out = NULL;
	*failure = (struct upstream_failure){.sqlstate = ""};
	if (t->dialect != UPSTREAM_POSTGRES) {
		free(made);
		return upstream_fail(failure, QW_E_UNSUPPORTED, "0A000", "this database does not show what it makes of a statement",
			"target %s is not PostgreSQL", t->name);
	}
	err = made ? upstream_open(v, &request, extra, &made->pg, failure) : reading_fail_build(&rd, QW_E_NOMEM);
	if (!err && PQsetnonblocking(made->pg, 1) != 0) {
		rd.pg = made->pg;
		err = reading_fail(&rd, "non-blocking mode");
	}
	if (err) {
		upstream_tree_free(made);
		return err;
	}
	(void)PQsetNoticeReceiver(made->pg, on_notice, made);
	*out = made;
	return 0;
}

unsigned upstream_tree_server_major(const struct upstream_tree *t)
{
	return (unsigned)PQserverVersion(t->pg) / 10000;
}

void upstream_tree_free(struct upstream_tree *t)
{
	if (!t)
		return;
	upstream_drop(t->pg);
	free(t);
}
