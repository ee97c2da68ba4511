#include "lex.h"

#include "entry.h"

static uint8_t upper(uint8_t c)
{
	return c >= 'a' && c <= 'z' ? (uint8_t)(c - 32) : c;
}

static bool same(const struct mylex_entry *e, const uint8_t *p, size_t n)
{
	if (e->n != n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (upper(p[i]) != (uint8_t)e->name[i])
			return false;
	return true;
}

static uint16_t find(const struct mylex_entry *entries, const uint16_t *slots, uint32_t mask, struct qw_bytes s)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < s.n; i++)
		h = (h ^ upper(s.p[i])) * 16777619u;
	for (uint32_t at = h & mask; slots[at]; at = (at + 1) & mask)
		if (same(&entries[slots[at]], s.p, s.n))
			return slots[at];
	return 0;
}

static uint8_t flags_of(const struct mylex_entry *e, enum mysql_flavour flavour)
{
	return flavour == MYSQL_FLAVOUR_NONE ? 0 : e->flags[flavour == MYSQL_FLAVOUR_MARIADB];
}

uint16_t mylex_word_find(const uint8_t *p, size_t n)
{
	return find(mylex_words, mylex_words_slots, mylex_words_mask, qw_bytes(p, n));
}

uint8_t mylex_word_flags(uint16_t word, enum mysql_flavour flavour)
{
	return word < MYLEX_WORD_COUNT ? flags_of(&mylex_words[word], flavour) : 0;
}

const char *mylex_word_name(uint16_t word)
{
	return word < MYLEX_WORD_COUNT ? mylex_words[word].name : "";
}

bool mylex_charset_is(const uint8_t *p, size_t n, enum mysql_flavour flavour)
{
	uint16_t at = find(mylex_charsets, mylex_charsets_slots, mylex_charsets_mask, qw_bytes(p, n));

	return flags_of(&mylex_charsets[at], flavour) != 0;
}
