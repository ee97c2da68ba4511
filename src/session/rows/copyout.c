/*
 * COPY ... TO STDOUT past masks and detectors. The tree that judged the COPY came with a description of its columns (resolve.c);
 * CopyOutResponse must agree with it. Then the stream is taken apart into rows and cells (pgcopy.h), each cell goes the way of
 * every cell, and the row is put together again. Whatever is irregular ends the session before the row leaves.
 */
#include "../machine.h"

#include <stdio.h>
#include <stdlib.h>

#include "qw/pgcopy.h"

enum { ARENA_MAX = 64 << 20, OID_TEXT = 25, OID_RECORD = 2249 };

struct copyout {
	struct qw_arena arena; /* as long as the COPY, */
	struct qw_arena row; /* and as one row */
	struct pgcopy stream;
	struct columns *columns;
	bool is_cut; /* a limit was passed: nothing more of it leaves */
	bool *changed;
	struct pgcopy_value *values;
};

void copyout_free(struct copyout *c)
{
	if (!c)
		return;
	pgcopy_fini(&c->stream);
	columns_unref(c->columns);
	qw_arena_fini(&c->arena);
	qw_arena_fini(&c->row);
	free(c);
}

static bool stop(struct session *s, const char *why)
{
	char message[300];

	(void)snprintf(message, sizeof(message), "COPY is stopped: %.200s", why);
	session_fatal(s, "42501", message, "Read the rows with SELECT: they come masked.");
	return false;
}

/* ---- before it runs ---- */

bool copyout_wants_columns(const struct session *s, const struct judged *j, const struct qw_statement *st)
{
	return st->inner_kind == QW_INNER_COPY && st->copy && st->copy->is_to_client && (scan_wanted(s) || j->shows_definitions);
}

bool copyout_is_possible(const struct session *s, const struct qw_statement *st, const struct flow_result *f)
{
	const struct resolution *r = s->run.resolution;

	return st->copy && st->copy->is_known && st->copy->is_to_client && !s->run.unit->is_named && r && f >= r->flows &&
		f < r->flows + r->count && r->notes[f - r->flows].description.n;
}

/* ---- CopyOutResponse ---- */

/* Without labels nobody asked what the columns are: each may be any text. */
static struct columns *columns_of_text(struct session *s, size_t count, uint16_t format)
{
	struct columns *c = calloc(1, sizeof(*c));
	const struct label plain = {.kind = LABEL_PLAIN};
	const struct columns_source nothing = {0};
	struct pgwire_column col = {.name = "copy", .type_oid = format ? OID_RECORD : OID_TEXT, .type_modifier = -1, .format = format};
	bool is_whole;

	if (!c)
		return NULL;
	c->refs = 1;
	c->count = count;
	qw_arena_init(&c->arena, 1 << 20);
	c->list = qw_arena_alloc(&c->arena, (count + 1) * sizeof(*c->list));
	c->names = qw_arena_alloc(&c->arena, (count + 1) * sizeof(*c->names));
	is_whole = c->list && c->names;
	for (size_t i = 0; i < count && is_whole; i++)
		is_whole = scan_column(s, c, i, &col, &plain, &nothing);
	if (is_whole)
		return c;
	columns_unref(c);
	return NULL;
}

static struct columns *columns_for(struct session *s, const struct unit *u, const struct pgwire_copy *response)
{
	const struct resolution *r = u->resolution;
	size_t i = u->statement_index;
	struct columns *c = NULL;
	const char *which;

	if (!s->labels)
		return columns_of_text(s, response->column_count, response->format);
	if (!r || i >= r->count || !r->is_asked[i] || !r->notes[i].description.n)
		return NULL;
	const struct columns_source from = {u->resolution, &r->flows[i], true, scan_shows_definitions(s, u->judged, &r->flows[i]),
		response->format == 1};

	return columns_make(s, r->notes[i].description, &from, &c, &which) == COLUMNS_OK ? c : NULL;
}

