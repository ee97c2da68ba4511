#include "qw/base.h"

#include <stdarg.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>

/* The first chunk is small enough for malloc's per-thread cache: many arenas (a verdict's, a description's) need no more. */
enum { FIRST_CHUNK_BYTES = 960, CHUNK_BYTES = 4096 };

struct qw_arena_chunk {
	struct qw_arena_chunk *next;
	size_t used, size;
	alignas(max_align_t) uint8_t data[];
};

void qw_arena_init(struct qw_arena *a, size_t max_bytes)
{
	*a = (struct qw_arena){.max = max_bytes};
}

static void free_chain(struct qw_arena_chunk *c)
{
	while (c) {
		struct qw_arena_chunk *next = c->next;
		free(c);
		c = next;
	}
}

void qw_arena_fini(struct qw_arena *a)
{
	if (!a)
		return;
	free_chain(a->head);
	a->head = NULL;
	a->used = 0;
}

void qw_arena_reset(struct qw_arena *a)
{
	struct qw_arena_chunk *c = a->head;

	a->used = 0;
	if (!c)
		return;
	free_chain(c->next);
	c->next = NULL;
	if (c->size > 4 * CHUNK_BYTES) {
		free(c);
		a->head = NULL;
		return;
	}
	c->used = 0;
}

static struct qw_arena_chunk *chunk_new(size_t need, bool is_first)
{
	size_t least = is_first ? FIRST_CHUNK_BYTES : CHUNK_BYTES, size = need > least ? need : least;
	struct qw_arena_chunk *c = malloc(sizeof(*c) + size);

	if (c)
		*c = (struct qw_arena_chunk){.size = size};
	return c;
}

void *qw_arena_alloc(struct qw_arena *a, size_t n)
{
	const size_t align = alignof(max_align_t);
	struct qw_arena_chunk *c = a->head;
	void *p;

	if (n > a->max || a->max - n < align)
		return NULL;
	n = n ? (n + align - 1) & ~(align - 1) : align;
	if (n > a->max - a->used)
		return NULL;
	if (!c || n > c->size - c->used) {
		c = chunk_new(n, !a->head);
		if (!c)
			return NULL;
		c->next = a->head;
		a->head = c;
	}
	p = c->data + c->used;
	c->used += n;
	a->used += n;
	return memset(p, 0, n);
}

char *qw_arena_strdup(struct qw_arena *a, struct qw_bytes s)
{
	char *p = qw_arena_alloc(a, s.n + 1);

	if (p && s.n)
		memcpy(p, s.p, s.n);
	return p;
}

char *qw_arena_printf(struct qw_arena *a, const char *fmt, ...)
{
	va_list args, again;
	char *p = NULL;
	int n;

	va_start(args, fmt);
	va_copy(again, args);
	n = vsnprintf(NULL, 0, fmt, args);
	if (n >= 0)
		p = qw_arena_alloc(a, (size_t)n + 1);
	if (p)
		(void)vsnprintf(p, (size_t)n + 1, fmt, again);
	va_end(again);
	va_end(args);
	return p;
}
