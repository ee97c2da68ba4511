#include "room.h"

static const char *const kind_names[DETECT_KIND_COUNT] = {
#define X(id, name, meaning) name,
	DETECT_KINDS(X)
#undef X
};

const char *detect_kind_name(enum detect_kind kind)
{
	return (size_t)kind < DETECT_KIND_COUNT ? kind_names[kind] : "unknown";
}

int detect_kind_parse(const char *name, enum detect_kind *out)
{
	for (size_t i = 0; name && i < DETECT_KIND_COUNT; i++) {
		if (strcmp(name, kind_names[i]) == 0) {
			*out = (enum detect_kind)i;
			return 0;
		}
	}
	return QW_E_NOTFOUND;
}

void detect_set_init(struct detect_set *set, const enum detect_action actions[DETECT_KIND_COUNT])
{
	*set = (struct detect_set){0};
	for (size_t i = 0; i < DETECT_KIND_COUNT; i++) {
		if (actions[i] == DETECT_MASK)
			set->masked |= 1u << i;
		else if (actions[i] == DETECT_FLAG)
			set->flagged |= 1u << i;
	}
}

/* pg_type.dat: the types and their arrays. Values of types that an extension or a user made are read as text only. */
static const struct {
	uint32_t oid, array;
	enum detect_form text, binary;
} types[] = {
	{25, 1009, DETECT_FORM_TEXT, DETECT_FORM_TEXT}, {1043, 1015, DETECT_FORM_TEXT, DETECT_FORM_TEXT},
	{1042, 1014, DETECT_FORM_TEXT, DETECT_FORM_TEXT}, {19, 1003, DETECT_FORM_TEXT, DETECT_FORM_TEXT},
	{705, 0, DETECT_FORM_TEXT, DETECT_FORM_TEXT}, {114, 199, DETECT_FORM_JSON, DETECT_FORM_JSON},
	{3802, 3807, DETECT_FORM_JSON, DETECT_FORM_JSONB}, {142, 143, DETECT_FORM_XML, DETECT_FORM_XML},
	{17, 1001, DETECT_FORM_BYTEA, DETECT_FORM_TEXT}, {2249, 2287, DETECT_FORM_TEXT, DETECT_FORM_NONE} /* record */,
};
enum { FIRST_USER_OID = 16384 };

static enum detect_form form_of(uint32_t type_oid, uint16_t format, bool *is_binary_array)
{
	*is_binary_array = false;
	for (size_t i = 0; i < QW_COUNT(types); i++) {
		if (type_oid == types[i].oid)
			return format ? types[i].binary : types[i].text;
		if (type_oid != types[i].array || type_oid == 0)
			continue;
		*is_binary_array = format && types[i].binary != DETECT_FORM_NONE;
		return format ? types[i].binary : DETECT_FORM_TEXT;
	}
	return type_oid >= FIRST_USER_OID && format == 0 ? DETECT_FORM_TEXT : DETECT_FORM_NONE;
}

bool detect_column_init(struct detect_column *out, const struct detect_set *set, const char *name, uint32_t type_oid,
	uint16_t format)
{
	*out = (struct detect_column){.set = *set, .is_key_like = detect_key_like(qw_bytes_from(name))};
	out->form = format > 1 ? DETECT_FORM_NONE : form_of(type_oid, format, &out->is_binary_array);
	return out->form != DETECT_FORM_NONE && (set->masked | set->flagged);
}

/* ---- scanning ---- */
struct finds {
	struct detect_match *out;
	size_t count, max;
	uint32_t kinds;
	size_t add; /* of the part that is scanned, within the cell */
	size_t whole_end; /* not 0: the part was decoded, so its matches are reported as add to whole_end */
	size_t unit; /* bytes of the cell for one of the part */
};

static void note(struct finds *f, struct detect_match m)
{
	if (f->whole_end) {
		m.start = f->add;
		m.end = f->whole_end;
	} else {
		m.start = f->add + m.start * f->unit;
		m.end = f->add + m.end * f->unit;
	}
	f->kinds |= 1u << m.kind;
	if (f->count < f->max)
		f->out[f->count++] = m;
}

static void scan_text(uint32_t kinds, bool is_key_like, struct qw_bytes text, struct finds *f)
{
	struct scan s = {text, kinds, is_key_like};
	struct detect_match m;
	size_t done = 0;

	while (detect_find(&s, &m)) {
		size_t end = m.end;

		m.start += done;
		m.end += done;
		note(f, m);
		done += end;
		s.text = qw_bytes(s.text.p + end, s.text.n - end);
	}
}

static void whole_cell(struct qw_bytes cell, uint32_t kinds, struct finds *f)
{
	for (unsigned k = 0; k < DETECT_KIND_COUNT; k++)
		if (kinds & 1u << k)
			note(f, (struct detect_match){(enum detect_kind)k, 0, cell.n});
}