static bool set_up(struct copyout *c, const struct qw_copy *how, size_t row_bytes_max)
{
	struct pgcopy_options o = {.format = PGCOPY_TEXT, .delimiter = (uint8_t)how->delimiter, .quote = (uint8_t)how->quote,
		.escape = (uint8_t)how->escape, .null_text = how->null_text, .header = how->has_header, .columns = c->columns->count,
		.row_bytes_max = row_bytes_max};
	bool *all = NULL;

	if (how->format == QW_COPY_CSV)
		o.format = PGCOPY_CSV;
	if (how->format == QW_COPY_BINARY)
		o = (struct pgcopy_options){.format = PGCOPY_BINARY, .columns = o.columns, .row_bytes_max = row_bytes_max};
	qw_arena_init(&c->arena, ARENA_MAX);
	qw_arena_init(&c->row, row_bytes_max * 2);
	c->changed = qw_arena_alloc(&c->arena, o.columns + 1);
	c->values = qw_arena_alloc(&c->arena, (o.columns + 1) * sizeof(*c->values));
	all = qw_arena_alloc(&c->arena, o.columns + 1);
	if (!c->changed || !c->values || !all)
		return false;
	if (how->force_quote_any) { /* of whichever: a quoted cell is the same value */
		memset(all, true, o.columns);
		o.force_quote = all;
	}
	return !pgcopy_init(&c->stream, &o, &c->arena);
}

/* The statement of the text whose rows come now; NULL: nobody can tell. */
static const struct qw_statement *statement_of(const struct unit *u)
{
	const struct qw_statements *facts = &u->judged->facts;

	return !u->is_named && !u->judged->is_unparsed && u->statement_index < facts->count ? &facts->list[u->statement_index] : NULL;
}

static bool any_masked(const struct flow_result *f)
{
	for (size_t i = 0; i < f->output_count; i++)
		if (f->outputs[i].label.kind != LABEL_PLAIN)
			return true;
	return false;
}

/* Nothing in it is masked, and no detector wants it: it was provably clear, or its tree says so. */
static bool needs_nothing(const struct session *s, const struct unit *u, const struct qw_statement *st)
{
	size_t i = u->statement_index;
	const struct resolution *r = u->resolution;

	if (!s->labels)
		return !scan_wanted(s);
	if (!st || copyout_wants_columns(s, u->judged, st))
		return false;
	if (u->judged->is_clear[i])
		return true;
	return r && i < r->count && r->is_asked[i] && !any_masked(&r->flows[i]) && !scan_wanted(s) &&
		!scan_shows_definitions(s, u->judged, &r->flows[i]);
}

static bool attach(struct session *s, struct unit *u, const struct qw_copy *how, struct columns *columns)
{
	struct copyout *c = calloc(1, sizeof(*c));

	copyout_free(u->copyout);
	u->copyout = c;
	if (!c) {
		columns_unref(columns);
		session_out_of_memory(s);
		return false;
	}
	c->columns = columns;
	columns_unref(u->columns);
	u->columns = columns_ref(columns); /* for the record */
	return set_up(c, how, s->in[SESSION_UPSTREAM].max) || stop(s, "its options make a stream that cannot be read back");
}

bool copyout_start(struct session *s, struct unit *u, struct qw_bytes response)
{
	const struct qw_statement *st = statement_of(u);
	const struct qw_copy *how = st && st->inner_kind == QW_INNER_COPY ? st->copy : NULL;
	struct pgwire_copy copy;
	struct columns *columns;

	copyout_free(u->copyout);
	u->copyout = NULL;
	if (needs_nothing(s, u, st))
		return true;
	if (pgwire_copy_decode(response, &copy))
		return stop(s, "the database announced it in a way that is not understood");
	if (!how || !how->is_known || !how->is_to_client || copy.format != (how->format == QW_COPY_BINARY))
		return stop(s, "nobody can tell how its rows look");
	columns = columns_for(s, u, &copy);
	if (!columns || columns->count != copy.column_count) {
		columns_unref(columns);
		return stop(s, "nobody can tell what its columns are");
	}
	if (!columns->any_masked && !columns->any_scanned) {
		columns_unref(columns);
		return true;
	}
	return attach(s, u, how, columns);
}

