/* The columns of a result, as lineage says they are, and rows with their cells masked. */
#include "conversation.h"

#include <stdlib.h>
#include <strings.h>

enum { COLUMNS_ARENA_MAX = 8 << 20, HELD_MAX = 64 << 20, CELL_MAX = 17 << 20 };

/* ---- life ---- */

void my_rows_init(struct my_result *r)
{
	qw_buf_init(&r->held, HELD_MAX);
	qw_buf_init(&r->text, CELL_MAX);
	qw_buf_init(&r->binary, CELL_MAX);
}

void my_rows_fini(struct my_result *r)
{
	columns_unref(r->columns);
	qw_buf_fini(&r->held);
	qw_buf_fini(&r->text);
	qw_buf_fini(&r->binary);
	r->columns = NULL;
}

/* ---- columns ---- */

static const struct qw_statement *statement_of(const struct unit *u)
{
	return u && u->judged->facts.count == 1 ? &u->judged->facts.list[0] : NULL;
}

/* The outputs that the rows must be; NULL: rows of SHOW, EXPLAIN and the like, which hold nothing of a table. */
static const struct flow_result *flow_of(const struct unit *u)
{
	const struct qw_statement *st = statement_of(u);

	return u && u->resolution && u->resolution->is_asked[0] && st && !st->explains ? &u->resolution->flows[0] : NULL;
}

static struct columns *columns_new(struct session *s, size_t count)
{
	struct columns *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->refs = 1;
	c->labels = s->labels ? labels_ref(s->labels) : NULL;
	qw_arena_init(&c->arena, COLUMNS_ARENA_MAX);
	c->count = count;
	c->list = qw_arena_alloc(&c->arena, count * sizeof(*c->list));
	c->names = qw_arena_alloc(&c->arena, count * sizeof(*c->names));
	if (c->list && c->names)
		return c;
	columns_unref(c);
	return NULL;
}

static bool is_expected(const struct flow_result *f, const struct unit *u, size_t count)
{
	if (f->output_count)
		return f->output_count == count;
	return u->judged->trees && u->judged->trees[0]->kind == MY_STATEMENT_OTHER;
}

/* COUNT: what comes is held back until all columns agree with what was judged. */
bool my_rows_begin(struct session *s, size_t count)
{
	struct my_result *r = &s->my->result;
	struct unit *u = s->unit;
	const struct flow_result *f = flow_of(u);

	columns_unref(r->columns);
	r->columns = NULL;
	r->at = 0;
	r->is_wrong = false;
	r->seq_before = s->my->seq_out;
	r->count = count;
	qw_buf_clear(&r->held);
	if ((!s->labels && !scan_wanted(s)) || !u)
		return true;
	if (s->labels && (!u->resolution || (f && !is_expected(f, u, count))))
		r->is_wrong = true;
	r->columns = columns_new(s, count);
	if (!r->columns) {
		session_out_of_memory(s);
		return false;
	}
	columns_unref(u->columns);
	u->columns = columns_ref(r->columns);
	return true;
}

static bool is_called(struct qw_bytes name, const char *expected)
{
	return name.n == strlen(expected) && strncasecmp((const char *)name.p, expected, name.n) == 0;
}

static int set_mask(struct columns *c, size_t i, const struct label *l, struct myreply_column *column)
{
	struct mask_column *m = &c->list[i];

	m->spec = columns_copy_spec(c, l->spec);
	m->domain = l->domain ? qw_arena_strdup(&c->arena, qw_bytes_from(l->domain)) : NULL;
	m->type_oid = my_mask_type(column);
	m->type_modifier = -1;
	c->names[i] = qw_arena_strdup(&c->arena, l->column ? qw_bytes_from(l->column) : column->name);
	c->any_masked = true;
	column->flags &= (uint16_t)~MYREPLY_NOT_NULL;
	return m->spec && m->domain && c->names[i] ? 0 : QW_E_NOMEM;
}

/* No mask hides it: content detectors look at it, as at a column of that type on the PostgreSQL side. */
static void scan(struct session *s, size_t i, const struct flow_output *o, const struct myreply_column *column)
{
	struct columns *c = s->my->result.columns;
	const struct columns_source from = {.flow = NULL};
	const struct label plain = {.kind = LABEL_PLAIN};
	const struct pgwire_column as = {.name = qw_arena_strdup(&c->arena, column->name), .table_oid = o ? o->origin_relation : 0,
		.attnum = o ? o->origin_attnum : 0, .type_oid = my_mask_type(column), .type_modifier = -1};

	if (!scan_wanted(s) || (o && o->label.kind == LABEL_MASK))
		return;
	if (!as.name || !scan_column(s, c, i, &as, o ? &o->label : &plain, &from))
		session_out_of_memory(s);
}

