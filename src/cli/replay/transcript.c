#include "transcript.h"

#include "../ledger_args.h"

#include "qw/pgwire.h"

#include <stdlib.h>

struct waiting { /* a statement whose result has not come yet; results of a pipeline come later, in
		    order */
	struct waiting *next;
	uint64_t id;
	struct qw_buf sql, binds, denial, protocol; /* denial: why, when it was denied */
	bool is_denied;			  /* perhaps no result will come */
};

struct transcript {
	struct page *out;
	struct waiting *first;
	char database[64];
	char status; /* of the transaction: I, T, E */
};

struct transcript *transcript_new(struct page *out)
{
	struct transcript *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->out = out;
	t->status = 'I';
	memcpy(t->database, "?", 2);
	return t;
}

static void waiting_free(struct waiting *w)
{
	qw_buf_fini(&w->sql);
	qw_buf_fini(&w->binds);
	qw_buf_fini(&w->denial);
	qw_buf_fini(&w->protocol);
	free(w);
}

void transcript_free(struct transcript *t)
{
	if (!t)
		return;
	while (t->first) {
		struct waiting *w = t->first;

		t->first = w->next;
		waiting_free(w);
	}
	free(t);
}

static void put_prompt(struct transcript *t, char kind)
{
	page_safe(t->out, qw_bytes_from(t->database));
	page_printf(t->out, "%c%s> ", kind, t->status == 'T' ? "*" : t->status == 'E' ? "!" : "");
}

/* Each further line has a prompt of its own, so that a statement cannot look like what comes after
 * it. */
static void put_statement(struct transcript *t, const struct waiting *w)
{
	struct qw_bytes sql = qw_buf_pending(&w->sql);
	const uint8_t *end;

	put_prompt(t, '=');
	while (sql.n && (end = memchr(sql.p, '\n', sql.n))) {
		size_t n = (size_t)(end - sql.p);

		page_safe(t->out, qw_bytes(sql.p, n && sql.p[n - 1] == '\r' ? n - 1 : n));
		page_text(t->out, "\n");
		sql = qw_bytes(end + 1, sql.n - n - 1);
		put_prompt(t, '-');
	}
	page_safe(t->out, sql);
	page_text(t->out, sql.n && sql.p[sql.n - 1] == ';' ? "\n" : ";\n");
	if (qw_buf_pending(&w->binds).n) {
		page_text(t->out, "-- with ");
		page_safe(t->out, qw_buf_pending(&w->binds));
		page_text(t->out, "\n");
	}
}

static void put_opening(
	struct transcript *t, const struct qw_record_header *h, struct qw_bytes fields)
{
	struct qw_bytes database = ledger_field(fields, QW_FIELD_DATABASE);
	size_t n = database.n < sizeof(t->database) ? database.n : sizeof(t->database) - 1;

	if (n) {
		memcpy(t->database, database.p, n);
		t->database[n] = '\0';
	}
	page_text(t->out, "-- ");
	page_time(t->out, h->wall_us);
	page_text(t->out, h->type == QW_RECORD_SESSION_REFUSED ? " refused: " : " opened by ");
	if (h->type == QW_RECORD_SESSION_REFUSED)
		page_safe(t->out, ledger_field(fields, QW_FIELD_REASON));
	else
		page_safe(t->out, ledger_field(fields, QW_FIELD_SUBJECT));
	page_text(t->out, " as ");
	page_safe(t->out, ledger_field(fields, QW_FIELD_ROLE));
	page_text(t->out, "\n\n");
}

static int keep_denial(struct waiting *w, struct qw_bytes fields)
{
	struct qw_bytes rule = ledger_field(fields, QW_FIELD_RULE),
			reason = ledger_field(fields, QW_FIELD_REASON);
	struct qw_bytes said = reason.n ? reason : rule; /* the reason names the rule */
	int err = 0;

	w->is_denied = true;
	qw_buf_init(&w->denial, 1 << 20);
	if (said.n)
		err = qw_buf_append(&w->denial, ": ", 2);
	return err ? err : qw_buf_append(&w->denial, said.p, said.n);
}

static bool is_mysql(struct qw_bytes protocol)
{
	return protocol.n > 6 && memcmp(protocol.p, "mysql-", 6) == 0;
}

