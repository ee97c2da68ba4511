/* What a quoted token says. */
#include "lex.h"

static uint8_t escaped(uint8_t c)
{
	switch (c) {
	case 'n':
		return '\n';
	case 't':
		return '\t';
	case 'r':
		return '\r';
	case 'b':
		return '\b';
	case '0':
		return 0;
	case 'Z':
		return 26;
	default:
		return c;
	}
}

static size_t unquote(uint8_t *to, const uint8_t *p, size_t n, uint8_t quote, bool escapes)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		if (escapes && p[i] == '\\' && i + 1 < n) {
			i++;
			if (p[i] == '%' || p[i] == '_') /* LIKE reads it: both bytes stay */
				to[kept++] = '\\';
			to[kept++] = escaped(p[i]);
		} else {
			i += p[i] == quote;
			to[kept++] = p[i < n ? i : n - 1];
		}
	}
	return kept;
}

int mylex_value(const struct mylex *lex, const struct mylex_token *t, const struct mysql_dialect *d, struct qw_arena *arena,
	struct qw_bytes *out)
{
	const uint8_t *p = lex->text.p + t->at;
	size_t n = t->n;
	bool is_string = t->kind == MYLEX_STRING || t->kind == MYLEX_NSTRING;
	uint8_t *to;

	*out = qw_bytes(p, n);
	if (!is_string && t->kind != MYLEX_QUOTED)
		return 0;
	if (t->kind == MYLEX_NSTRING) {
		p++;
		n--;
	}
	*out = qw_bytes(p + 1, n - 2);
	if (!memchr(p + 1, *p, n - 2) && (!is_string || !memchr(p + 1, '\\', n - 2)))
		return 0;
	to = qw_arena_alloc(arena, n);
	if (!to)
		return QW_E_NOMEM;
	*out = qw_bytes(to, unquote(to, p + 1, n - 2, *p, is_string && !(d->modes & MYSQL_MODE_NO_BACKSLASH_ESCAPES)));
	return 0;
}
