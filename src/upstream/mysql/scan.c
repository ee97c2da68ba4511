/*
 * The words of a view's definition as the server prints it. Not a parser: it finds every name that may be a column's, a table's or
 * a function's, so that whoever reads it errs towards more. Names are in backquotes, or bare where whoever made the view had
 * sql_quote_show_create off. Strings have backslashes whatever sql_mode was (views are stored, and read, without it).
 */
#include <strings.h>

#include "reading.h"

bool my_is_bare(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' ||
		(unsigned char)c >= 0x80;
}

/* Past the closing quote. A doubled quote is one; a backslash escapes in strings, not in names. */
static const char *past_quoted(struct my_scan *s, const char *p, char quote, bool has_escapes)
{
	for (; *p; p++) {
		if (has_escapes && *p == '\\' && p[1])
			p++;
		else if (*p == quote && p[1] == quote)
			p++;
		else if (*p == quote)
			return p + 1;
	}
	s->is_broken = true;
	return p;
}

static const char *past_comment(struct my_scan *s, const char *p)
{
	const char *end = strstr(p + 2, "*/");

	s->is_broken |= !end;
	return end ? end + 2 : p + strlen(p);
}

/* Where the next word begins. */
static const char *past_blanks(struct my_scan *s, const char *p)
{
	for (;;) {
		if (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r')
			p++;
		else if (*p == '\'' || *p == '"')
			p = past_quoted(s, p + 1, *p, true);
		else if (*p == '/' && p[1] == '*')
			p = past_comment(s, p);
		else
			return p;
	}
}

struct my_word my_scan_next(struct my_scan *s)
{
	struct my_word w = {.kind = MY_END};
	const char *p = past_blanks(s, s->p), *end = p;

	if (*p == '`') {
		end = past_quoted(s, p + 1, '`', false);
		w.kind = MY_QUOTED;
		w.text = qw_bytes(p + 1, (size_t)(end - p) - (s->is_broken ? 1 : 2));
	} else if (my_is_bare(*p)) {
		while (my_is_bare(*end))
			end++;
		w.kind = MY_BARE;
		w.text = qw_bytes(p, (size_t)(end - p));
	} else if (*p) {
		end++;
		w.kind = MY_SIGN;
		w.text = qw_bytes(p, 1);
	}
	s->p = end;
	return w;
}

bool my_word_is(const struct my_word *w, const char *text)
{
	return w->text.n == strlen(text) && strncasecmp((const char *)w->text.p, text, w->text.n) == 0;
}

bool my_word_name(const struct my_word *w, char out[MY_NAME_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < w->text.n; i++) {
		if (n + 1 >= MY_NAME_MAX)
			return false;
		out[n++] = (char)w->text.p[i];
		if (w->kind == MY_QUOTED && w->text.p[i] == '`' && i + 1 < w->text.n && w->text.p[i + 1] == '`')
			i++;
	}
	out[n] = '\0';
	return true;
}
