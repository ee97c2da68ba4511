#include "../ledger_args.h"
#include "../page.h"
#include "transcript.h"

#include "qw/cli.h"

#include <stdlib.h>

enum { SQL_SHOWN = 160, TEXT_SHOWN = 300 };

struct replay {
	const struct ledger_args *args;
	struct page page;
	struct transcript *transcript;
	uint64_t start_us;
	bool has_start;
	int err;
};

/* ---- JSON Lines: everything that is recorded ---- */

static void put_json_value(struct page *p, unsigned tag, struct qw_bytes v)
{
	enum qw_field_kind kind;
	const char *name = qw_record_field_name(tag, &kind);
	bool is_text = kind == QW_KIND_TEXT && qw_utf8_valid(v), is_number = kind == QW_KIND_U64,
	     is_hex = kind == QW_KIND_DIGEST;

	if (kind == QW_KIND_UNKNOWN)
		page_printf(p, ",\"field_%u_base64\":", tag);
	else
		page_printf(p, ",\"%s%s\":", name, is_text || is_number || is_hex ? "" : "_base64");
	if (is_number) {
		page_printf(p, "%llu", (unsigned long long)qw_record_u64_value(v));
		return;
	}
	if (is_text) {
		page_json(p, v);
		return;
	}
	page_text(p, "\"");
	for (size_t i = 0; is_hex && i < v.n; i++)
		page_printf(p, "%02x", v.p[i]);
	if (!is_hex)
		page_base64(p, v);
	page_text(p, "\"");
}

static void put_json(
	struct page *p, uint64_t seq, const struct qw_record_header *h, struct qw_bytes fields)
{
	char id[2 * QW_SESSION_ID_BYTES + 1];
	struct qw_bytes v;
	unsigned tag;
	int err;

	qw_hex(qw_bytes(h->session, QW_SESSION_ID_BYTES), id);
	page_printf(p, "{\"seq\":%llu,\"type\":\"%s\",\"type_number\":%u,\"time\":\"",
		(unsigned long long)seq, qw_record_type_name(h->type), h->type);
	page_time(p, h->wall_us);
	page_printf(p,
		"\",\"wall_us\":%llu,\"mono_us\":%llu,\"session\":\"%s\",\"session_seq\":%llu",
		(unsigned long long)h->wall_us, (unsigned long long)h->mono_us, id,
		(unsigned long long)h->session_seq);
	while ((err = qw_record_next(&fields, &tag, &v)) == 0)
		put_json_value(p, tag, v);
	page_text(p, err == QW_E_NOTFOUND ? "}\n" : ",\"is_damaged\":true}\n");
}

/* ---- the timeline ---- */

static void put_text(struct page *p, const char *label, struct qw_bytes v)
{
	if (!v.n)
		return;
	page_text(p, label);
	page_safe_cut(p, v, TEXT_SHOWN);
}

static void put_number(struct page *p, const char *label, struct qw_bytes fields,
	enum qw_record_field f, const char *unit)
{
	struct qw_bytes v;

	if (qw_record_find(fields, f, &v))
		page_printf(p, "%s%llu%s", label, (unsigned long long)qw_record_u64_value(v), unit);
}

static void put_statement(struct page *p, struct qw_bytes fields)
{
	put_number(p, " #", fields, QW_FIELD_STATEMENT_ID, "");
	put_text(p, " ", ledger_field(fields, QW_FIELD_DECISION));
	put_text(p, " by ", ledger_field(fields, QW_FIELD_RULE));
	put_text(p, ", approval ", ledger_field(fields, QW_FIELD_APPROVAL_ID));
	put_text(p, " [", ledger_field(fields, QW_FIELD_VERBS));
	put_text(p, ledger_field(fields, QW_FIELD_VERBS).n ? ": " : " [",
		ledger_field(fields, QW_FIELD_OBJECTS));
	if (ledger_field(fields, QW_FIELD_VERBS).n || ledger_field(fields, QW_FIELD_OBJECTS).n)
		page_text(p, "]");
	put_text(p, " masks ", ledger_field(fields, QW_FIELD_MASKS));
	put_text(p, ": ", ledger_field(fields, QW_FIELD_REASON));
	page_text(p, "\n             ");
	page_safe_cut(p, ledger_field(fields, QW_FIELD_SQL), SQL_SHOWN);
}

static void put_result(struct page *p, struct qw_bytes fields)
{
	struct qw_bytes took = ledger_field(fields, QW_FIELD_DURATION_US);

	put_number(p, " #", fields, QW_FIELD_STATEMENT_ID, "");
	put_text(p, " ", ledger_field(fields, QW_FIELD_OUTCOME));
	put_text(p, " ", ledger_field(fields, QW_FIELD_TAG));
	put_number(p, ", ", fields, QW_FIELD_ROWS, " rows");
	put_number(p, ", ", fields, QW_FIELD_BYTES, " bytes");
	if (took.n)
		page_printf(p, ", %.1f ms", (double)qw_record_u64_value(took) / 1000);
	put_text(p, ": ", ledger_field(fields, QW_FIELD_REASON));
}

