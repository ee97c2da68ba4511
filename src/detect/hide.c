#include "room.h"

/*
 * Replacing. The brackets of a placeholder separate like the end of a text, so what is left between two of them is scanned
 * again by itself: what stood in the way of a match ("1-" before a number) may have gone. Each round is linear and there are
 * at most DEPTH_MAX; what still finds something then is hidden whole.
 */
enum { DEPTH_MAX = 4, LEAST = 6 /* a@b.io: nothing shorter is found */ };

struct hiding {
	struct scan scan;
	char open, close;
	struct qw_buf *out;
	uint32_t done;
};

static int put_placeholder(struct hiding *h, enum detect_kind kind)
{
	const char *name = detect_kind_name(kind);
	int err = qw_buf_append(h->out, &h->open, 1);

	h->done |= 1u << kind;
	if (!err)
		err = qw_buf_append(h->out, name, strlen(name));
	return err ? err : qw_buf_append(h->out, &h->close, 1);
}

static int hide_text(struct hiding *h, struct qw_bytes text, unsigned depth)
{
	struct scan s = h->scan;
	struct detect_match m;
	int err = 0;

	s.text = text;
	while (!err && s.text.n >= LEAST && detect_find(&s, &m)) {
		struct qw_bytes before = {s.text.p, m.start};

		if (depth == DEPTH_MAX)
			return put_placeholder(h, m.kind);
		err = hide_text(h, before, depth + 1);
		if (!err)
			err = put_placeholder(h, m.kind);
		s.text = qw_bytes(s.text.p + m.end, s.text.n - m.end);
	}
	return err ? err : qw_buf_append(h->out, s.text.p, s.text.n);
}

/* ---- JSON ---- */
static int hide_leaf(struct hiding *h, const struct json_leaf *leaf, struct qw_buf *scratch)
{
	struct qw_bytes text = leaf->raw, hidden;
	size_t before = qw_buf_pending(h->out).n;
	uint32_t done = h->done;
	struct qw_buf encoded;
	int err = 0;

	if (leaf->has_escapes) {
		qw_buf_clear(scratch);
		if (detect_json_decode(text, scratch) == 0)
			text = qw_buf_pending(scratch);
	}
	h->scan.is_key_like = leaf->is_key_like;
	h->done = 0;
	err = hide_text(h, text, 0);
	if (err || h->done == 0) {
		h->out->n = h->out->off + before;
		h->done = done;
		return err ? err : qw_buf_append(h->out, leaf->raw.p, leaf->raw.n);
	}
	h->done |= done;
	if (!leaf->has_escapes && leaf->is_string)
		return 0;
	qw_buf_init(&encoded, h->out->max); /* a number becomes a string; escapes are made anew */
	hidden = qw_buf_pending(h->out);
	err = detect_json_encode(qw_bytes(hidden.p + before, hidden.n - before), &encoded);
	h->out->n = h->out->off + before;
	hidden = qw_buf_pending(&encoded);
	if (!err && leaf->is_string) /* its quotes stand around it already */
		hidden = qw_bytes(hidden.p + 1, hidden.n - 2);
	if (!err)
		err = qw_buf_append(h->out, hidden.p, hidden.n);
	qw_buf_fini(&encoded);
	return err;
}

static int hide_json(struct hiding *h, struct qw_bytes cell, struct qw_buf *scratch)
{
	struct json_walk w = {.s = cell, .is_key_like = h->scan.is_key_like};
	struct json_leaf leaf;
	size_t copied = 0;
	int err = 0;

	while (!err && detect_json_next(&w, &leaf)) {
		size_t start = (size_t)(leaf.raw.p - cell.p);

		if (!leaf.is_string && start > 0 && cell.p[start - 1] == '-') { /* the sign is a part of it */
			leaf.raw = qw_bytes(leaf.raw.p - 1, leaf.raw.n + 1);
			start--;
		}
		err = qw_buf_append(h->out, cell.p + copied, start - copied);
		if (!err)
			err = hide_leaf(h, &leaf, scratch);
		copied = start + leaf.raw.n;
	}
	return err ? err : qw_buf_append(h->out, cell.p + copied, cell.n - copied);
}

/* ---- XML: within the name of an element nothing can be replaced and stay XML ---- */
struct markup {
	size_t at;
	uint8_t quote;
	bool in_tag;
};

/* Moves on to `to`; true: within a tag, but not within the quotes of an attribute. */
static bool is_in_tag(struct markup *k, struct qw_bytes cell, size_t to)
{
	for (; k->at < to; k->at++) {
		uint8_t c = cell.p[k->at];
		bool is_text = cell.n - k->at >= 3 && (memcmp(cell.p + k->at, "<!-", 3) == 0 || memcmp(cell.p + k->at, "<![", 3) == 0);

		if (!k->in_tag)
			k->in_tag = c == '<' && !is_text;
		else if (k->quote)
			k->quote = c == k->quote ? 0 : k->quote;
		else if (c == '"' || c == '\'')
			k->quote = c;
		else
			k->in_tag = c != '>';
	}
	return k->in_tag && !k->quote;
}

