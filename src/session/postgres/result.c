/* Responses on their way to the client: columns, masks, rows; counted, digested and kept for the record. */
#include "../machine.h"

#include <stdio.h>
#include <stdlib.h>

enum { COLUMNS_ARENA_MAX = 4 << 20 };

/* ---- columns ---- */

struct columns *columns_ref(struct columns *c)
{
	c->refs++;
	return c;
}

void columns_unref(struct columns *c)
{
	if (!c || --c->refs)
		return;
	labels_unref(c->labels);
	resolution_unref(c->resolution);
	qw_arena_fini(&c->arena);
	free(c);
}

static enum columns_answer refuse_column(struct columns *c, const char *name, const char **which)
{
	static char text[400]; /* borrowed until the next call: refusals copy it */

	(void)snprintf(text, sizeof(text), "result column \"%.120s\"", name);
	*which = text;
	(void)c;
	return COLUMNS_REFUSED;
}

/* The policy may be replaced while a portal lives on: what masks it is kept with it. */
const struct mask_spec *columns_copy_spec(struct columns *c, const struct mask_spec *from)
{
	struct mask_spec *spec = qw_arena_alloc(&c->arena, sizeof(*spec));

	if (!spec)
		return NULL;
	*spec = *from;
	spec->name = qw_arena_strdup(&c->arena, qw_bytes_from(from->name));
	spec->constant = from->constant ? qw_arena_strdup(&c->arena, qw_bytes_from(from->constant)) : NULL;
	spec->subject = from->subject ? qw_arena_strdup(&c->arena, qw_bytes_from(from->subject)) : NULL;
	spec->domain = NULL; /* resolved in mask_column */
	return spec->name && (spec->constant || !from->constant) && (spec->subject || !from->subject) ? spec : NULL;
}

/* The description must be of the plan that was judged: then the plan tells what each column is. */
static bool agrees(const struct columns *c, size_t i, const struct pgwire_column *col, const struct flow_result *flow)
{
	return c->count == flow->output_count && col->table_oid == flow->outputs[i].origin_relation &&
		(col->table_oid == 0 || col->attnum == flow->outputs[i].origin_attnum);
}

/* What a flow or the labels say of it; of an expression nobody says anything. */
static struct label label_of(const struct session *s, size_t i, const struct pgwire_column *col, const struct columns_source *from)
{
	if (from->flow)
		return from->flow->outputs[i].label;
	return col->table_oid && s->labels ? labels_of(s->labels, col->table_oid, col->attnum) : (struct label){.kind = LABEL_PLAIN};
}

static enum columns_answer label_column(struct session *s, struct columns *c, size_t i, const struct pgwire_column *col,
	const struct columns_source *from, const char **which)
{
	struct mask_column *m = &c->list[i];
	struct label l;

	*m = (struct mask_column){.type_oid = col->type_oid, .type_modifier = col->type_modifier, .format = col->format};
	if (!s->labels)
		return COLUMNS_OK;
	if (from->flow && !agrees(c, i, col, from->flow))
		return refuse_column(c, col->name, which);
	if (!from->flow && col->table_oid == 0)
		return from->is_strict ? refuse_column(c, col->name, which) : COLUMNS_OK;
	l = label_of(s, i, col, from);
	switch (l.kind) {
	case LABEL_UNKNOWN:
		(void)refuse_column(c, col->name, which);
		return COLUMNS_UNKNOWN;
	case LABEL_DERIVED:
		return refuse_column(c, l.column ? l.column : col->name, which);
	case LABEL_PLAIN:
		return COLUMNS_OK;
	case LABEL_MASK:
		break;
	}
	m->spec = columns_copy_spec(c, l.spec);
	m->domain = qw_arena_strdup(&c->arena, qw_bytes_from(l.domain));
	c->names[i] = qw_arena_strdup(&c->arena, qw_bytes_from(l.column ? l.column : col->name));
	c->any_masked = true;
	return m->spec && m->domain && c->names[i] ? COLUMNS_OK : COLUMNS_REFUSED;
}

