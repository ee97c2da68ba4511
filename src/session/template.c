/*
 * Texts that differ only in the integers that they compare with, WHERE id = 4711, have the same facts, so they are parsed and
 * judged once (docs/adr/0006). Nothing here is a fingerprint: the key is the text itself, byte by byte, with a mark in place of
 * each such integer, and a text with anything in it that would take a real lexer to read is not taken at all.
 */
#include "machine.h"

#include <stdlib.h>

enum { TEXT_MAX = 1024, DIGITS_MAX = 9 /* int4 whatever they are */, MARK = 1, SLOTS = 1024 };

struct template {
	struct judged *judged;
	uint64_t hash;
	size_t n;
	uint8_t key[]; /* n bytes */
};

struct templates {
	struct template *slot[SLOTS];
};

/* ---- the key ---- */

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool is_word(uint8_t c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* No quotes, no dollar, no backslash, no byte above ASCII, and no two in a row that begin a comment. */
static bool is_simple(struct qw_bytes sql)
{
	for (size_t i = 0; i < sql.n; i++) {
		uint8_t c = sql.p[i], next = i + 1 < sql.n ? sql.p[i + 1] : 0;

		if (!is_word(c) && !(c && strchr(" \n\t,.()=<>*+-;", c)))
			return false;
		if ((c == '-' && next == '-') || (c == ';' && i + 1 != sql.n))
			return false;
	}
	return sql.n > 0 && sql.n <= TEXT_MAX;
}

static size_t digits_at(struct qw_bytes sql, size_t i)
{
	size_t n = 0;

	while (i + n < sql.n && is_digit(sql.p[i + n]))
		n++;
	if (n == 0 || n > DIGITS_MAX || (i + n < sql.n && (is_word(sql.p[i + n]) || sql.p[i + n] == '.')))
		return 0;
	return n;
}

/* Bytes of the key; 0: this text has none. */
static size_t key_of(struct qw_bytes sql, uint8_t key[TEXT_MAX])
{
	size_t n = 0, marks = 0;
	uint8_t before = 0; /* the last byte that is no blank */

	if (!is_simple(sql))
		return 0;
	for (size_t i = 0; i < sql.n;) {
		uint8_t c = sql.p[i];
		size_t digits = before == '=' ? digits_at(sql, i) : 0;

		if (digits) {
			key[n++] = MARK;
			before = MARK;
			i += digits;
			marks++;
			continue;
		}
		key[n++] = c;
		if (c != ' ' && c != '\n' && c != '\t')
			before = c;
		i++;
	}
	return marks ? n : 0;
}

static uint64_t hash_of(const uint8_t *p, size_t n)
{
	uint64_t h = 0xcbf29ce484222325u ^ n;

	for (size_t i = 0; i < n; i++)
		h = (h ^ p[i]) * 0x100000001b3u;
	return h ^ (h >> 32);
}

/* ---- who may stand for others ---- */

static bool is_plain_verb(enum qw_verb v)
{
	return v == QW_VERB_SELECT || v == QW_VERB_UPDATE || v == QW_VERB_INSERT;
}

/* Its facts hold no value of a literal, and no tree is asked for it. */
static bool may_stand(const struct judged *j)
{
	const struct qw_statement *st = j->facts.list;

	if (j->origin || j->is_unparsed || j->by_name || j->facts.problem || j->facts.count != 1 || j->verdict.effect != POLICY_ALLOW)
		return false;
	if (st->named_op != QW_NAMED_NONE || st->inner_kind != QW_INNER_NONE || (j->labels && !j->is_clear[0]))
		return false;
	for (size_t i = 0; i < st->act_count; i++)
		if (!is_plain_verb(st->acts[i].verb) || st->acts[i].value)
			return false;
	return true;
}

void template_put(struct templates *t, struct judged *j)
{
	uint8_t key[TEXT_MAX];
	size_t n = may_stand(j) ? key_of(j->sql, key) : 0;
	struct template **slot, *fresh;
	uint64_t h;

	if (!n)
		return;
	h = hash_of(key, n);
	slot = &t->slot[h % SLOTS];
	fresh = malloc(sizeof(*fresh) + n);
	if (!fresh)
		return; /* it is only not remembered */
	*fresh = (struct template){.judged = judged_ref(j), .hash = h, .n = n};
	memcpy(fresh->key, key, n);
	if (*slot)
		judged_unref((*slot)->judged);
	free(*slot);
	*slot = fresh;
}

/* ---- the same with other integers ---- */

static struct judged *twin(struct judged *of, struct qw_bytes sql)
{
	struct judged *j = judged_stub(sql);
	struct qw_statement *st = j ? qw_arena_alloc(&j->arena, sizeof(*st)) : NULL;
	struct qw_arena arena;

	if (!st) {
		judged_unref(j);
		return NULL;
	}
	arena = j->arena;
	sql = j->sql;
	*st = *of->facts.list;
	st->text = sql;
	while (st->text.n && strchr(" \n\t;", st->text.p[st->text.n - 1]))
		st->text.n--;
	while (st->text.n && strchr(" \n\t", *st->text.p))
		st->text = qw_bytes(st->text.p + 1, st->text.n - 1);
	*j = *of;
	j->refs = 1;
	j->arena = arena;
	j->sql = sql;
	j->facts.list = st;
	j->labels = of->labels ? labels_ref(of->labels) : NULL;
	j->columns = of->columns ? columns_ref(of->columns) : NULL;
	j->origin = judged_ref(of);
	return j;
}

struct judged *template_get(struct templates *t, const struct session *s, struct qw_bytes sql)
{
	uint8_t key[TEXT_MAX];
	size_t n = key_of(sql, key);
	const struct template *found;
	uint64_t h;

	if (!n)
		return NULL;
	h = hash_of(key, n);
	found = t->slot[h % SLOTS];
	if (!found || found->hash != h || found->n != n || memcmp(found->key, key, n) != 0 || !judge_is_current(s, found->judged))
		return NULL;
	return twin(found->judged, sql);
}

struct templates *templates_new(void)
{
	return calloc(1, sizeof(struct templates));
}

void templates_free(struct templates *t)
{
	for (size_t i = 0; t && i < SLOTS; i++) {
		if (t->slot[i])
			judged_unref(t->slot[i]->judged);
		free(t->slot[i]);
	}
	free(t);
}
