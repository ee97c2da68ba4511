/* The generated tables of words and character sets. */
#ifndef SQLPARSE_MYSQL_ENTRY_H
#define SQLPARSE_MYSQL_ENTRY_H

#include <stdint.h>

struct mylex_entry {
	const char *name; /* upper case */
	uint8_t n;
	uint8_t flags[2]; /* MySQL, MariaDB */
};

/* Entry 0 is none. Slots: open addressing by FNV-1a of the upper case name. */
extern const struct mylex_entry mylex_words[], mylex_charsets[];
extern const uint16_t mylex_words_slots[], mylex_charsets_slots[];
extern const uint32_t mylex_words_mask, mylex_charsets_mask;

#endif
