#include "ledger_args.h"
#include "page.h"

#include "qw/cli.h"

#include <stdlib.h>

enum {
	CELL_MAX = 64,
	ROLE_WIDTH = 12,
	SUBJECT_WIDTH = 24,
	DATABASE_WIDTH = 12
}; /* a longer cell pushes its row */

struct summary {
	struct qw_record_header first;
	struct qw_bytes fields; /* of the opening record; borrowed */
	struct qw_buf reason;
	uint64_t last_us, statements, refused, held;
	bool is_closed;
};

struct listing {
	struct audit_reader *reader;
	const struct ledger_args *args;
	struct page page;
	size_t shown;
	int err;
};

static int set_reason(struct summary *s, struct qw_bytes text)
{
	qw_buf_clear(&s->reason);
	return qw_buf_append(&s->reason, text.p, text.n);
}

static bool count(void *ctx, uint64_t seq, struct qw_bytes record)
{
	struct summary *s = ctx;
	struct qw_record_header h;
	struct qw_bytes fields, decision;

	(void)seq;
	if (qw_record_open(record, &h, &fields))
		return true;
	s->last_us = h.mono_us;
	if (h.type == QW_RECORD_STATEMENT) {
		decision = ledger_field(fields, QW_FIELD_DECISION);
		s->statements++;
		s->refused += qw_bytes_equal(decision, QW_LIT("deny"));
		s->held += qw_bytes_equal(decision, QW_LIT("review"));
	} else if (h.type == QW_RECORD_SESSION_CLOSE || h.type == QW_RECORD_SESSION_REFUSED) {
		s->is_closed = true;
		return set_reason(s, ledger_field(fields, QW_FIELD_REASON)) == 0;
	}
	return true;
}

static uint64_t duration_us(const struct summary *s)
{
	return s->last_us > s->first.mono_us ? s->last_us - s->first.mono_us : 0;
}

static const char *close_word(const struct summary *s)
{
	if (s->first.type == QW_RECORD_SESSION_REFUSED)
		return "refused: ";
	return s->is_closed ? "" : "(open, or the gateway died)";
}

static void put_cell(struct page *p, struct qw_bytes text, size_t width)
{
	size_t start = p->b.n - p->b.off, used;

	page_safe_cut(p, text, CELL_MAX);
	used = p->err ? 0
		      : page_width(qw_bytes(p->b.p + p->b.off + start, p->b.n - p->b.off - start));
	page_fill(p, ' ', used < width ? width - used + 1 : 1);
}

static void put_row(struct page *p, const struct summary *s)
{
	char id[2 * QW_SESSION_ID_BYTES + 1];
	double seconds = (double)duration_us(s) / 1e6;

	qw_hex(qw_bytes(s->first.session, QW_SESSION_ID_BYTES), id);
	page_printf(p, "%.12s ", id);
	page_time(p, s->first.wall_us);
	page_printf(p, " %9.1fs ", seconds);
	put_cell(p, ledger_field(s->fields, QW_FIELD_ROLE), ROLE_WIDTH);
	put_cell(p, ledger_field(s->fields, QW_FIELD_SUBJECT), SUBJECT_WIDTH);
	put_cell(p, ledger_field(s->fields, QW_FIELD_DATABASE), DATABASE_WIDTH);
	page_printf(p, "%6llu %6llu %5llu  %s", (unsigned long long)s->statements,
		(unsigned long long)s->refused, (unsigned long long)s->held, close_word(s));
	page_safe_cut(p, qw_buf_pending(&s->reason), 200);
	page_text(p, "\n");
}

static void put_json_text(struct page *p, const char *name, struct qw_bytes v)
{
	if (!v.n)
		return;
	page_printf(p, ",\"%s%s\":", name, qw_utf8_valid(v) ? "" : "_base64");
	if (qw_utf8_valid(v)) {
		page_json(p, v);
		return;
	}
	page_text(p, "\"");
	page_base64(p, v);
	page_text(p, "\"");
}

static void put_json(struct page *p, const struct summary *s)
{
	static const enum qw_record_field shown[] = {QW_FIELD_CLIENT, QW_FIELD_ISSUER,
		QW_FIELD_SUBJECT, QW_FIELD_ACTOR, QW_FIELD_ROLE, QW_FIELD_TARGET, QW_FIELD_DATABASE,
		QW_FIELD_APPLICATION};
	char id[2 * QW_SESSION_ID_BYTES + 1];

	qw_hex(qw_bytes(s->first.session, QW_SESSION_ID_BYTES), id);
	page_printf(p, "{\"session\":\"%s\",\"start\":\"", id);
	page_time(p, s->first.wall_us);
	page_printf(p, "\",\"duration_us\":%llu,\"accepted\":%s,\"closed\":%s",
		(unsigned long long)duration_us(s),
		s->first.type == QW_RECORD_SESSION_REFUSED ? "false" : "true",
		s->is_closed ? "true" : "false");
	for (size_t i = 0; i < QW_COUNT(shown); i++)
		put_json_text(
			p, qw_record_field_name(shown[i], NULL), ledger_field(s->fields, shown[i]));
	page_printf(p, ",\"statements\":%llu,\"refused\":%llu,\"held\":%llu",
		(unsigned long long)s->statements, (unsigned long long)s->refused,
		(unsigned long long)s->held);
	put_json_text(p, "reason", qw_buf_pending(&s->reason));
	page_text(p, "}\n");
}

static bool show(void *ctx, uint64_t seq, struct qw_bytes record)
{
	struct listing *l = ctx;
	struct summary s = {0};

	(void)seq;
	if (qw_record_open(record, &s.first, &s.fields))
		return true;
	qw_buf_init(&s.reason, 1 << 20);
	l->err = audit_each_of_session(l->reader, s.first.session, count, &s);
	if (!l->err) {
		if (l->args->json)
			put_json(&l->page, &s);
		else
			put_row(&l->page, &s);
		l->err = page_flush(&l->page, stdout);
	}
	qw_buf_fini(&s.reason);
	return !l->err && (l->args->limit == 0 || ++l->shown < l->args->limit);
}

static int list(const struct ledger_args *args)
{
	struct listing l = {.args = args};
	int err = ledger_args_open(args, &l.reader);

	if (err)
		return 1;
	if (!args->json)
		(void)printf("%-12s %-24s %10s %-12s %-24s %-12s %6s %6s %5s  %s\n", "SESSION",
			"START", "DURATION", "ROLE", "SUBJECT", "DATABASE", "STMTS", "DENIED",
			"HELD", "CLOSED");
	page_init(&l.page);
	err = audit_each_session(l.reader, show, &l);
	page_fini(&l.page);
	audit_reader_close(l.reader);
	err = err ? err : l.err;
	if (fflush(stdout) != 0 || err) {
		(void)fprintf(stderr, "sessions: %s\n", qw_error_text(err ? err : QW_E_IO));
		return 1;
	}
	return 0;
}

int cli_sessions(int argc, char **argv)
{
	struct ledger_args args;

	if (ledger_args_parse(argc, argv, &args) || args.id || args.transcript) {
		(void)fputs("usage: querywarden sessions [--json] [--limit N] --config FILE | "
			    "--audit DIR\n",
			stderr);
		return 2;
	}
	return list(&args);
}
