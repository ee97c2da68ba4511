/* One cell of a result as the client may see it: masked by its column's mask, else looked at by content detectors. */
#include "../machine.h"

enum { HEX_MIN = 16 }; /* nothing that detectors look for has fewer than eight bytes */

static enum cell masked(struct session *s, const struct mask_column *m, const struct mask_subject *subject, struct qw_bytes value,
	struct qw_bytes *out)
{
	bool is_null = true;

	qw_buf_clear(&s->scratch);
	if (mask_value_of(m, subject, s->options->mask_key, value, &s->scratch, &is_null) || is_null)
		return CELL_NULL; /* NULL can always be decoded */
	*out = qw_buf_pending(&s->scratch);
	return CELL_OTHER;
}

static bool is_hex(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

/* bytea inside of the text of an array or record: \x and hex digits, behind however many backslashes. */
static void look_into_hex(struct session *s, const struct scan *scan, struct qw_bytes value, struct detect_found *found)
{
	struct detect_column c = scan->column;
	struct detect_match match[DETECT_KIND_COUNT];
	size_t at = 0;

	c.form = DETECT_FORM_BYTEA;
	while (at + HEX_MIN + 2 < value.n) {
		const uint8_t *p = memchr(value.p + at, '\\', value.n - at - HEX_MIN - 2);
		size_t n = 2, count;

		if (!p)
			return;
		at = (size_t)(p - value.p);
		while (p[1] == 'x' && at + n < value.n && is_hex(p[n]))
			n++;
		count = n >= HEX_MIN + 2 ? detect_scan(&c, qw_bytes(p, n & ~(size_t)1), &s->scan, match, QW_COUNT(match)) : 0;
		for (size_t i = 0; i < count; i++) {
			found->masked |= c.set.masked & 1u << match[i].kind;
			found->flagged |= c.set.flagged & 1u << match[i].kind;
		}
		at += n - 1;
	}
}

static enum cell scanned(struct session *s, const struct columns *c, size_t i, struct qw_bytes value,
	struct qw_bytes *out)
{
	const struct scan *scan = &c->scans[i];
	struct detect_found found = {0}, inside = {0};
	enum cell literals = scan->is_definition ? literals_hide(s, scan, value, &value) : CELL_SAME;
	int err;

	if (literals == CELL_NULL)
		return CELL_NULL;
	qw_buf_clear(&s->scratch);
	*out = value;
	err = detect_mask(&scan->column, value, &s->scan, &s->scratch, &found);
	if (scan->may_hold_hex)
		look_into_hex(s, scan, value, &inside);
	found.masked |= inside.masked;
	found.flagged |= inside.flagged;
	if (found.masked || found.flagged)
		scan_found(s, s->unit, scan->name, &found);
	if (err || inside.masked || (found.masked && scan->is_opaque))
		return CELL_NULL;
	if (!found.masked)
		return literals;
	*out = qw_buf_pending(&s->scratch);
	return CELL_OTHER;
}

static enum cell looked_at(struct session *s, const struct columns *c, size_t i, const struct mask_subject *subject,
	struct qw_bytes value, struct qw_bytes *out)
{
	*out = value;
	if (c->list[i].spec)
		return masked(s, &c->list[i], subject, value, out);
	if (c->scans && c->scans[i].column.form != DETECT_FORM_NONE)
		return scanned(s, c, i, value, out);
	return CELL_SAME;
}

enum cell cell_make(struct session *s, const struct columns *c, size_t i, const struct mask_subject *subject,
	struct qw_bytes value, struct qw_bytes *out)
{
	enum cell made = looked_at(s, c, i, subject, value, out);

	return c->hides_plan && made != CELL_NULL ? plans_hide(s, *out, out) : made;
}
