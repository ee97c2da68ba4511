/*
 * Verdicts by exact text, policy, role, database and labels. Never by fingerprint: two different queries can share one.
 * Four ways a set, the oldest makes room, but only for a text that is seen a second time: texts with their values written
 * in come once, and would push everything else out. Shared by the sessions of one loop.
 */
#include "machine.h"

#include <stdlib.h>

enum { WAYS = 4, SCRATCH_MAX = 256 << 20 };

struct verdict_cache {
	struct templates *templates;
	struct qw_arena scratch; /* one text's facts while it is judged */
	size_t sets;
	struct {
		struct judged *way[WAYS];
		uint64_t hash[WAYS];
		uint64_t turned_away; /* hash of the last text that found no room */
		unsigned next;
	} set[];
};

struct verdict_cache *verdict_cache_new(size_t entries)
{
	struct verdict_cache *c;
	size_t sets = 1;

	while (sets * WAYS < entries && sets < (1u << 20))
		sets *= 2;
	c = calloc(1, sizeof(*c) + sets * sizeof(c->set[0]));
	if (!c)
		return NULL;
	c->sets = sets;
	c->templates = templates_new();
	if (!c->templates) {
		free(c);
		return NULL;
	}
	qw_arena_init(&c->scratch, SCRATCH_MAX);
	return c;
}

void verdict_cache_free(struct verdict_cache *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->sets; i++)
		for (int w = 0; w < WAYS; w++)
			judged_unref(c->set[i].way[w]);
	templates_free(c->templates);
	qw_arena_fini(&c->scratch);
	free(c);
}

/* FNV-1a over 8 bytes at a time: only spreads, memcmp decides. */
static uint64_t hash_text(struct qw_bytes t)
{
	uint64_t h = 0xcbf29ce484222325u ^ t.n;
	size_t i = 0;

	for (; i + 8 <= t.n; i += 8) {
		uint64_t w;

		memcpy(&w, t.p + i, 8);
		h = (h ^ w) * 0x100000001b3u;
		h ^= h >> 29;
	}
	for (; i < t.n; i++)
		h = (h ^ t.p[i]) * 0x100000001b3u;
	return h ^ (h >> 32);
}

struct judged *verdict_cache_get(struct verdict_cache *c, const struct session *s, struct qw_bytes sql)
{
	uint64_t h = hash_text(sql);
	size_t i = h & (c->sets - 1);

	for (int w = 0; w < WAYS; w++) {
		struct judged *j = c->set[i].way[w];

		if (j && c->set[i].hash[w] == h && qw_bytes_equal(j->sql, sql) && judge_is_current(s, j))
			return j;
	}
	return NULL;
}

void verdict_cache_put(struct verdict_cache *c, struct judged *j)
{
	uint64_t h = hash_text(j->sql);
	size_t i = h & (c->sets - 1);
	unsigned w = c->set[i].next % WAYS;

	if (c->set[i].way[w] && c->set[i].turned_away != h) {
		c->set[i].turned_away = h;
		return;
	}
	c->set[i].next++;
	judged_unref(c->set[i].way[w]);
	c->set[i].way[w] = judged_ref(j);
	c->set[i].hash[w] = h;
}

struct qw_arena *verdict_cache_scratch(struct verdict_cache *c)
{
	qw_arena_reset(&c->scratch);
	return &c->scratch;
}

struct templates *verdict_cache_templates(struct verdict_cache *c)
{
	return c->templates;
}
