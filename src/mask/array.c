#include "room.h"

/* ---- the text form: array_out() of the server ---- */
enum { DIMENSIONS_MAX = 6 };

struct walk {
	struct qw_bytes s;
	size_t at, depth;
	bool wants_value; /* after { and , */
	bool after_comma;
};

static bool is_space(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* "[1:2][0:1]=" before the braces. */
static bool skip_bounds(struct walk *w)
{
	while (w->at < w->s.n && w->s.p[w->at] != '{') {
		uint8_t c = w->s.p[w->at++];

		if (c != '[' && c != ']' && c != ':' && c != '-' && c != '+' && c != '=' && (c < '0' || c > '9'))
			return false;
	}
	return w->at < w->s.n;
}

/* Moves over braces and commas to the next element; *is_end: there is none. False: no array. */
static bool next_element(struct walk *w, bool *is_end)
{
	*is_end = false;
	while (w->at < w->s.n) {
		uint8_t c = w->s.p[w->at];

		if (c == '{') {
			if (!w->wants_value || ++w->depth > DIMENSIONS_MAX)
				return false;
		} else if (c == '}') {
			if (w->after_comma || w->depth-- == 0)
				return false;
			w->wants_value = false;
		} else if (c == ',') {
			if (w->wants_value || w->depth == 0)
				return false;
			w->wants_value = true;
		} else {
			return w->wants_value && w->depth > 0;
		}
		w->after_comma = c == ',';
		w->at++;
		if (w->depth == 0)
			break;
	}
	*is_end = true;
	return w->depth == 0 && w->at == w->s.n;
}

struct element {
	struct qw_bytes raw; /* without the quotes around it */
	bool is_quoted, has_escapes;
};

static bool read_element(struct walk *w, struct element *e)
{
	size_t start;

	*e = (struct element){.is_quoted = w->s.p[w->at] == '"'};
	w->at += e->is_quoted;
	start = w->at;
	for (; w->at < w->s.n; w->at++) {
		uint8_t c = w->s.p[w->at];

		if (c == '\\') {
			e->has_escapes = true;
			if (++w->at == w->s.n)
				return false;
			continue;
		}
		if (e->is_quoted ? c == '"' : c == ',' || c == '}')
			break;
		if (!e->is_quoted && (c == '"' || c == '{'))
			return false;
	}
	e->raw = qw_bytes(w->s.p + start, w->at - start);
	w->wants_value = w->after_comma = false;
	if (e->is_quoted && w->at++ == w->s.n)
		return false;
	return w->at < w->s.n;
}

static bool is_null_word(struct qw_bytes s)
{
	return s.n == 4 && (s.p[0] | 0x20) == 'n' && (s.p[1] | 0x20) == 'u' && (s.p[2] | 0x20) == 'l' &&
	       (s.p[3] | 0x20) == 'l';
}

static int unescape(struct qw_bytes raw, struct qw_buf *to)
{
	int err = 0;

	qw_buf_clear(to);
	for (size_t i = 0; i < raw.n && !err; i++) {
		i += raw.p[i] == '\\' && i + 1 < raw.n;
		err = qw_buf_append(to, raw.p + i, 1);
	}
	return err;
}

/* The bytes behind `from` (of what is pending) become an element: quoted where array_in() wants it. */
static int quote_tail(struct qw_buf *out, size_t from)
{
	struct qw_bytes s = qw_buf_pending(out);
	size_t n = s.n - from, more = 2;
	bool needs = n == 0 || is_null_word(qw_bytes(s.p + from, n));
	uint8_t *p;
	int err;

	for (size_t i = from; i < s.n; i++) {
		uint8_t c = s.p[i];

		more += c == '"' || c == '\\';
		needs |= c == '"' || c == '\\' || c == '{' || c == '}' || c == ',' || is_space(c);
	}
	if (!needs)
		return 0;
	err = qw_buf_reserve(out, more);
	if (err)
		return err;
	p = out->p + out->off + from; /* from the end, so that nothing is overwritten before it is read */
	out->n += more;
	p[n + --more] = '"';
	while (n > 0) {
		uint8_t c = p[--n];

		p[n + more] = c;
		if (c == '"' || c == '\\')
			p[n + --more] = '\\';
	}
	p[0] = '"';
	return 0;
}

static int mask_element_text(const struct mask_job *j, const struct element *e, struct qw_buf *scratch, struct qw_buf *out)
{
	size_t from = qw_buf_pending(out).n;
	struct qw_bytes value = e->raw;
	bool is_null = true;
	int err = 0;

	if (!e->is_quoted && is_null_word(value))
		return qw_buf_append(out, "NULL", 4);
	if (e->has_escapes) {
		err = unescape(value, scratch);
		value = qw_buf_pending(scratch);
	}
	if (!err)
		err = mask_one(j, value, out, &is_null);
	if (err)
		return err;
	return is_null ? qw_buf_append(out, "NULL", 4) : quote_tail(out, from);
}

static int array_text(const struct mask_job *j, struct qw_bytes value, struct qw_buf *scratch, struct qw_buf *out,
	bool *is_null)
{
	struct walk w = {.s = value, .wants_value = true};
	size_t copied = 0;
	struct element e;
	bool is_end;
	int err = 0;

	if (!skip_bounds(&w))
		return 0;
	while (!err) {
		if (!next_element(&w, &is_end))
			return 0;
		err = qw_buf_append(out, value.p + copied, w.at - copied);
		if (err || is_end)
			break;
		if (!read_element(&w, &e))
			return 0;
		copied = w.at;
		err = mask_element_text(j, &e, scratch, out);
	}
	*is_null = err != 0;
	return err;
}

/* ---- the binary form: array_send() ---- */
enum { HEAD = 12, PER_DIMENSION = 8 };

struct items {
	struct qw_bytes left; /* length words and values */
	size_t count;
};

static bool open_binary(struct qw_bytes value, uint32_t element, struct items *out)
{
	uint64_t dimensions, count = 1;

	if (value.n < HEAD)
		return false;
	dimensions = mask_load(value.p, 4);
	if (dimensions > DIMENSIONS_MAX || mask_load(value.p + 8, 4) != element ||
		value.n < HEAD + dimensions * PER_DIMENSION)
		return false;
	for (size_t i = 0; i < dimensions; i++) {
		count *= mask_load(value.p + HEAD + i * PER_DIMENSION, 4);
		if (count > value.n / 4) /* each takes four bytes at least */
			return false;
	}
	out->count = dimensions ? (size_t)count : 0;
	out->left = qw_bytes(value.p + HEAD + dimensions * PER_DIMENSION, value.n - HEAD - dimensions * PER_DIMENSION);
	return true;
}

static bool next_item(struct items *it, struct qw_bytes *value, bool *is_null)
{
	uint64_t n;

	if (it->count == 0 || it->left.n < 4)
		return false;
	n = mask_load(it->left.p, 4);
	it->left = qw_bytes(it->left.p + 4, it->left.n - 4);
	*is_null = n == UINT32_MAX;
	if (*is_null)
		n = 0;
	if (n > it->left.n)
		return false;
	*value = qw_bytes(it->left.p, (size_t)n);
	it->left = qw_bytes(it->left.p + n, it->left.n - (size_t)n);
	it->count--;
	return true;
}

static int mask_item(const struct mask_job *j, struct qw_bytes value, bool *is_null, struct qw_buf *out)
{
	size_t from = qw_buf_pending(out).n, n;
	bool was_null = *is_null;
	int err = qw_buf_append(out, "\xff\xff\xff\xff", 4);

	*is_null = true;
	if (!err && !was_null)
		err = mask_one(j, value, out, is_null);
	if (err || *is_null)
		return err;
	n = qw_buf_pending(out).n - from - 4;
	mask_store(out->p + out->off + from, n, 4);
	return 0;
}

static int array_binary(const struct mask_job *j, struct qw_bytes value, struct qw_buf *out, bool *is_null)
{
	size_t from = qw_buf_pending(out).n;
	bool any_null = false, is_item_null;
	struct qw_bytes item;
	struct items it;
	int err;

	if (!open_binary(value, j->column->type_oid, &it))
		return 0;
	err = qw_buf_append(out, value.p, value.n - it.left.n);
	while (!err && it.count > 0) {
		if (!next_item(&it, &item, &is_item_null))
			return 0;
		err = mask_item(j, item, &is_item_null, out);
		any_null |= is_item_null;
	}
	if (err || it.left.n)
		return err;
	mask_store(out->p + out->off + from + 4, any_null, 4);
	*is_null = false;
	return 0;
}

/* One element, so that neither their number nor which of them are NULL shows. */
static int array_of_constant(const struct mask_job *j, struct qw_buf *out, bool *is_null)
{
	uint8_t head[HEAD + PER_DIMENSION] = {0, 0, 0, 1, [HEAD + 3] = 1, [HEAD + 7] = 1};
	size_t from = qw_buf_pending(out).n;
	bool is_text = j->column->format == FORMAT_TEXT, is_item_null = is_text;
	int err;

	mask_store(head + 8, j->column->type_oid, 4);
	err = is_text ? qw_buf_append(out, "{", 1) : qw_buf_append(out, head, sizeof(head));
	if (err)
		return err;
	if (is_text)
		err = mask_one(j, (struct qw_bytes){0}, out, &is_item_null);
	else
		err = mask_item(j, (struct qw_bytes){0}, &is_item_null, out);
	if (err || is_item_null)
		return err; /* no constant of this type: NULL */
	if (is_text)
		err = quote_tail(out, from + 1);
	if (!err && is_text)
		err = qw_buf_append(out, "}", 1);
	*is_null = err != 0;
	return err;
}

int mask_array(const struct mask_job *j, struct qw_bytes value, struct qw_buf *out, bool *is_null)
{
	struct mask_column column = *j->column;
	struct mask_job element = *j;
	struct qw_buf scratch;
	int err;

	if (column.spec->kind == MASK_REDACT)
		return mask_redact(j->column, j->class, out, is_null);
	column.type_oid = mask_type_element(column.type_oid);
	element.column = &column;
	element.class = mask_type_class(column.type_oid);
	if (!mask_gives(column.spec->kind, element.class))
		return 0;
	if (column.spec->kind == MASK_CONSTANT)
		return array_of_constant(&element, out, is_null);
	if (column.format == FORMAT_BINARY)
		return array_binary(&element, value, out, is_null);
	qw_buf_init(&scratch, out->max);
	err = array_text(&element, value, &scratch, out, is_null);
	qw_buf_fini(&scratch);
	return err;
}

/* ---- reading alone ---- */
static bool each_text(struct qw_bytes value, mask_element_fn on, void *ctx)
{
	struct walk w = {.s = value, .wants_value = true};
	struct qw_buf scratch;
	struct element e;
	bool is_end = false, is_good = skip_bounds(&w);

	qw_buf_init(&scratch, value.n);
	while (is_good && next_element(&w, &is_end) && !is_end) {
		is_good = read_element(&w, &e) && unescape(e.raw, &scratch) == 0;
		if (is_good && (e.is_quoted || !is_null_word(e.raw)))
			is_good = on(ctx, qw_buf_pending(&scratch));
	}
	qw_buf_fini(&scratch);
	return is_good && is_end;
}

bool mask_array_each(uint32_t type_oid, uint16_t format, struct qw_bytes value, mask_element_fn on, void *ctx)
{
	struct qw_bytes item;
	struct items it;
	bool is_null;

	if (format == FORMAT_TEXT)
		return each_text(value, on, ctx);
	if (!open_binary(value, mask_type_element(type_oid), &it))
		return false;
	while (it.count > 0)
		if (!next_item(&it, &item, &is_null) || (!is_null && !on(ctx, item)))
			return false;
	return it.left.n == 0;
}
