/*
 * Any bytes as a cell of any form: matches lie within it, and in what is left after masking nothing is found. JSON that was
 * well-formed (by a check of our own) still is. The first byte chooses type, format and name.
 */
#include "qw/detect.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct {
	uint32_t oid;
	uint16_t format;
} forms[] = {{25, 0}, {114, 0}, {3802, 1}, {142, 0}, {17, 0}, {17, 1}, {1009, 1}, {1009, 0}, {199, 1}, {1001, 1}, {2249, 0}, {20000, 0}};

/* ---- RFC 8259, by recursive descent ---- */
struct json {
	const uint8_t *p, *end;
};

static void blanks(struct json *j)
{
	while (j->p < j->end && (*j->p == ' ' || *j->p == '\n' || *j->p == '\t' || *j->p == '\r'))
		j->p++;
}

static bool take(struct json *j, char c)
{
	if (j->p == j->end || *j->p != (uint8_t)c)
		return false;
	j->p++;
	return true;
}

static bool string(struct json *j)
{
	if (!take(j, '"'))
		return false;
	while (j->p < j->end && *j->p != '"') {
		if (*j->p < 0x20)
			return false;
		if (*j->p++ != '\\')
			continue;
		if (j->p == j->end)
			return false;
		if (*j->p == 'u') {
			uint8_t b[2];

			if (j->end - j->p < 5 || qw_unhex(qw_bytes(j->p + 1, 4), b))
				return false;
			j->p += 5;
		} else if (!memchr("\"\\/bfnrt", *j->p++, 8)) {
			return false;
		}
	}
	return take(j, '"');
}

static bool digits(struct json *j)
{
	const uint8_t *start = j->p;

	while (j->p < j->end && *j->p >= '0' && *j->p <= '9')
		j->p++;
	return j->p > start;
}

static bool number(struct json *j)
{
	(void)take(j, '-');
	if (!take(j, '0') && !digits(j))
		return false;
	if (take(j, '.') && !digits(j))
		return false;
	if (take(j, 'e') || take(j, 'E')) {
		if (!take(j, '-'))
			(void)take(j, '+');
		return digits(j);
	}
	return true;
}

static bool word(struct json *j, const char *w)
{
	size_t n = strlen(w);

	if ((size_t)(j->end - j->p) < n || memcmp(j->p, w, n) != 0)
		return false;
	j->p += n;
	return true;
}

static bool value(struct json *j, unsigned depth);

static bool members(struct json *j, unsigned depth, char close, bool has_names)
{
	blanks(j);
	if (take(j, close))
		return true;
	for (;;) {
		blanks(j);
		if (has_names) {
			if (!string(j))
				return false;
			blanks(j);
			if (!take(j, ':'))
				return false;
		}
		if (!value(j, depth + 1))
			return false;
		if (take(j, close))
			return true;
		if (!take(j, ','))
			return false;
	}
}

static bool value(struct json *j, unsigned depth)
{
	bool is_good;

	blanks(j);
	if (j->p == j->end || depth > 100)
		return false;
	if (*j->p == '"')
		is_good = string(j);
	else if (take(j, '{'))
		is_good = members(j, depth, '}', true);
	else if (take(j, '['))
		is_good = members(j, depth, ']', false);
	else
		is_good = word(j, "true") || word(j, "false") || word(j, "null") || number(j);
	blanks(j);
	return is_good;
}

static bool is_json(struct qw_bytes s)
{
	struct json j = {s.p, s.p + s.n};

	return s.n > 0 && value(&j, 0) && j.p == j.end;
}

static bool is_hex_bytea(struct qw_bytes s)
{
	for (size_t i = 2; i < s.n; i++)
		if (!memchr("0123456789abcdef", s.p[i], 16))
			return false;
	return s.n >= 2 && s.n % 2 == 0 && s.p[0] == '\\' && s.p[1] == 'x';
}

static void check_form(enum detect_form form, struct qw_bytes cell, struct qw_bytes masked)
{
	if (form == DETECT_FORM_JSON && is_json(cell))
		QW_ASSERT(is_json(masked));
	if (form == DETECT_FORM_BYTEA)
		QW_ASSERT(is_hex_bytea(masked));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum detect_action all[DETECT_KIND_COUNT];
	size_t which = size ? data[0] % QW_COUNT(forms) : 0;
	struct qw_bytes cell = size ? qw_bytes(data + 1, size - 1) : qw_bytes(data, 0);
	struct qw_buf scratch, out;
	struct detect_match m[16];
	struct detect_column c;
	struct detect_found found;
	struct detect_set set;
	size_t n;
	int err;

	detect_set_init(&set, all);
	(void)detect_column_init(&c, &set, size && data[0] & 0x80 ? "api_key" : "note", forms[which].oid, forms[which].format);
	qw_buf_init(&scratch, 4 << 20);
	qw_buf_init(&out, 4 << 20);
	n = detect_scan(&c, cell, &scratch, m, QW_COUNT(m));
	for (size_t i = 0; i < n; i++)
		QW_ASSERT(m[i].start <= m[i].end && m[i].end <= cell.n);
	err = detect_mask(&c, cell, &scratch, &out, &found);
	QW_ASSERT((found.masked != 0) == (n > 0));
	QW_ASSERT(!err || c.is_binary_array);
	if (!err && found.masked) {
		if (!c.is_binary_array)
			check_form(c.form, cell, qw_buf_pending(&out));
		QW_ASSERT(detect_scan(&c, qw_buf_pending(&out), &scratch, m, QW_COUNT(m)) == 0);
	} else {
		QW_ASSERT(out.n == 0);
	}
	qw_buf_fini(&out);
	qw_buf_fini(&scratch);
	return 0;
}