struct refusal *columns_refusal(const char *which)
{
	char detail[600];

	(void)snprintf(detail, sizeof(detail),
		"The %.400s is computed from sensitive data, or its origin is unknown, so it cannot be masked.", which);
	return refusal_about(refusal_new("42501", "masks", "the result holds a sensitive value that cannot be masked", detail,
				     "Select sensitive columns bare (they come masked), or leave them out."),
		NULL, which);
}

enum columns_answer columns_make(struct session *s, struct qw_bytes body, const struct columns_source *from,
	struct columns **out, const char **which)
{
	struct columns *c = calloc(1, sizeof(*c));
	struct pgwire_column *cols = NULL;
	enum columns_answer answer = COLUMNS_OK;

	*out = NULL;
	*which = "the result";
	if (!c)
		return COLUMNS_REFUSED;
	c->refs = 1;
	c->labels = s->labels ? labels_ref(s->labels) : NULL;
	c->resolution = from->resolution ? resolution_ref(from->resolution) : NULL;
	qw_arena_init(&c->arena, COLUMNS_ARENA_MAX);
	c->description = qw_bytes(qw_arena_strdup(&c->arena, body), body.n);
	if (c->description.p && !pgwire_row_description_decode(c->description, &c->arena, &cols, &c->count)) {
		c->list = qw_arena_alloc(&c->arena, c->count * sizeof(*c->list));
		c->names = qw_arena_alloc(&c->arena, c->count * sizeof(*c->names));
	}
	if (!c->list || !c->names)
		answer = COLUMNS_REFUSED;
	for (size_t i = 0; from->is_binary && i < c->count; i++)
		cols[i].format = 1;
	for (size_t i = 0; answer == COLUMNS_OK && i < c->count; i++)
		answer = label_column(s, c, i, &cols[i], from, which);
	for (size_t i = 0; answer == COLUMNS_OK && i < c->count && (s->labels || scan_wanted(s)); i++) {
		const struct label l = label_of(s, i, &cols[i], from);

		if (!c->list[i].spec && !scan_column(s, c, i, &cols[i], &l, from))
			answer = COLUMNS_REFUSED;
	}
	if (answer == COLUMNS_OK && !subjects_find(s, c, cols, from))
		answer = COLUMNS_REFUSED;
	if (answer == COLUMNS_OK)
		*out = c;
	else
		columns_unref(c);
	return answer;
}

/* ---- units ---- */

struct unit *unit_new(struct session *s, struct judged *j, bool is_simple)
{
	struct unit *u = calloc(1, sizeof(*u));

	if (!u) {
		session_out_of_memory(s);
		return NULL;
	}
	u->refs = 1;
	u->id = ++s->statement_count;
	u->judged = judged_ref(j);
	u->is_simple = is_simple;
	u->started_us = s->now.mono_us;
	qw_buf_init(&u->kept, (size_t)s->config->rows_kept_bytes + 1);
	return u;
}

struct unit *unit_ref(struct unit *u)
{
	u->refs++;
	return u;
}

void unit_unref(struct unit *u)
{
	if (!u || --u->refs)
		return;
	judged_unref(u->judged);
	columns_unref(u->columns);
	resolution_unref(u->resolution);
	qw_digest_free(u->digest);
	qw_buf_fini(&u->kept);
	findings_free(u->findings);
	copyout_free(u->copyout);
	free(u);
}

static void keep_bytes(struct session *s, struct unit *u, struct qw_bytes b)
{
	size_t room = s->config->rows_kept_bytes - qw_buf_pending(&u->kept).n;

	if (b.n > room) {
		u->truncated = true;
		b.n = room;
	}
	if (qw_buf_append(&u->kept, b.p, b.n))
		u->truncated = true;
}