static int hide_xml(struct hiding *h, struct qw_bytes cell)
{
	size_t before = qw_buf_pending(h->out).n;
	struct scan s = h->scan;
	struct markup k = {0};
	struct detect_match m;
	size_t at = 0;
	int err;

	h->open = h->close = '*';
	for (s.text = cell; detect_find(&s, &m); s.text = qw_bytes(cell.p + at, cell.n - at)) {
		if (is_in_tag(&k, cell, at + m.start) || is_in_tag(&k, cell, at + m.end)) {
			h->done |= 1u << m.kind;
			return qw_buf_append(h->out, "<redacted/>", 11);
		}
		at += m.end;
	}
	err = hide_text(h, cell, 0);
	if (err)
		h->out->n = h->out->off + before;
	return err;
}

/* ---- bytea ---- */
static int hide_bytea(struct hiding *h, struct qw_bytes cell, struct qw_buf *scratch)
{
	size_t before = qw_buf_pending(h->out).n, n;
	uint8_t *p;
	int err;

	qw_buf_clear(scratch);
	err = detect_bytea_decode(cell, scratch);
	if (err == QW_E_MALFORMED) {
		h->done = h->scan.kinds;
		return qw_buf_append(h->out, "\\x", 2);
	}
	if (!err)
		err = hide_text(h, qw_buf_pending(scratch), 0);
	n = qw_buf_pending(h->out).n - before;
	if (!err)
		err = qw_buf_reserve(h->out, n + 2 + 1);
	if (err)
		return err;
	p = h->out->p + h->out->off + before;
	for (size_t i = n; i-- > 0;) { /* from the end: two digits never reach a byte that is still to be read */
		uint8_t c = p[i];

		p[2 + 2 * i] = (uint8_t)"0123456789abcdef"[c >> 4];
		p[3 + 2 * i] = (uint8_t)"0123456789abcdef"[c & 15];
	}
	memcpy(p, "\\x", 2);
	h->out->n += n + 2;
	return 0;
}

static int hide_form(struct hiding *h, enum detect_form form, struct qw_bytes cell, struct qw_buf *scratch)
{
	switch (form) {
	case DETECT_FORM_NONE:
	case DETECT_FORM_TEXT:
		return hide_text(h, cell, 0);
	case DETECT_FORM_JSON:
	case DETECT_FORM_JSONB: /* the version byte is no part of a string or number */
		return hide_json(h, cell, scratch);
	case DETECT_FORM_XML:
		return hide_xml(h, cell);
	case DETECT_FORM_BYTEA:
		return hide_bytea(h, cell, scratch);
	}
	return QW_E_STATE;
}

static int hide_array(struct hiding *h, const struct detect_column *column, struct qw_bytes cell, struct qw_buf *scratch)
{
	size_t head = detect_array_head(cell), from, n;
	struct qw_bytes left = qw_bytes(cell.p + head, cell.n - head), item;
	bool is_null;
	int err = head ? qw_buf_append(h->out, cell.p, head) : QW_E_MALFORMED;

	while (left.n && !err) {
		if (!detect_array_item(&left, &item, &is_null))
			return QW_E_MALFORMED;
		from = qw_buf_pending(h->out).n;
		err = qw_buf_append(h->out, "\xff\xff\xff\xff", 4);
		if (err || is_null)
			continue;
		h->scan.is_key_like = column->is_key_like;
		err = hide_form(h, column->form, item, scratch);
		n = qw_buf_pending(h->out).n - from - 4;
		for (size_t i = 0; i < 4 && !err; i++)
			h->out->p[h->out->off + from + i] = (uint8_t)(n >> (24 - 8 * i));
	}
	return err;
}

int detect_mask(const struct detect_column *column, struct qw_bytes cell, struct qw_buf *scratch, struct qw_buf *out,
	struct detect_found *found)
{
	struct hiding h = {.scan = {.kinds = column->set.masked, .is_key_like = column->is_key_like}, .out = out};
	size_t before = qw_buf_pending(out).n;
	uint32_t kinds = detect_kinds_in(column, column->set.masked | column->set.flagged, cell, scratch);
	int err = 0;

	h.open = '[';
	h.close = ']';
	*found = (struct detect_found){.flagged = kinds & column->set.flagged};
	if (!kinds || !column->set.masked)
		return 0;
	/* What is only flagged may have stood before what is to be masked: looked at again without it. */
	if (!(kinds & column->set.masked) && !detect_kinds_in(column, column->set.masked, cell, scratch))
		return 0;
	if (column->is_binary_array)
		err = hide_array(&h, column, cell, scratch);
	else
		err = hide_form(&h, column->form, cell, scratch);
	found->masked = h.done ? h.done : column->set.masked & -(uint32_t)(err != 0);
	if (err || !h.done)
		out->n = out->off + before;
	return err;
}

bool detect_holds_placeholder(struct qw_bytes text)
{
	for (size_t i = 0; i < text.n; i++) {
		uint8_t open = text.p[i];
		size_t left = text.n - i - 1;

		for (int k = 0; (open == '[' || open == '*') && k < (int)DETECT_KIND_COUNT; k++) {
			const char *name = detect_kind_name((enum detect_kind)k);
			size_t n = strlen(name);

			if (left > n && memcmp(text.p + i + 1, name, n) == 0 && text.p[i + 1 + n] == (open == '[' ? ']' : '*'))
				return true;
		}
	}
	return false;
}
