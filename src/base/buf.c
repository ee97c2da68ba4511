#include "qw/base.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { KEEP_BYTES = 16384 }; /* an empty buffer larger than this gives its storage back */

void qw_buf_init(struct qw_buf *b, size_t max_bytes)
{
	*b = (struct qw_buf){.max = max_bytes};
}

void qw_buf_fini(struct qw_buf *b)
{
	if (!b)
		return;
	free(b->p);
	*b = (struct qw_buf){.max = b->max};
}

void qw_buf_clear(struct qw_buf *b)
{
	b->n = b->off = 0;
	if (b->cap > KEEP_BYTES)
		qw_buf_fini(b);
}

static void slide(struct qw_buf *b)
{
	if (b->off == 0)
		return;
	memmove(b->p, b->p + b->off, b->n - b->off);
	b->n -= b->off;
	b->off = 0;
}

int qw_buf_reserve(struct qw_buf *b, size_t more)
{
	size_t cap, held = b->n - b->off;
	uint8_t *p;

	if (more > b->max || held > b->max - more)
		return QW_E_LIMIT;
	if (more <= b->cap - b->n)
		return 0;
	slide(b);
	if (more <= b->cap - b->n)
		return 0;
	cap = b->cap ? b->cap : 512;
	while (cap < held + more)
		cap = cap > b->max / 2 ? b->max : cap * 2;
	p = realloc(b->p, cap);
	if (!p)
		return QW_E_NOMEM;
	b->p = p;
	b->cap = cap;
	return 0;
}

int qw_buf_append(struct qw_buf *b, const void *p, size_t n)
{
	int err = qw_buf_reserve(b, n);

	if (err)
		return err;
	if (n)
		memcpy(b->p + b->n, p, n);
	b->n += n;
	return 0;
}

int qw_buf_printf(struct qw_buf *b, const char *fmt, ...)
{
	va_list args, again;
	int n, err = QW_E_MALFORMED;

	va_start(args, fmt);
	va_copy(again, args);
	n = vsnprintf(NULL, 0, fmt, args);
	if (n >= 0)
		err = qw_buf_reserve(b, (size_t)n + 1);
	if (!err) {
		(void)vsnprintf((char *)b->p + b->n, (size_t)n + 1, fmt, again);
		b->n += (size_t)n;
	}
	va_end(again);
	va_end(args);
	return err;
}

void qw_buf_consume(struct qw_buf *b, size_t n)
{
	QW_ASSERT(n <= b->n - b->off);
	b->off += n;
	if (b->off == b->n)
		qw_buf_clear(b);
}
