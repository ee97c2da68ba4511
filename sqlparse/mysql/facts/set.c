#include "facts.h"

/* PROBES_MAX bounds what names chosen to collide can cost: beyond it a fact is simply listed twice. */
enum { LINEAR_MAX = 12, FIRST_CAP = 8, PROBES_MAX = 64 };

uint32_t myfacts_hash(uint32_t h, const char *s)
{
	if (!s)
		return h * 31 + 7;
	for (; *s; s++)
		h = (h ^ (uint8_t)*s) * 16777619u;
	return (h ^ 0xff) * 16777619u;
}

static void index_put(struct myfacts_set *s, size_t item)
{
	for (uint32_t n = 0; n < PROBES_MAX; n++) {
		size_t at = (s->hashes[item] + n) & (s->slot_count - 1);

		if (!s->slots[at]) {
			s->slots[at] = (uint32_t)item + 1;
			return;
		}
	}
}

static bool grow(struct myfacts *f, struct myfacts_set *s, size_t size)
{
	struct qw_arena *a = f->p->arena;
	size_t cap = s->cap ? s->cap * 2 : FIRST_CAP;
	void *items = qw_arena_alloc(a, cap * size);
	uint32_t *hashes = qw_arena_alloc(a, cap * sizeof(*hashes));
	uint32_t *slots = cap > LINEAR_MAX ? qw_arena_alloc(a, cap * 2 * sizeof(*slots)) : NULL;

	if (!items || !hashes || (cap > LINEAR_MAX && !slots)) {
		f->p->err = QW_E_NOMEM;
		return false;
	}
	if (s->count) {
		memcpy(items, s->items, s->count * size);
		memcpy(hashes, s->hashes, s->count * sizeof(*hashes));
	}
	*s = (struct myfacts_set){
		.items = items, .hashes = hashes, .slots = slots, .count = s->count, .cap = cap, .slot_count = slots ? cap * 2 : 0};
	for (size_t i = 0; slots && i < s->count; i++)
		index_put(s, i);
	return true;
}

static void *find(const struct myfacts_set *s, size_t size, const void *item, uint32_t hash, myfacts_same *same)
{
	for (size_t i = 0; !s->slots && i < s->count; i++)
		if (s->hashes[i] == hash && same((const char *)s->items + i * size, item))
			return (char *)s->items + i * size;
	for (uint32_t n = 0; s->slots && n < PROBES_MAX; n++) {
		size_t i = s->slots[(hash + n) & (s->slot_count - 1)];

		if (i == 0)
			return NULL;
		if (s->hashes[i - 1] == hash && same((const char *)s->items + (i - 1) * size, item))
			return (char *)s->items + (i - 1) * size;
	}
	return NULL;
}

void *myfacts_put(struct myfacts *f, struct myfacts_set *s, size_t size, const void *item, uint32_t hash, myfacts_same *same)
{
	void *known;

	if (f->p->err || f->p->problem)
		return NULL;
	known = find(s, size, item, hash, same);
	if (known)
		return known;
	if (s->count == s->cap && !grow(f, s, size))
		return NULL;
	memcpy((char *)s->items + s->count * size, item, size);
	s->hashes[s->count++] = hash;
	if (s->slots)
		index_put(s, s->count - 1);
	return (char *)s->items + (s->count - 1) * size;
}
