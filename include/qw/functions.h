/*
 * PostgreSQL's own functions, majors 13 to 18, as reviewed by hand: what each does besides giving a result. The data is
 * src/functions/data/functions.tsv. Pure.
 */
#ifndef QW_FUNCTIONS_H
#define QW_FUNCTIONS_H

#include "qw/base.h"

enum functions_class { /* zero is deny */
	FUNCTIONS_DENY, /* has an effect, reads what is secret, runs text, or was not reviewed */
	FUNCTIONS_LABEL, /* returns definitions or settings, which may hold literals */
	FUNCTIONS_LIMIT, /* result depends on the arguments alone, but may be huge or slow */
	FUNCTIONS_PROPAGATE, /* like ALLOW; what goes in comes out as text: rows, aggregates */
	FUNCTIONS_ALLOW /* no effect but the result, which depends on the arguments and nothing secret */
};

struct functions_entry {
	uint32_t oid; /* 0: made by a script of initdb, so the OID differs; known by schema, name and arguments */
	uint16_t majors; /* bit N: major 13 + N */
	const char *schema, *name;
	const char *args; /* types of the input arguments as oidvectortypes() says them: "integer, text" */
	const char *category; /* "plain", "file", ... */
	enum functions_class class;
	uint64_t pin; /* first 8 bytes of SHA-256 of what defines it; see functions_pin_sql() */
};

enum { FUNCTIONS_MAJOR_MIN = 13, FUNCTIONS_MAJOR_MAX = 18, FUNCTIONS_FIXED_BELOW = 10000 /* FirstGenbkiObjectId */ };

/* NULL: no such function in this major, or a major that is not known. For OIDs below FIXED_BELOW. */
const struct functions_entry *functions_by_oid(unsigned major, uint32_t oid);
/* Those whose OID is not fixed. */
const struct functions_entry *functions_by_name(unsigned major, const char *schema, const char *name, const char *args);
/* No effect but its result, which depends on its arguments and nothing secret, and cheap: ALLOW or PROPAGATE. NULL: false. */
bool functions_is_plain(const struct functions_entry *e);
/* The first of this bare name in any major, then e + 1 ... while the name stays the same; NULL: none. */
const struct functions_entry *functions_first_named(const char *name);
const struct functions_entry *functions_next_named(const struct functions_entry *e);
/* Is every function of the server's own schemas that has this name plain in this major? False when there is none. */
bool functions_all_plain(unsigned major, const char *name);
/* Of all fixed functions of a major in order of OID: what a server that has exactly these answers, 64 hex digits; NULL: major. */
const char *functions_checksum(unsigned major);
/* The expression over pg_proc p that gives a pin as 16 hex digits. Static. */
const char *functions_pin_sql(void);

/* Classes by name alone, for patterns like @file: the worst overload of any major. Bits as functions_bit_names says. */
uint32_t functions_bits_of(const char *name);
uint32_t functions_class_mask(void); /* the bits that are classes, not categories */
const char *const *functions_bit_names(void); /* NULL-terminated */

#endif