static int hold(struct transcript *t, struct qw_bytes fields)
{
	struct qw_bytes sql = ledger_field(fields, QW_FIELD_SQL),
			binds = ledger_field(fields, QW_FIELD_BINDS), protocol = ledger_field(fields, QW_FIELD_PROTOCOL);
	struct waiting *w = calloc(1, sizeof(*w)), **at = &t->first;
	int err;

	if (!w)
		return QW_E_NOMEM;
	w->id = qw_record_u64_value(ledger_field(fields, QW_FIELD_STATEMENT_ID));
	qw_buf_init(&w->sql, 1 << 30);
	qw_buf_init(&w->binds, 1 << 30);
	qw_buf_init(&w->protocol, 1 << 20);
	err = qw_buf_append(&w->sql, sql.p, sql.n);
	if (!err)
		err = qw_buf_append(&w->protocol, protocol.p, protocol.n);
	if (!err && binds.n &&
		(is_mysql(protocol) ? transcript_mysql_binds(binds, &w->binds) : pgwire_binds_text(binds, &w->binds, 4096)) != 0) {
		qw_buf_clear(&w->binds);
		err = qw_buf_printf(&w->binds, "%zu bytes of values that cannot be read", binds.n);
	}
	if (!err && qw_bytes_equal(ledger_field(fields, QW_FIELD_DECISION), QW_LIT("deny")))
		err = keep_denial(w, fields);
	while (*at)
		at = &(*at)->next;
	*at = w;
	return err;
}

static struct waiting *take(struct transcript *t, uint64_t id)
{
	for (struct waiting **at = &t->first; *at; at = &(*at)->next) {
		struct waiting *w = *at;

		if (w->id == id) {
			*at = w->next;
			return w;
		}
	}
	return NULL;
}

static int put_result(struct transcript *t, struct qw_bytes fields)
{
	struct waiting *w =
		take(t, qw_record_u64_value(ledger_field(fields, QW_FIELD_STATEMENT_ID)));
	struct qw_bytes response = ledger_field(fields, QW_FIELD_RESPONSE),
			tag = ledger_field(fields, QW_FIELD_TAG);
	bool truncated = qw_record_u64_value(ledger_field(fields, QW_FIELD_TRUNCATED)) != 0;
	int err = 0;

	if (w)
		put_statement(t, w);
	if (w && is_mysql(qw_buf_pending(&w->protocol)))
		err = transcript_mysql(t->out, response, truncated, qw_buf_pending(&w->protocol));
	else if (response.n || truncated)
		err = transcript_response(t->out, response, truncated, &t->status);
	if (!response.n && tag.n) {
		page_safe(t->out, tag);
		page_text(t->out, "\n");
	} else if (!response.n && !tag.n) {
		page_text(t->out, "-- ");
		page_safe(t->out, ledger_field(fields, QW_FIELD_OUTCOME));
		page_text(t->out, "\n");
	}
	page_text(t->out, "\n");
	if (w)
		waiting_free(w);
	return err;
}

static void put_without_result(struct transcript *t)
{
	struct waiting *w = t->first;

	t->first = w->next;
	put_statement(t, w);
	page_text(t->out, w->is_denied ? "-- denied" : "-- no result is recorded");
	page_safe(t->out, qw_buf_pending(&w->denial));
	page_text(t->out, "\n\n");
	waiting_free(w);
}

/* A refusal is answered at once, with or without a result record: it is shown before whatever comes
 * next. */
static void put_denied(
	struct transcript *t, const struct qw_record_header *h, struct qw_bytes fields)
{
	uint64_t id = qw_record_u64_value(ledger_field(fields, QW_FIELD_STATEMENT_ID));

	while (t->first && t->first->is_denied &&
		(h->type != QW_RECORD_RESULT || t->first->id != id))
		put_without_result(t);
}

static void put_approval(struct transcript *t, struct qw_bytes fields)
{
	page_text(t->out, "-- approval ");
	page_safe(t->out, ledger_field(fields, QW_FIELD_APPROVAL_ID));
	page_text(t->out, " ");
	page_safe(t->out, ledger_field(fields, QW_FIELD_APPROVAL_EVENT));
	if (ledger_field(fields, QW_FIELD_APPROVER).n) {
		page_text(t->out, " by ");
		page_safe(t->out, ledger_field(fields, QW_FIELD_APPROVER));
	}
	page_text(t->out, "\n");
}

static void put_closing(struct transcript *t, struct qw_bytes fields)
{
	page_text(t->out, "-- closed: ");
	page_safe(t->out, ledger_field(fields, QW_FIELD_REASON));
	page_text(t->out, "\n");
}

int transcript_record(
	struct transcript *t, const struct qw_record_header *h, struct qw_bytes fields)
{
	int err = 0;

	put_denied(t, h, fields);
	if (h->type == QW_RECORD_SESSION_OPEN || h->type == QW_RECORD_SESSION_REFUSED)
		put_opening(t, h, fields);
	else if (h->type == QW_RECORD_STATEMENT)
		err = hold(t, fields);
	else if (h->type == QW_RECORD_RESULT)
		err = put_result(t, fields);
	else if (h->type == QW_RECORD_APPROVAL)
		put_approval(t, fields);
	else if (h->type == QW_RECORD_SESSION_CLOSE) {
		err = transcript_end(t);
		put_closing(t, fields);
	}
	return err ? err : t->out->err;
}

int transcript_end(struct transcript *t)
{
	while (t->first)
		put_without_result(t);
	return t->out->err;
}
