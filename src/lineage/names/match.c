/*
 * When two names are one. The servers compare names of columns letter by letter whatever the case, and know the case of all letters; we
 * know that of ASCII. A letter beyond may be another's upper case (even an ASCII letter's: the Kelvin sign), so it may match anything.
 */
#include "../room.h"

static uint8_t folded(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

static size_t letter_bytes(uint8_t first)
{
	return first < 0xC0 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
}

static const char *next_letter(const char *p)
{
	size_t n = letter_bytes((uint8_t)*p);

	while (n-- > 0 && *p)
		p++;
	return p;
}

static bool may_be(const char *a, const char *b)
{
	while (*a && *b) {
		if ((uint8_t)*a < 0x80 && (uint8_t)*b < 0x80 && folded((uint8_t)*a) != folded((uint8_t)*b))
			return false;
		a = next_letter(a);
		b = next_letter(b);
	}
	return !*a && !*b;
}

enum match names_match(const char *a, const char *b)
{
	size_t i = 0;

	while (a[i] && folded((uint8_t)a[i]) == folded((uint8_t)b[i]))
		i++;
	if (!a[i] && !b[i])
		return MATCH_YES;
	return may_be(a, b) ? MATCH_MAYBE : MATCH_NO;
}

enum match names_match_table(const struct lineage *f, const char *a, const char *b)
{
	if (catalog_folds_tables(f->catalog))
		return names_match(a, b);
	return strcmp(a, b) == 0 ? MATCH_YES : MATCH_NO;
}

/* Item::set_name() takes blanks off; a name that is changed is not known here. */
const char *names_heading(const char *name)
{
	size_t n = name ? strlen(name) : 0;

	if (n == 0 || (uint8_t)name[0] <= ' ' || name[0] == 0x7F || (uint8_t)name[n - 1] <= ' ' || name[n - 1] == 0x7F)
		return NULL;
	return name;
}