static void scan_json(uint32_t kinds, bool is_key_like, struct qw_bytes cell, struct qw_buf *scratch, struct finds *f)
{
	struct json_walk w = {.s = cell, .is_key_like = is_key_like};
	size_t base = f->add;
	struct json_leaf leaf;

	while (detect_json_next(&w, &leaf)) {
		struct qw_bytes text = leaf.raw;

		f->add = base + (size_t)(text.p - cell.p);
		f->whole_end = 0;
		if (leaf.has_escapes) {
			qw_buf_clear(scratch);
			f->whole_end = f->add + text.n;
			if (detect_json_decode(text, scratch) == 0)
				text = qw_buf_pending(scratch);
		}
		scan_text(kinds, leaf.is_key_like, text, f);
	}
}

static void scan_form(const struct detect_column *c, uint32_t kinds, struct qw_bytes cell, struct qw_buf *scratch, struct finds *f)
{
	f->unit = 1;
	f->whole_end = 0;
	if (c->form == DETECT_FORM_BYTEA) {
		qw_buf_clear(scratch);
		if (detect_bytea_decode(cell, scratch)) {
			whole_cell(cell, kinds, f);
			return;
		}
		if (detect_bytea_is_hex(cell)) {
			f->add += 2;
			f->unit = 2;
		} else {
			f->whole_end = f->add + cell.n;
		}
		cell = qw_buf_pending(scratch);
		if (detect_suspects(cell, c->is_key_like, D_RUN))
			scan_text(kinds, c->is_key_like, cell, f);
		return;
	}
	if (c->form == DETECT_FORM_TEXT || c->form == DETECT_FORM_XML)
		scan_text(kinds, c->is_key_like, cell, f);
	else
		scan_json(kinds, c->is_key_like, cell, scratch, f);
}

/* In JSON an escape may hide what the byte counts look for, and a name may speak of a key. */
static bool may_hide(const struct detect_column *c, struct qw_bytes cell)
{
	if (c->form == DETECT_FORM_BYTEA)
		return true; /* looked at after decoding */
	if (c->form == DETECT_FORM_JSON || c->form == DETECT_FORM_JSONB)
		return detect_suspects(cell, c->is_key_like, D_RUN | D_BASE64) || (cell.n && memchr(cell.p, '\\', cell.n));
	return detect_suspects(cell, c->is_key_like, D_RUN);
}

static void scan_cell(const struct detect_column *c, uint32_t kinds, struct qw_bytes cell, struct qw_buf *scratch, struct finds *f)
{
	struct qw_bytes left = cell, item;
	size_t head;
	bool is_null;

	if (!kinds || c->form == DETECT_FORM_NONE)
		return;
	if (!c->is_binary_array) {
		if (may_hide(c, cell))
			scan_form(c, kinds, cell, scratch, f);
		return;
	}
	head = detect_array_head(cell);
	if (head == 0) {
		whole_cell(cell, kinds, f);
		return;
	}
	left = qw_bytes(cell.p + head, cell.n - head);
	while (left.n) {
		if (!detect_array_item(&left, &item, &is_null)) {
			f->add = 0;
			whole_cell(cell, kinds, f);
			return;
		}
		f->add = (size_t)(item.p - cell.p);
		if (!is_null && may_hide(c, item))
			scan_form(c, kinds, item, scratch, f);
	}
}

size_t detect_scan(const struct detect_column *column, struct qw_bytes cell, struct qw_buf *scratch, struct detect_match *out,
	size_t max)
{
	struct finds f = {.out = out, .max = max, .unit = 1};

	scan_cell(column, column->set.masked | column->set.flagged, cell, scratch, &f);
	return f.count;
}

uint32_t detect_kinds_in(const struct detect_column *column, uint32_t kinds, struct qw_bytes cell, struct qw_buf *scratch)
{
	struct finds f = {.unit = 1};

	scan_cell(column, kinds, cell, scratch, &f);
	return f.kinds;
}

/* ---- binary arrays: array_send() of the server ---- */
static uint32_t load32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

size_t detect_array_head(struct qw_bytes cell)
{
	size_t head;

	if (cell.n < 12 || load32(cell.p) > 6)
		return 0;
	head = 12 + (size_t)load32(cell.p) * 8;
	return head <= cell.n ? head : 0;
}

bool detect_array_item(struct qw_bytes *left, struct qw_bytes *item, bool *is_null)
{
	uint32_t n;

	if (left->n < 4)
		return false;
	n = load32(left->p);
	*is_null = n == UINT32_MAX;
	if (*is_null)
		n = 0;
	*left = qw_bytes(left->p + 4, left->n - 4);
	if (n > left->n)
		return false;
	*item = qw_bytes(left->p, n);
	*left = qw_bytes(left->p + n, left->n - n);
	return true;
}