void my_rows_column(struct session *s, struct myreply_column *column)
{
	struct my_result *r = &s->my->result;
	const struct flow_result *f = flow_of(s->unit);
	const struct flow_output *o;
	size_t i = r->at++;

	if (!r->columns || i >= r->count || i >= MYREPLY_COLUMNS_MAX) {
		r->is_wrong |= i >= r->count;
		return;
	}
	r->types[i] = column->type;
	scan(s, i, f && i < f->output_count ? &f->outputs[i] : NULL, column);
	if (!f || i >= f->output_count)
		return;
	o = &f->outputs[i];
	if ((o->origin_relation && !is_called(column->name, o->name)) || (!o->origin_relation && column->org_table.n))
		r->is_wrong = true;
	if (o->label.kind == LABEL_MASK && set_mask(r->columns, i, &o->label, column))
		session_out_of_memory(s);
	if (o->label.kind == LABEL_UNKNOWN || o->label.kind == LABEL_DERIVED)
		r->is_wrong = true;
}

/* COLUMNS_END. False: the client has read a refusal instead, and nothing of this answer is for it. */
bool my_rows_described(struct session *s)
{
	struct my_result *r = &s->my->result;
	struct qw_bytes held = qw_buf_pending(&r->held);
	struct refusal *why;

	if (!r->is_wrong && r->at == r->count) {
		session_put(s, SESSION_CLIENT, qw_buf_append(&s->out[SESSION_CLIENT], held.p, held.n));
		qw_buf_clear(&r->held);
		return s->state == STATE_READY;
	}
	qw_buf_clear(&r->held);
	s->my->seq_out = r->seq_before;
	why = columns_refusal("result, as the database describes it,");
	if (!why) {
		session_out_of_memory(s);
		return false;
	}
	my_refusal_put(s, why);
	refusal_free(why);
	return false;
}

/* ---- rows ---- */

static bool is_scanned(const struct columns *c, size_t i)
{
	return c->scans && c->scans[i].column.form != DETECT_FORM_NONE;
}

static void put_masked(struct session *s, struct myreply_row_out *out, size_t i, bool is_binary, const struct myreply_cell *cell)
{
	struct my_result *r = &s->my->result;
	struct qw_bytes value = cell->value;

	qw_buf_clear(&r->text);
	qw_buf_clear(&r->binary);
	if (is_binary) {
		if (my_cell_text(r->types[i], cell->value, &r->text)) {
			myreply_row_null(out);
			return;
		}
		value = qw_buf_pending(&r->text);
	}
	switch (cell_make(s, r->columns, i, NULL, value, &value)) {
	case CELL_NULL:
		myreply_row_null(out);
		return;
	case CELL_SAME:
		myreply_row_copy(out, cell);
		return;
	case CELL_OTHER:
		break;
	}
	if (is_binary && my_cell_binary(r->types[i], value, &r->binary)) {
		myreply_row_null(out);
		return;
	}
	myreply_row_value(out, is_binary ? qw_buf_pending(&r->binary) : value);
}

/* False: closed. */
bool my_rows_row(struct session *s, const struct myreply_item *item, bool is_binary)
{
	struct my_result *r = &s->my->result;
	const struct myreply_format format = {.types = is_binary ? r->types : NULL, .count = r->count};
	struct myreply_row in;
	struct myreply_row_out out;
	struct myreply_cell cell;
	struct qw_buf *to = &s->out[SESSION_CLIENT];
	size_t before = qw_buf_pending(to).n;
	int err;

	if (!r->columns || (!r->columns->any_masked && !r->columns->any_scanned)) {
		session_put(s, SESSION_CLIENT, mywire_put_packet(&s->out[SESSION_CLIENT], &s->my->seq_out, item->payload));
		return s->state == STATE_READY;
	}
	err = myreply_row_open(item->payload, &format, &in);
	myreply_row_begin(&out, &s->out[SESSION_CLIENT], &format);
	for (size_t i = 0; !err && (err = myreply_row_next(&in, &cell)) == 0; i++) {
		if (cell.is_null)
			myreply_row_null(&out);
		else if (i < r->count && (r->columns->list[i].spec || is_scanned(r->columns, i)))
			put_masked(s, &out, i, is_binary, &cell);
		else
			myreply_row_copy(&out, &cell);
	}
	if (err != QW_E_NOTFOUND || myreply_row_end(&out, &s->my->seq_out)) {
		to->n = to->off + before; /* a half built row never leaves */
		session_fatal(s, "08P01", "the database sent a row that does not fit its description", NULL);
		return false;
	}
	s->info.masked_rows += r->columns->any_masked;
	session_want_send(s, SESSION_CLIENT);
	return s->state == STATE_READY;
}