static void put_error(struct page *p, struct qw_bytes fields)
{
	put_number(p, " #", fields, QW_FIELD_STATEMENT_ID, "");
	put_text(p, " ", ledger_field(fields, QW_FIELD_TAG));
	put_text(p, ": ", ledger_field(fields, QW_FIELD_REASON));
	put_text(p, " original: ", ledger_field(fields, QW_FIELD_ERROR));
}

/* Everything short that such a record has, by its name. */
static void put_all(struct page *p, struct qw_bytes fields)
{
	enum qw_field_kind kind;
	struct qw_bytes v;
	unsigned tag;

	while (qw_record_next(&fields, &tag, &v) == 0) {
		const char *name = qw_record_field_name(tag, &kind);

		if (kind == QW_KIND_TEXT) {
			page_printf(p, " %s=", name);
			page_safe_cut(p, v, TEXT_SHOWN);
		} else if (kind == QW_KIND_U64) {
			page_printf(
				p, " %s=%llu", name, (unsigned long long)qw_record_u64_value(v));
		}
	}
}

static void put_event(struct replay *r, const struct qw_record_header *h, struct qw_bytes fields)
{
	struct page *p = &r->page;
	uint64_t since = h->mono_us > r->start_us ? h->mono_us - r->start_us : 0;

	if (!r->has_start) {
		page_time(p, h->wall_us);
		page_text(p, "\n");
	}
	page_printf(p, "+%10.3fs %s", (double)since / 1e6, qw_record_type_name(h->type));
	if (h->type == QW_RECORD_STATEMENT)
		put_statement(p, fields);
	else if (h->type == QW_RECORD_RESULT)
		put_result(p, fields);
	else if (h->type == QW_RECORD_ERROR)
		put_error(p, fields);
	else
		put_all(p, fields);
	page_text(p, "\n");
}

static bool show(void *ctx, uint64_t seq, struct qw_bytes record)
{
	struct replay *r = ctx;
	struct qw_record_header h;
	struct qw_bytes fields;

	r->err = qw_record_open(record, &h, &fields);
	if (r->err) {
		(void)fprintf(stderr, "record %llu cannot be read: %s\n", (unsigned long long)seq,
			qw_error_text(r->err));
		r->err = 0;
		return true;
	}
	if (!r->has_start)
		r->start_us = h.mono_us;
	if (r->args->json)
		put_json(&r->page, seq, &h, fields);
	else if (r->transcript)
		r->err = transcript_record(r->transcript, &h, fields);
	else
		put_event(r, &h, fields);
	r->has_start = true;
	if (!r->err)
		r->err = page_flush(&r->page, stdout);
	return r->err == 0;
}

static int show_all(struct replay *r, struct audit_reader *reader, const uint8_t *id)
{
	int err = audit_each_of_session(reader, id, show, r);

	err = err ? err : r->err;
	if (!err && r->transcript)
		err = transcript_end(r->transcript);
	if (!err)
		err = page_flush(&r->page, stdout);
	return !err && fflush(stdout) != 0 ? QW_E_IO : err;
}

/* The chain is checked each time somebody looks: a changed record must not be read as if it were
 * whole. */
static int check_chain(struct audit_reader *reader, const uint8_t *id)
{
	uint64_t good = 0;
	int err = audit_check_session(reader, id, &good);

	if (err == QW_E_MALFORMED)
		(void)fprintf(stderr,
			"WARNING: the record of this session was changed: only its first %llu "
			"records hold\n",
			(unsigned long long)good);
	else if (err)
		(void)fprintf(stderr, "replay: %s\n", qw_error_text(err));
	return err;
}

static int replay(const struct ledger_args *args)
{
	struct replay r = {.args = args};
	uint8_t id[QW_SESSION_ID_BYTES];
	struct audit_reader *reader;
	int err;

	if (ledger_args_open(args, &reader))
		return 1;
	err = ledger_find_session(reader, args->id, id);
	if (err) {
		audit_reader_close(reader);
		return 1;
	}
	page_init(&r.page);
	if (args->transcript)
		r.transcript = transcript_new(&r.page);
	err = args->transcript && !r.transcript ? QW_E_NOMEM : show_all(&r, reader, id);
	if (err)
		(void)fprintf(stderr, "replay: %s\n", qw_error_text(err));
	else
		err = check_chain(reader, id);
	transcript_free(r.transcript);
	page_fini(&r.page);
	audit_reader_close(reader);
	return err ? 1 : 0;
}

int cli_replay(int argc, char **argv)
{
	struct ledger_args args;

	if (ledger_args_parse(argc, argv, &args) || !args.id || (args.json && args.transcript)) {
		(void)fputs("usage: querywarden replay ID [--transcript | --json] --config FILE | "
			    "--audit DIR\n",
			stderr);
		return 2;
	}
	return replay(&args);
}
