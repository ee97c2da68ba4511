/* Counters by (principal, what): a hash table with chains, of a fixed number of entries. */
#include "qw/limits.h"

#include <stdlib.h>

struct entry {
	struct entry *next;
	char *principal, *what;
	struct limits_bucket bucket;
	uint64_t per_minute; /* as asked last */
	uint64_t sessions;
};

struct limits_table {
	struct entry **heads;
	size_t head_count, count, max;
};

static const char sessions_name[] = "sessions";

struct limits_table *limits_table_new(size_t entries_max)
{
	struct limits_table *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->max = entries_max;
	t->head_count = entries_max < 16 ? 16 : entries_max;
	t->heads = calloc(t->head_count, sizeof(struct entry *));
	if (t->heads)
		return t;
	free(t);
	return NULL;
}

static void entry_free(struct entry *e)
{
	if (!e)
		return;
	free(e->principal);
	free(e->what);
	free(e);
}

void limits_table_free(struct limits_table *t)
{
	size_t i;

	if (!t)
		return;
	for (i = 0; i < t->head_count; i++) {
		while (t->heads[i]) {
			struct entry *e = t->heads[i];

			t->heads[i] = e->next;
			entry_free(e);
		}
	}
	free(t->heads);
	free(t);
}

/* FNV-1a. The names are the issuer's and the policy's, not an attacker's to choose. */
static struct entry **head_of(const struct limits_table *t, const char *principal, const char *what)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);
	const char *p;

	for (p = principal; *p; p++)
		h = (h ^ (uint8_t)*p) * UINT64_C(0x100000001b3);
	h *= UINT64_C(0x100000001b3); /* the end of the first name */
	for (p = what; *p; p++)
		h = (h ^ (uint8_t)*p) * UINT64_C(0x100000001b3);
	return &t->heads[h % t->head_count];
}

static struct entry *find(const struct limits_table *t, const char *principal, const char *what)
{
	struct entry *e = *head_of(t, principal, what);

	while (e && (strcmp(e->principal, principal) != 0 || strcmp(e->what, what) != 0))
		e = e->next;
	return e;
}

/* An entry that counts nothing any more is as good as none. */
static bool is_idle(struct entry *e, uint64_t mono_us)
{
	if (e->sessions)
		return false;
	(void)limits_take(&e->bucket, e->per_minute, e->per_minute ? UINT64_MAX : 0, mono_us, NULL);
	return e->bucket.used == 0;
}

static void forget_idle(struct limits_table *t, uint64_t mono_us)
{
	size_t i;

	for (i = 0; i < t->head_count; i++) {
		struct entry **at = &t->heads[i];

		while (*at) {
			struct entry *e = *at;

			if (!is_idle(e, mono_us)) {
				at = &e->next;
				continue;
			}
			*at = e->next;
			entry_free(e);
			t->count--;
		}
	}
}

static char *copy(const char *s)
{
	size_t n = strlen(s) + 1;
	char *p = malloc(n);

	if (p)
		memcpy(p, s, n);
	return p;
}

static int need(struct limits_table *t, const char *principal, const char *what, uint64_t mono_us, struct entry **out)
{
	struct entry *e = find(t, principal, what), **head = head_of(t, principal, what);

	*out = e;
	if (e)
		return 0;
	if (t->count >= t->max)
		forget_idle(t, mono_us);
	if (t->count >= t->max)
		return QW_E_FULL;
	e = calloc(1, sizeof(*e));
	if (!e)
		return QW_E_NOMEM;
	e->principal = copy(principal);
	e->what = copy(what);
	if (!e->principal || !e->what) {
		entry_free(e);
		return QW_E_NOMEM;
	}
	e->next = *head;
	*head = e;
	t->count++;
	*out = e;
	return 0;
}

int limits_table_take(struct limits_table *t, const char *principal, const char *what, uint64_t per_minute, uint64_t n,
	uint64_t mono_us, uint64_t *wait_us)
{
	struct entry *e;
	int err;

	if (wait_us)
		*wait_us = 0;
	if (per_minute == 0)
		return 0;
	err = need(t, principal, what, mono_us, &e);
	if (err)
		return err;
	e->per_minute = per_minute;
	return limits_take(&e->bucket, per_minute, n, mono_us, wait_us) ? 0 : QW_E_LIMIT;
}

int limits_table_enter(struct limits_table *t, const char *principal, uint64_t max, uint64_t mono_us)
{
	struct entry *e;
	int err = need(t, principal, sessions_name, mono_us, &e);

	if (err)
		return err;
	if (max && e->sessions >= max)
		return QW_E_LIMIT;
	e->sessions++;
	return 0;
}

void limits_table_leave(struct limits_table *t, const char *principal)
{
	struct entry *e = find(t, principal, sessions_name);

	QW_ASSERT(e && e->sessions);
	e->sessions--;
}