/* ---- rows ---- */

static const struct mask_subject *subject_of(struct copyout *c, size_t i, struct mask_subject *out)
{
	size_t k = c->columns->subjects ? c->columns->subjects[i] : 0;
	struct pgcopy_value v;

	if (k == 0 || pgcopy_value_get(&c->stream, k - 1, &v) || v.is_null)
		return NULL;
	*out = (struct mask_subject){c->columns->list[k - 1].type_oid, c->columns->list[k - 1].format, v.bytes};
	return out;
}

static int make_cell(struct session *s, struct copyout *c, size_t i)
{
	struct mask_subject subject;
	struct pgcopy_value v;
	struct qw_bytes made;
	int err = pgcopy_value_get(&c->stream, i, &v);

	if (err || v.is_null)
		return err;
	switch (cell_make(s, c->columns, i, subject_of(c, i, &subject), v.bytes, &made)) {
	case CELL_SAME:
		return 0;
	case CELL_NULL:
		c->values[i] = (struct pgcopy_value){.is_null = true};
		break;
	case CELL_OTHER: /* the cell is borrowed until the next one is made */
		c->values[i] = (struct pgcopy_value){.bytes = qw_bytes(qw_arena_strdup(&c->row, made), made.n)};
		if (!c->values[i].bytes.p)
			return QW_E_NOMEM;
		break;
	}
	c->changed[i] = true;
	return 0;
}

static int put_row(struct session *s, struct copyout *c, const struct pgcopy_row *row)
{
	struct qw_buf *out = &s->out[SESSION_CLIENT];
	struct pending *p = pending_front(s);
	size_t before = qw_buf_pending(out).n;
	struct builder b;
	int err = 0;

	qw_arena_reset(&c->row);
	memset(c->changed, 0, c->columns->count);
	for (size_t i = 0; row->kind == PGCOPY_ROW && i < c->columns->count && !err; i++)
		if (c->columns->list[i].spec || (c->columns->scans && c->columns->scans[i].column.form != DETECT_FORM_NONE))
			err = make_cell(s, c, i);
	if (err)
		return err;
	bld_init(&b, out);
	bld_begin(&b, 'd');
	if (!b.err)
		b.err = pgcopy_mask_row(&c->stream, c->changed, c->values, out);
	bld_end(&b);
	if (!bld_error(&b) && p && p->unit && p->unit->guard.is_on && !guards_row(s, p, qw_buf_pending(out).n - before)) {
		out->n = out->off + before; /* it does not leave */
		c->is_cut = true;
	}
	return bld_error(&b);
}

/* A part of the stream as it comes; messages may cut rows where they like. */
bool copyout_feed(struct session *s, struct qw_bytes part)
{
	struct unit *u = s->unit;
	struct pgcopy_row row;
	int err = u->copyout->is_cut ? QW_E_INCOMPLETE : pgcopy_feed(&u->copyout->stream, part);

	while (!err && s->state == STATE_READY) {
		err = pgcopy_next(&u->copyout->stream, &row);
		if (!err)
			err = put_row(s, u->copyout, &row);
		if (!err && u->copyout->is_cut)
			return true;
		if (!err && row.kind == PGCOPY_ROW) {
			u->rows++;
			s->info.masked_rows += u->copyout->columns->any_masked;
		}
	}
	session_want_send(s, SESSION_CLIENT);
	if (s->state != STATE_READY)
		return false;
	if (err == QW_E_INCOMPLETE)
		return true;
	if (err == QW_E_NOMEM)
		session_out_of_memory(s);
	else
		stop(s, err == QW_E_LIMIT ? "a row is larger than may be masked" : "the database sent what is no row of it");
	return false;
}

bool copyout_end(struct session *s, struct unit *u)
{
	int err = u->copyout && !u->copyout->is_cut ? pgcopy_end(&u->copyout->stream) : 0;

	copyout_free(u->copyout);
	u->copyout = NULL;
	return !err || stop(s, "the database ended it in the middle of a row");
}
