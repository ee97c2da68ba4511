/*
 * Comments out, each one blank in. Bytes outside of quotes that no known server would read alike are refused here: NUL, control
 * characters, executable comments, and what is no character of the connection's set.
 */
#include "lex.h"

struct scrub {
	struct qw_bytes text;
	const struct mysql_dialect *dialect;
	uint8_t *to; /* NULL: no comment was met yet */
	size_t kept, from; /* bytes in `to`; where what is not yet copied begins */
	struct mylex *out;
};

static bool refuse(struct scrub *s, size_t at, const char *why)
{
	s->out->problem = why;
	s->out->problem_at = at;
	return false;
}

size_t mylex_quote_end(struct qw_bytes text, size_t at, const struct mysql_dialect *d)
{
	uint8_t quote = text.p[at];
	bool is_name = quote == '`' || (quote == '"' && d->modes & MYSQL_MODE_ANSI_QUOTES);
	bool escapes = !is_name && !(d->modes & MYSQL_MODE_NO_BACKSLASH_ESCAPES);

	for (size_t i = at + 1; i < text.n; i++) {
		if (is_name && text.p[i] == 0)
			return 0; /* the servers end such a name here */
		if (escapes && text.p[i] == '\\')
			i++;
		else if (text.p[i] == quote) {
			if (i + 1 == text.n || text.p[i + 1] != quote)
				return i + 1;
			i++;
		}
	}
	return 0;
}

static uint8_t at_or_nul(const struct scrub *s, size_t at)
{
	return at < s->text.n ? s->text.p[at] : 0;
}

/* "--" begins a comment only before a blank, a control character or the end. */
static bool is_dash_comment(const struct scrub *s, size_t at)
{
	uint8_t c = at_or_nul(s, at + 2);

	return at_or_nul(s, at + 1) == '-' && (at + 2 == s->text.n || c == ' ' || (c > 0 && c < 0x20) || c == 0x7f);
}

static bool to_line_end(struct scrub *s, size_t at, size_t *end)
{
	const uint8_t *nl = memchr(s->text.p + at, '\n', s->text.n - at);
	const uint8_t *nul = memchr(s->text.p + at, 0, nl ? (size_t)(nl - s->text.p) - at : s->text.n - at);

	*end = nl ? (size_t)(nl - s->text.p) : s->text.n;
	return nul ? refuse(s, at, "a comment holds a NUL byte") : true;
}

static bool to_comment_end(struct scrub *s, size_t at, size_t *end)
{
	if (at_or_nul(s, at + 2) == '!' || (at_or_nul(s, at + 2) == 'M' && at_or_nul(s, at + 3) == '!'))
		return refuse(s, at, "executable comments (/*! and /*M!) are refused: which server runs them depends on its version");
	for (size_t i = at + 2; i + 1 < s->text.n; i++) {
		if (s->text.p[i] == 0)
			return refuse(s, i, "a comment holds a NUL byte");
		if (s->text.p[i] == '*' && s->text.p[i + 1] == '/') {
			*end = i + 2;
			return true;
		}
	}
	return refuse(s, at, "a comment is never closed");
}

static void keep(struct scrub *s, size_t until)
{
	if (s->to)
		memcpy(s->to + s->kept, s->text.p + s->from, until - s->from);
	s->kept += until - s->from;
}

static int drop(struct scrub *s, struct qw_arena *arena, size_t at, size_t end)
{
	if (!s->to) {
		s->to = qw_arena_alloc(arena, s->text.n + 1);
		if (!s->to)
			return QW_E_NOMEM;
	}
	keep(s, at);
	s->to[s->kept++] = ' ';
	s->from = end;
	return 0;
}

/* One thing at *at: moves behind it. *end != 0: it was a comment, up to there. */
static bool step(struct scrub *s, size_t *at, size_t *end)
{
	uint8_t c = s->text.p[*at];

	*end = 0;
	if (c == '\'' || c == '"' || c == '`') {
		size_t close = mylex_quote_end(s->text, *at, s->dialect);

		if (!close)
			return refuse(s, *at, "a quote is never closed");
		*at = close;
		return true;
	}
	if (c == '#' || (c == '-' && is_dash_comment(s, *at)))
		return to_line_end(s, *at, end);
	if (c == '/' && at_or_nul(s, *at + 1) == '*')
		return to_comment_end(s, *at, end);
	if ((c < 0x20 && !mylex_is_space(c)) || c == 0x7f)
		return refuse(s, *at, "a control character stands outside of a string");
	if (c >= 0x80 && s->dialect->charset != MYSQL_CHARSET_UTF8)
		return refuse(s, *at, "a byte above 7F stands outside of a string");
	++*at;
	return true;
}

int mylex_scrub(struct qw_bytes text, const struct mysql_dialect *d, struct qw_arena *arena, struct mylex *out)
{
	struct scrub s = {.text = text, .dialect = d, .out = out};
	size_t at = 0, end;

	while (at < text.n) {
		if (!step(&s, &at, &end))
			return 0;
		if (end) {
			int err = drop(&s, arena, at, end);

			if (err)
				return err;
			at = end;
		}
	}
	keep(&s, text.n);
	out->text = s.to ? qw_bytes(s.to, s.kept) : text;
	return 0;
}
