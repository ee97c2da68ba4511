/*
 * Strict YAML: a small typed tree with a position for every node, made from libyaml's events. Refuses anchors, aliases, tags,
 * further documents, duplicate keys, depth > 32, size > 1 MiB. Shared by config/ and policy/.
 */
#ifndef QW_YAML_H
#define QW_YAML_H

#include "qw/base.h"

enum yaml_kind { YAML_SCALAR, YAML_LIST, YAML_MAP };

struct yaml_node {
	enum yaml_kind kind;
	unsigned line, column; /* from 1 */
	const char *text; /* scalar: NUL-terminated; a NUL inside is refused */
	bool quoted;
	const char *key; /* inside a map; key_line, key_column are where it stands */
	unsigned key_line, key_column;
	struct yaml_node *first, *next; /* children; siblings */
	size_t count;
};

struct yaml_problem {
	unsigned line, column;
	char text[512];
};

/* CONFIG: *problem is filled; NOMEM: `arena` is exhausted (filled too). The tree lives in `arena`. */
int yaml_read(struct qw_bytes text, struct qw_arena *arena, struct yaml_node **root, struct yaml_problem *problem) QW_MUST_CHECK;

/* ---- typed access; each fills *problem (only the first is kept: text[0] != 0) and returns false on a wrong type ---- */
struct yaml_reader {
	struct yaml_problem problem;
	struct qw_arena *arena;
};
const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key); /* NULL: absent, or not a map */
/* The same; its absence is an error at the map. */
const struct yaml_node *yaml_need(struct yaml_reader *r, const struct yaml_node *map, const char *key);
bool yaml_expect(struct yaml_reader *r, const struct yaml_node *n, enum yaml_kind kind);
/* Refuses keys that are not in the NULL-ended list, with "did you mean". */
bool yaml_only(struct yaml_reader *r, const struct yaml_node *map, const char *const *known);
/* One line of 1 to 4096 bytes without control characters. */
bool yaml_string(struct yaml_reader *r, const struct yaml_node *n, const char **out);
bool yaml_text(struct yaml_reader *r, const struct yaml_node *n, const char **out); /* lines of text, at most 64 KiB */
bool yaml_bool(struct yaml_reader *r, const struct yaml_node *n, bool *out);
/* Decimal digits only. */
bool yaml_u64(struct yaml_reader *r, const struct yaml_node *n, uint64_t min, uint64_t max, uint64_t *out);
bool yaml_strings(struct yaml_reader *r, const struct yaml_node *n, const char ***out, size_t *count); /* a list, or one scalar; never empty */
void yaml_fail(struct yaml_reader *r, const struct yaml_node *at, const char *fmt, ...) QW_PRINTF(3, 4);
/* One word of the NULL-ended list; *out is its index. */
bool yaml_word(struct yaml_reader *r, const struct yaml_node *n, const char *const *words, unsigned *out);
const char *yaml_nearest(const char *word, const char *const *known); /* NULL when nothing is near */

#endif
