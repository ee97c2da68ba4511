/* Lines -> the one line that they were made of. Facts: print.c of PostgreSQL, format_node_dump(), unchanged from 13 to 18. */
#include "reader.h"

enum { LINE = 78 };

/*
 * Where the line ends that starts at `p`, of which LINE + 1 bytes and more are there. A line feed without a backslash before it
 * is a break. One with a backslash is a name's own, or the blank of an escaped blank was dropped there. A break at k < 78 has
 * no blank between k and 78, so: if a plain break follows within the line, the others are the name's own; if none does, exactly
 * one of them can be the break.
 */
static int find_break(const uint8_t *p, size_t *at, const char **why)
{
	size_t candidates = 0, blanks = 0;
	bool is_escaped = false;

	for (size_t i = 0; i <= LINE; i++) {
		bool is_plain = !is_escaped;

		is_escaped = is_plain && p[i] == '\\';
		if (p[i] == ' ') {
			blanks += i > 0 && i < LINE;
			candidates = 0;
		} else if (p[i] == '\n') {
			*at = i;
			candidates++;
			if (is_plain) {
				candidates = 1;
				break;
			}
		}
	}
	*why = "a line longer than the server's";
	if (candidates == 0 || (*at == 0 && candidates == 1))
		return QW_E_MALFORMED;
	*why = "a name broken in two, or with line feeds near a break: it cannot be told what it was";
	if (p[LINE] == '\n' && blanks == 0)
		return QW_E_MALFORMED;
	return candidates == 1 ? 0 : QW_E_MALFORMED;
}

/* The common case of find_break(): the first line feed has no backslash before it. */
static bool find_plain_break(const uint8_t *p, size_t *at)
{
	const uint8_t *feed = memchr(p, '\n', LINE + 1);

	if (!feed || feed == p || feed[-1] == '\\')
		return false;
	*at = (size_t)(feed - p);
	return *at < LINE || memchr(p + 1, ' ', LINE - 1);
}

/* The last line: at most LINE bytes, no break in it. */
static bool is_last_line(const uint8_t *p, size_t n)
{
	bool is_escaped = false;

	for (size_t i = 0; i < n; i++) {
		if (p[i] == '\n' && !is_escaped)
			return false;
		is_escaped = !is_escaped && p[i] == '\\';
	}
	return n > 0;
}

int qtree_unwrap(struct qw_bytes text, uint8_t *line, size_t *n, size_t *bad, const char **why)
{
	size_t p = 0, k, floor = 0;

	*bad = 0;
	*why = "the text does not end in a line feed";
	if (text.n == 0 || text.p[text.n - 1] != '\n')
		return QW_E_MALFORMED;
	*n = text.n - 1;
	memcpy(line, text.p, *n);
	line[*n] = '\0';
	while (*n - p > LINE) {
		*bad = p;
		if (!find_plain_break(text.p + p, &k) && find_break(text.p + p, &k, why))
			return QW_E_MALFORMED;
		*why = "a line that is broken where the server would not break it";
		if (p + k < floor || (k < LINE && memchr(text.p + p + k + 1, ' ', LINE - k)))
			return QW_E_MALFORMED;
		floor = k < LINE ? p + LINE + 1 : 0;
		line[p + k] = ' ';
		p += k + 1;
	}
	*bad = p;
	*why = "a line that is broken where the server would not break it";
	return is_last_line(text.p + p, *n - p) ? 0 : QW_E_MALFORMED;
}
