/* Inside the upstream room: one reading of what a MySQL server contains. */
#ifndef QW_UPSTREAM_MYSQL_READING_H
#define QW_UPSTREAM_MYSQL_READING_H

#include "../my.h"

struct my_relation {
	uint32_t oid;
	const char *schema, *name, *kind, *engine; /* kind: TABLE_TYPE */
	bool is_system;
	size_t first, count; /* its columns, in `columns` */
};
struct my_column {
	const char *name, *generated; /* generated: the expression, or NULL */
	uint32_t relation;
	int16_t attnum;
};
struct my_routine {
	uint32_t oid;
	const char *schema, *name;
};

struct my_reading {
	struct upstream_mysql *u;
	const struct upstream_target *target;
	struct catalog_builder *b;
	struct upstream_failure *f;
	int64_t deadline_ms;
	bool folds_tables;
	struct qw_arena arena; /* owns all below */
	struct my_relation *relations; /* sorted by schema and name, once they are numbered */
	size_t relation_count, relation_cap;
	struct my_column *columns; /* in the order of relations */
	size_t column_count, column_cap;
	struct my_routine *routines; /* sorted by schema and name */
	size_t routine_count, routine_cap;
	const char **seen; /* schemas whose triggers we are shown; "*": all; "s.t": one table */
	size_t seen_count, seen_cap;
};

/* Rows one by one as they arrive. `take` returns an error of ours; the server's is IO. */
typedef int (*my_row_fn)(struct my_reading *rd, const char *const *row);
int my_rows(struct my_reading *rd, const char *sql, unsigned columns, my_row_fn take) QW_MUST_CHECK;
int my_execute(struct my_reading *rd, const char *sql) QW_MUST_CHECK;
int my_fail_build(struct my_reading *rd, int err); /* ours: returns err */
const char *my_keep(struct my_reading *rd, const char *text, bool folds); /* a copy; folds: in lower case (ASCII); NULL: no memory */
/* The array with room for one more; NULL: no memory. */
void *my_grown(struct my_reading *rd, void *old, size_t count, size_t *cap, size_t item);
/* As the server spells it, or any word of a definition. */
struct my_relation *my_relation(const struct my_reading *rd, const char *schema, const char *name);
/* Does the text, which the server printed, hold this name as a word? Whatever the case of ASCII letters, in strings too. */
bool my_mentions(const char *text, const char *name);

int my_read_relations(struct my_reading *rd) QW_MUST_CHECK; /* relations.c: relations and columns; first */
int my_read_routines(struct my_reading *rd) QW_MUST_CHECK; /* routines.c */
int my_read_hazards(struct my_reading *rd) QW_MUST_CHECK; /* hazards.c: triggers and foreign keys */
int my_read_views(struct my_reading *rd) QW_MUST_CHECK; /* views.c: after routines */

/* ---- scan.c: the words of a view's definition, as the server prints it ---- */
enum my_word_kind { MY_END, MY_BARE, MY_QUOTED, MY_SIGN /* one character of anything else */ };
struct my_word {
	enum my_word_kind kind;
	struct qw_bytes text; /* QUOTED: what is between the quotes, `` still doubled */
};
struct my_scan {
	const char *p;
	bool is_broken; /* a quote or a comment does not end */
};
/* Strings and comments are passed over. */
struct my_word my_scan_next(struct my_scan *s);
bool my_is_bare(char c); /* may be in a name without quotes */
bool my_word_is(const struct my_word *w, const char *text); /* whatever the case of ASCII letters */
/* A name, as it is declared: `` becomes `. False: longer than a name can be. */
enum { MY_NAME_MAX = 260 };
bool my_word_name(const struct my_word *w, char out[MY_NAME_MAX]);

#endif
