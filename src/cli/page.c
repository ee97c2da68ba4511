#include "page.h"

#include <stdarg.h>
#include <time.h>

enum { PAGE_MAX = 1 << 30 };

void page_init(struct page *p)
{
	qw_buf_init(&p->b, PAGE_MAX);
	p->err = 0;
}

void page_fini(struct page *p)
{
	qw_buf_fini(&p->b);
}

int page_flush(struct page *p, FILE *to)
{
	struct qw_bytes all = qw_buf_pending(&p->b);

	if (!p->err && all.n && fwrite(all.p, 1, all.n, to) != all.n)
		p->err = QW_E_IO;
	qw_buf_clear(&p->b);
	return p->err;
}

static void put(struct page *p, const void *bytes, size_t n)
{
	if (!p->err)
		p->err = qw_buf_append(&p->b, bytes, n);
}

void page_text(struct page *p, const char *s)
{
	put(p, s, strlen(s));
}

void page_printf(struct page *p, const char *fmt, ...)
{
	char line[1024];
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	if (n > 0)
		put(p, line, (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1);
}

void page_fill(struct page *p, char c, size_t n)
{
	while (n-- > 0)
		put(p, &c, 1);
}

/* ---- code points ---- */

struct range {
	uint32_t from, to;
};

static bool is_in(uint32_t c, const struct range *r, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (c >= r[i].from && c <= r[i].to)
			return true;
	}
	return false;
}

/* Controls, and what Unicode calls default-ignorable, format, line separator, filler, or not a
 * character. */
static bool is_unsafe(uint32_t c)
{
	static const struct range unsafe[] = {{0, 0x1f}, {0x7f, 0x9f}, {0xad, 0xad}, {0x34f, 0x34f},
		{0x600, 0x605}, {0x61c, 0x61c}, {0x6dd, 0x6dd}, {0x70f, 0x70f}, {0x8e2, 0x8e2},
		{0x115f, 0x1160}, {0x17b4, 0x17b5}, {0x180b, 0x180f}, {0x2000, 0x200f},
		{0x2028, 0x202f}, {0x205f, 0x206f}, {0x2800, 0x2800}, {0x3164, 0x3164},
		{0xe000, 0xf8ff}, {0xfe00, 0xfe0f}, {0xfeff, 0xfeff}, {0xffa0, 0xffa0},
		{0xfff0, 0xfffb}, {0x110bd, 0x110bd}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a},
		{0xe0000, 0x10ffff}};

	return (c & 0xfffe) == 0xfffe || (c >= 0xfdd0 && c <= 0xfdef) ||
	       is_in(c, unsafe, QW_COUNT(unsafe));
}

static size_t columns_of(uint32_t c)
{
	static const struct range none[] = {{0x300, 0x36f}, {0x483, 0x489}, {0x591, 0x5bd},
		{0x610, 0x61a}, {0x64b, 0x65f}, {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff},
		{0x20d0, 0x20ff}, {0xfe20, 0xfe2f}};
	static const struct range wide[] = {{0x1100, 0x115f}, {0x2e80, 0xa4cf}, {0xac00, 0xd7a3},
		{0xf900, 0xfaff}, {0xfe30, 0xfe6f}, {0xff00, 0xff60}, {0xffe0, 0xffe6},
		{0x1f300, 0x1f64f}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd}};

	return is_in(c, none, QW_COUNT(none)) ? 0 : is_in(c, wide, QW_COUNT(wide)) ? 2 : 1;
}

/* One code point; its bytes are s.p[0 .. *n). False: not UTF-8, *n is 1. */
static bool decode(struct qw_bytes s, uint32_t *c, size_t *n)
{
	uint8_t b = s.p[0];

	*n = b < 0x80 ? 1 : b < 0xe0 ? 2 : b < 0xf0 ? 3 : 4;
	*c = b;
	if (b < 0x80)
		return true;
	if (*n > s.n || !qw_utf8_valid(qw_bytes(s.p, *n))) {
		*n = 1;
		return false;
	}
	*c = b & (0xffu >> (*n + 1));
	for (size_t i = 1; i < *n; i++)
		*c = *c << 6 | (s.p[i] & 0x3f);
	return true;
}

size_t page_width(struct qw_bytes s)
{
	size_t columns = 0, n;
	uint32_t c;

	for (; s.n; s = qw_bytes(s.p + n, s.n - n))
		columns += decode(s, &c, &n) ? columns_of(c) : 1;
	return columns;
}

static void put_one_safe(struct page *p, struct qw_bytes s, size_t *n)
{
	uint32_t c;

	if (!decode(s, &c, n))
		page_printf(p, "\\x%02x", s.p[0]);
	else if (c == '\n')
		page_text(p, "\\n");
	else if (c == '\t')
		page_text(p, "\\t");
	else if (is_unsafe(c))
		page_printf(p, c < 0x80 ? "\\x%02x" : "\\u{%x}", c);
	else
		put(p, s.p, *n);
}

void page_safe(struct page *p, struct qw_bytes s)
{
	size_t n;

	for (; s.n && !p->err; s = qw_bytes(s.p + n, s.n - n))
		put_one_safe(p, s, &n);
}

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

void page_safe_cut(struct page *p, struct qw_bytes s, size_t max)
{
	size_t n, all = s.n, shown = 0;
	bool gap = false;

	while (s.n && is_space(s.p[s.n - 1]))
		s.n--;
	for (; s.n && shown < max && !p->err; s = qw_bytes(s.p + n, s.n - n)) {
		n = 1;
		if (is_space(s.p[0])) {
			gap = shown > 0;
			continue;
		}
		if (gap)
			put(p, " ", 1);
		shown += gap;
		gap = false;
		put_one_safe(p, s, &n);
		shown += n;
	}
	if (s.n)
		page_printf(p, " ... (%zu bytes)", all);
}

void page_json(struct page *p, struct qw_bytes s)
{
	size_t n;
	uint32_t c;

	page_text(p, "\"");
	for (; s.n && !p->err; s = qw_bytes(s.p + n, s.n - n)) {
		if (!decode(s, &c, &n))
			c = 0xfffd; /* callers give UTF-8 only */
		if (c == '"' || c == '\\')
			page_printf(p, "\\%c", (char)c);
		else if (c > 0xffff && is_unsafe(c))
			page_printf(p, "\\u%04x\\u%04x", 0xd800 + ((c - 0x10000) >> 10),
				0xdc00 + ((c - 0x10000) & 0x3ff));
		else if (is_unsafe(c) || c == 0xfffd)
			page_printf(p, "\\u%04x", c);
		else
			put(p, s.p, n);
	}
	page_text(p, "\"");
}

void page_base64(struct page *p, struct qw_bytes s)
{
	static const char set[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < s.n && !p->err; i += 3) {
		size_t n = s.n - i < 3 ? s.n - i : 3;
		uint32_t v = (uint32_t)s.p[i] << 16 | (n > 1 ? (uint32_t)s.p[i + 1] << 8 : 0) |
			     (n > 2 ? s.p[i + 2] : 0);
		char out[4] = {set[v >> 18], set[v >> 12 & 63], n > 1 ? set[v >> 6 & 63] : '=',
			n > 2 ? set[v & 63] : '='};

		put(p, out, 4);
	}
}

void page_time(struct page *p, uint64_t wall_us)
{
	time_t t = (time_t)(wall_us / 1000000);
	char text[40];
	struct tm tm;

	if (!gmtime_r(&t, &tm) || !strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm))
		page_text(p, "(no time)");
	else
		page_printf(p, "%s.%03uZ", text, (unsigned)(wall_us / 1000 % 1000));
}
