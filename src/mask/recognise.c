#include "room.h"

/*
 * Is a value that somebody writes one that a mask made? Asked of literals and parameters that would
 * land in a labelled column: an agent that reads '***' and writes it back destroys what it never saw.
 */
enum { TOKEN_DIGITS = 20 };

static bool is_lower_hex(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

static bool is_word(uint8_t c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* "tok_" and 20 hex digits, anywhere: also within an address, JSON, XML or other text. */
static bool holds_token(struct qw_bytes s)
{
	const uint8_t *p = s.p, *end;

	if (s.n < 4 + TOKEN_DIGITS)
		return false;
	end = s.p + s.n;
	while ((p = memchr(p, 't', (size_t)(end - p)))) {
		size_t n = 0, left = (size_t)(end - p);

		if (left < 4 + TOKEN_DIGITS)
			return false;
		while (n < left - 4 && is_lower_hex(p[4 + n]))
			n++;
		if (memcmp(p, "tok_", 4) == 0 && n == TOKEN_DIGITS && (n == left - 4 || !is_word(p[4 + n])))
			return true;
		p++;
	}
	return false;
}

/* Where `what`, which is not empty, is first; NULL: nowhere. */
static const uint8_t *find(struct qw_bytes s, struct qw_bytes what)
{
	while (s.n >= what.n) {
		const uint8_t *p = memchr(s.p, what.p[0], s.n - what.n + 1);

		if (!p || memcmp(p, what.p, what.n) == 0)
			return p;
		s = qw_bytes(p + 1, s.n - (size_t)(p + 1 - s.p));
	}
	return NULL;
}

/* "tok_" as the first bytes of a version 8 uuid. */
static bool is_uuid_token(uint16_t format, struct qw_bytes s)
{
	uint8_t uuid[16];

	if (format == FORMAT_TEXT && !mask_uuid_parse(s, uuid))
		return false;
	if (format == FORMAT_BINARY) {
		if (s.n != sizeof(uuid))
			return false;
		memcpy(uuid, s.p, sizeof(uuid));
	}
	return memcmp(uuid, "tok_", 4) == 0 && (uuid[6] & 0xF0) == 0x80 && (uuid[8] & 0xC0) == 0x80;
}

/* bytea's hex form of "tok_..." */
static bool holds_hex_token(struct qw_bytes s)
{
	const uint8_t *at = s.n >= 2 && s.p[0] == '\\' && s.p[1] == 'x' ? find(s, QW_LIT("746f6b5f")) : NULL;

	return at && (size_t)(s.p + s.n - at) >= 8 + 2 * TOKEN_DIGITS;
}

static enum mask_trace trace_text(const struct mask_spec *spec, struct qw_bytes s)
{
	size_t chars = 0, hex = 0;

	if (qw_bytes_equal(s, QW_LIT("***")))
		return MASK_TRACE_CERTAIN;
	if (spec->kind == MASK_CONSTANT && qw_bytes_equal(s, qw_bytes_from(spec->constant)))
		return s.n ? MASK_TRACE_CERTAIN : MASK_TRACE_POSSIBLE;
	for (size_t i = 4; i < s.n; i++)
		chars += (s.p[i] & 0xC0) != 0x80;
	if (spec->kind == MASK_PARTIAL && s.n > 4 && memcmp(s.p, "****", 4) == 0 && chars == spec->keep_last)
		return MASK_TRACE_CERTAIN;
	while (hex < s.n && is_lower_hex(s.p[hex]))
		hex++;
	/* A token that was cut to fit varchar(n), or a shorter constant. */
	if ((mask_needs_key(spec->kind) && s.n && hex == s.n && hex <= TOKEN_DIGITS) ||
		(s.n && s.n < 3 && s.p[0] == '*'))
		return MASK_TRACE_POSSIBLE;
	return MASK_TRACE_NONE;
}

/* Is it the very constant of redact or of the spec? */
static enum mask_trace trace_constant(const struct mask_spec *spec, const struct mask_column *column, struct qw_bytes s)
{
	const struct mask_spec redact = {.kind = MASK_REDACT};
	struct mask_column c = *column;
	enum mask_trace trace = MASK_TRACE_NONE;
	struct qw_buf made;
	bool is_null;

	qw_buf_init(&made, 1 << 16);
	for (int i = 0; i < 2 && trace == MASK_TRACE_NONE; i++) {
		c.spec = i ? spec : &redact;
		if (i && spec->kind != MASK_CONSTANT)
			break;
		qw_buf_clear(&made);
		if (mask_value(&c, NULL, (struct qw_bytes){0}, &made, &is_null) || is_null)
			continue;
		if (qw_bytes_equal(qw_buf_pending(&made), s))
			trace = MASK_TRACE_POSSIBLE;
	}
	qw_buf_fini(&made);
	return trace;
}

static enum mask_trace trace_one(const struct mask_spec *spec, uint32_t type_oid, uint16_t format, struct qw_bytes s)
{
	enum mask_class class = mask_type_class(type_oid);
	const struct mask_column column = {.type_oid = type_oid, .type_modifier = -1, .format = format};

	/* A literal has no type yet, an enum or an extension none that is known here: the text form says enough. */
	if ((class == CLASS_UUID || format == FORMAT_TEXT) && is_uuid_token(format, s))
		return MASK_TRACE_CERTAIN;
	if (format == FORMAT_TEXT && holds_hex_token(s))
		return MASK_TRACE_CERTAIN;
	if (holds_token(s))
		return MASK_TRACE_CERTAIN;
	if (find(s, QW_LIT("<redacted/>")))
		return MASK_TRACE_CERTAIN;
	if (mask_class_is_text(class) || (class == CLASS_UNKNOWN && format == FORMAT_TEXT)) {
		enum mask_trace trace = trace_text(spec, mask_unfilled(CLASS_BPCHAR, s));

		if (trace != MASK_TRACE_NONE)
			return trace;
	}
	return trace_constant(spec, &column, s);
}

struct each {
	const struct mask_spec *spec;
	uint32_t type_oid;
	uint16_t format;
	enum mask_trace worst;
};

static bool on_element(void *ctx, struct qw_bytes element)
{
	struct each *e = ctx;
	enum mask_trace trace = trace_one(e->spec, e->type_oid, e->format, element);

	if (trace < e->worst)
		e->worst = trace;
	return e->worst != MASK_TRACE_CERTAIN;
}

enum mask_trace mask_recognise(const struct mask_spec *spec, uint32_t type_oid, uint16_t format, struct qw_bytes value)
{
	struct each e = {spec, mask_type_element(type_oid), format, MASK_TRACE_NONE};

	if (!spec || format > FORMAT_BINARY)
		return MASK_TRACE_CERTAIN;
	if (e.type_oid == 0)
		return trace_one(spec, type_oid, format, value);
	if (!mask_array_each(type_oid, format, value, on_element, &e) && e.worst != MASK_TRACE_CERTAIN)
		return holds_token(value) ? MASK_TRACE_CERTAIN : MASK_TRACE_NONE; /* the server will refuse it */
	return e.worst;
}

bool mask_is_recognisable(enum mask_kind kind)
{
	switch (kind) {
	case MASK_REDACT:
	case MASK_PARTIAL:
	case MASK_HASH:
	case MASK_CONSTANT:
	case MASK_EMAIL:
		return true;
	case MASK_NULL: /* nobody can tell this NULL from another */
	case MASK_FF1:
	case MASK_DATE_SHIFT:
	case MASK_ROUND:
	case MASK_TRUNCATE:
		return false;
	}
	return false;
}
