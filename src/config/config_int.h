/* Private to config/. */
#ifndef QW_CONFIG_INT_H
#define QW_CONFIG_INT_H

#include "qw/config.h"
#include "qw/yaml.h"

struct loader {
	struct yaml_reader r;
	struct config *c;
	const char *folder; /* absolute; relative paths start here */
};

/*
 * values.c: one key of `map` each. An absent key leaves *out as it is, so the caller sets the
 * default first; false: the problem is noted in l->r.
 */
bool value_string(struct loader *l, const struct yaml_node *map, const char *key, const char **out);
bool value_path(struct loader *l, const struct yaml_node *map, const char *key, const char **out);
bool value_bool(struct loader *l, const struct yaml_node *map, const char *key, bool *out);
struct value_range {
	uint64_t min, max;
};
bool value_u32(struct loader *l, const struct yaml_node *map, const char *key,
	struct value_range range, uint32_t *out);
bool value_u16(struct loader *l, const struct yaml_node *map, const char *key,
	struct value_range range, uint16_t *out);
bool value_size(struct loader *l, const struct yaml_node *map, const char *key,
	struct value_range range, size_t *out);
/* *out becomes the index in the NULL-ended list. */
bool value_word(struct loader *l, const struct yaml_node *map, const char *key,
	const char *const *words, unsigned *out);
/* The same for keys that must be there. */
bool need_string(struct loader *l, const struct yaml_node *map, const char *key, const char **out);
bool need_path(struct loader *l, const struct yaml_node *map, const char *key, const char **out);
/* An array in the arena with one zeroed item for each element of the list `key`; NULL: a problem is
 * noted. */
void *need_list(struct loader *l, const struct yaml_node *map, const char *key, size_t item_bytes,
	size_t *count);
/* 127.0.0.0/8, ::1, localhost */
bool is_loopback(const char *address);
/* "[::1]" -> "::1"; everything else as it is */
bool value_address(
	struct loader *l, const struct yaml_node *map, const char *key, const char **out);

/* places.c: who connects, who vouches, where to */
bool read_listeners(struct loader *l, const struct yaml_node *root);
bool read_issuers(struct loader *l, const struct yaml_node *root);
bool read_targets(struct loader *l, const struct yaml_node *root);
/* After both: each listener leads to a target of its dialect, and each target is led to. */
bool join_listeners(struct loader *l, const struct yaml_node *root);
extern const char *const dialect_words[]; /* by enum upstream_dialect, ends in NULL */

/* sections.c: everything else */
bool read_sections(struct loader *l, const struct yaml_node *root);

#endif