void result_account(struct session *s)
{
	struct qw_bytes pending = qw_buf_pending(&s->out[SESSION_CLIENT]);
	struct qw_bytes fresh = qw_bytes(pending.n ? pending.p + s->account_mark : NULL, pending.n - s->account_mark);
	struct unit *u = s->unit;

	s->account_mark = pending.n;
	if (!u || fresh.n == 0)
		return;
	u->bytes += fresh.n;
	if (!u->digest) {
		u->digest = s->digest ? s->digest : qw_digest_new();
		s->digest = NULL;
		if (!u->digest || qw_digest_start(u->digest)) {
			session_out_of_memory(s);
			return;
		}
	}
	if (qw_digest_add(u->digest, fresh))
		session_out_of_memory(s);
	keep_bytes(s, u, fresh);
}

void result_attach(struct session *s, struct unit *u)
{
	if (s->unit == u)
		return;
	result_account(s);
	unit_unref(s->unit);
	s->unit = u ? unit_ref(u) : NULL;
	/* An Execute's rows follow a description that went out before: the record is whole only with it. */
	if (u && !u->is_simple && u->columns && qw_buf_pending(&u->kept).n == 0) {
		struct qw_buf t;

		qw_buf_init(&t, u->columns->description.n + 64);
		if (!pgwire_put_message(&t, 'T', u->columns->description))
			keep_bytes(s, u, qw_buf_pending(&t));
		qw_buf_fini(&t);
	}
}

void result_begin(struct session *s, struct unit *u)
{
	if (!u->owes_columns)
		return;
	u->owes_columns = false;
	result_attach(s, u);
	session_put(s, SESSION_CLIENT, pgwire_put_message(&s->out[SESSION_CLIENT], 'T', u->columns->description));
}

void result_finish(struct session *s, const char *outcome)
{
	struct unit *u = s->unit;

	if (!u)
		return;
	result_account(s);
	if (!u->is_done) {
		u->is_done = true;
		ledger_result(s, u, outcome);
		s->info.rows += u->rows;
	}
	if (!s->digest && u->digest) {
		s->digest = u->digest; /* one context serves all statements in turn */
		u->digest = NULL;
	}
	unit_unref(u);
	s->unit = NULL;
}

/* ---- rows ---- */

static void put_value(struct session *s, struct builder *b, size_t i, struct qw_bytes body, struct qw_bytes value)
{
	const struct columns *c = s->unit->columns;
	struct mask_subject subject;
	const struct mask_subject *by = subject_of_row(c, i, body, &subject);

	if (cell_make(s, c, i, by, value, &value) == CELL_NULL) {
		bld_be32(b, UINT32_MAX);
		return;
	}
	bld_be32(b, (uint32_t)value.n);
	bld_bytes(b, value);
}

bool result_row(struct session *s, struct qw_bytes body)
{
	struct columns *c = s->unit->columns;
	struct pgwire_row row;
	struct qw_bytes value;
	struct builder b;
	bool is_null;
	struct qw_buf *out = &s->out[SESSION_CLIENT];
	size_t before = qw_buf_pending(out).n;
	int err = pgwire_row_open(body, &row);

	if (!err && row.count != c->count)
		err = QW_E_MALFORMED;
	bld_init(&b, out);
	bld_begin(&b, 'D');
	bld_be16(&b, row.count);
	for (size_t i = 0; i < c->count && !err; i++) {
		err = pgwire_row_next(&row, &value, &is_null);
		if (err)
			break;
		if (is_null)
			bld_be32(&b, UINT32_MAX);
		else
			put_value(s, &b, i, body, value);
	}
	bld_end(&b);
	if (err || bld_error(&b))
		out->n = out->off + before; /* a half built row never leaves */
	if (err) {
		session_fatal(s, "08P01", "the database sent a row that does not fit its description", NULL);
		return false;
	}
	if (bld_error(&b)) {
		session_out_of_memory(s);
		return false;
	}
	session_want_send(s, SESSION_CLIENT);
	return true;
}
