/* The policy file -> struct policy: the head of it, and what all sections share. */
#include "../policy_int.h"

#include "qw/digest.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { ARENA_BYTES_MAX = 1 << 28 };

void *load_alloc(struct loader *l, const struct yaml_node *at, size_t count, size_t bytes)
{
	void *p = qw_arena_alloc(l->r.arena, count * bytes);

	if (!p)
		yaml_fail(&l->r, at, "out of memory");
	return p;
}

bool load_list(struct loader *l, const struct yaml_node *root, const char *key, size_t max,
	const struct yaml_node **list)
{
	*list = yaml_get(root, key);
	if (!*list)
		return true;
	if (!yaml_expect(&l->r, *list, YAML_LIST))
		return false;
	if ((*list)->count <= max)
		return true;
	yaml_fail(&l->r, *list, "more than %zu %s", max, key);
	return false;
}

bool load_name(struct loader *l, const struct yaml_node *item, const char **out)
{
	const struct yaml_node *n = yaml_need(&l->r, item, "name");

	if (!n || !yaml_string(&l->r, n, out))
		return false;
	if (strlen(*out) <= NAME_BYTES_MAX)
		return true;
	yaml_fail(&l->r, n, "the name is longer than %d bytes: shorten it", NAME_BYTES_MAX);
	return false;
}

bool load_is_new(
	struct loader *l, const struct yaml_node *item, const char *name, const char *other)
{
	if (strcmp(name, other) != 0)
		return true;
	yaml_fail(&l->r, yaml_get(item, "name"), "the name \"%s\" is taken already: choose another",
		name);
	return false;
}

bool load_strings(
	struct loader *l, const struct yaml_node *item, const char *key, struct string_set *out)
{
	const struct yaml_node *n = yaml_get(item, key);
	size_t i;

	if (!n)
		return true;
	if (!yaml_strings(&l->r, n, &out->list, &out->count))
		return false;
	for (i = 0; i < out->count; i++) {
		if (pattern_is_sane(out->list[i]))
			continue;
		yaml_fail(&l->r, n,
			"bad pattern \"%.60s\" in %s: write names without quotes, and one * for "
			"any run of characters",
			out->list[i], key);
		return false;
	}
	return true;
}

static bool role_bit(struct loader *l, const struct yaml_node *at, const char *name, uint64_t *out)
{
	const char *names[ROLES_MAX + 1] = {0};
	const char *near;
	size_t i;

	for (i = 0; i < l->p->role_count; i++) {
		names[i] = l->p->roles[i].name;
		if (strcmp(names[i], name) != 0)
			continue;
		*out |= l->p->roles[i].id_bit;
		return true;
	}
	near = yaml_nearest(name, names);
	yaml_fail(&l->r, at, "there is no role \"%.63s\": %s%s%s", name,
		near ? "did you mean \"" : "add it under roles", near ? near : "",
		near ? "\"?" : "");
	return false;
}

bool load_role_set(struct loader *l, const struct yaml_node *item, uint64_t *out)
{
	const struct yaml_node *n = yaml_get(item, "roles");
	const struct yaml_node *at;
	const char **names;
	size_t count, i;

	*out = UINT64_MAX;
	if (!n)
		return true;
	if (!yaml_strings(&l->r, n, &names, &count))
		return false;
	*out = 0;
	at = n->kind == YAML_LIST ? n->first : n;
	for (i = 0; i < count; i++, at = at->next)
		if (!role_bit(l, at, names[i], out))
			return false;
	return true;
}

bool load_scope(struct loader *l, const struct yaml_node *item, struct policy_scope *out)
{
	return load_role_set(l, item, &out->roles) && load_strings(l, item, "databases", &out->databases);
}

static bool is_column_pattern(const char *text)
{
	const char *first = strchr(text, '.'), *second = first ? strchr(first + 1, '.') : NULL;

	return second && first > text && second > first + 1 && second[1] && !strchr(second + 1, '.') &&
	       strlen(text) <= COLUMN_PATTERN_MAX && pattern_is_sane(text);
}

bool load_column_patterns(struct loader *l, const struct yaml_node *item, const char *key, struct string_set *out)
{
	const struct yaml_node *n = yaml_need(&l->r, item, key);
	size_t i;

	if (!n || !yaml_strings(&l->r, n, &out->list, &out->count))
		return false;
	for (i = 0; i < out->count; i++) {
		if (is_column_pattern(out->list[i]))
			continue;
		yaml_fail(&l->r, n,
			"bad pattern \"%.60s\": write schema.table.column, without quotes; * stands for any run of "
			"characters within a part",
			out->list[i]);
		return false;
	}
	return true;
}

bool load_message(struct loader *l, const struct yaml_node *item, const char **out)
{
	const struct yaml_node *n = yaml_get(item, "message");

	if (n && !yaml_string(&l->r, n, out))
		return false;
	if (!n || strlen(*out) <= MESSAGE_BYTES_MAX)
		return true;
	yaml_fail(&l->r, n, "the message is longer than %d bytes: shorten it", MESSAGE_BYTES_MAX);
	return false;
}

static bool load_sections(struct loader *l, const struct yaml_node *root)
{
	static const char *const keys[] = {"version", "roles", "rules", "masks", "columns", "limits",
		"freezes", "untrusted", "detectors", "reviewed", "tests", NULL};
	const struct yaml_node *version;
	uint64_t number;

	if (!yaml_expect(&l->r, root, YAML_MAP))
		return false;
	version = yaml_need(&l->r, root, "version");
	return version && yaml_u64(&l->r, version, 1, 1, &number) && yaml_only(&l->r, root, keys) &&
	       load_roles(l, root) && load_rules(l, root) && load_masks(l, root) &&
	       load_limits(l, root) && load_columns(l, root) && load_reviewed(l, root) &&
	       load_cases(l, root);
}

static int set_revision(struct policy *p, struct qw_bytes yaml)
{
	uint8_t digest[QW_DIGEST_BYTES];
	int err = qw_sha256(yaml, digest);

	if (!err)
		qw_hex(qw_bytes(digest, 8), p->revision);
	return err;
}

static int report(
	struct policy_problem *problem, int err, const char *file, const struct yaml_problem *y)
{
	problem->line = y->text[0] ? y->line : 1;
	problem->column = y->text[0] ? y->column : 1;
	(void)snprintf(problem->text, sizeof(problem->text), "%.400s:%u:%u: %s", file,
		problem->line, problem->column, y->text[0] ? y->text : qw_error_text(err));
	return err;
}

int policy_load(
	const char *file, struct qw_bytes yaml, struct policy **out, struct policy_problem *problem)
{
	struct policy *p = calloc(1, sizeof(*p));
	struct loader l = {.p = p};
	struct yaml_node *root;
	int err;

	*out = NULL;
	*problem = (struct policy_problem){0};
	if (!p)
		return report(problem, QW_E_NOMEM, file, &l.r.problem);
	qw_arena_init(&p->arena, ARENA_BYTES_MAX);
	l.r.arena = &p->arena;
	err = yaml_read(yaml, &p->arena, &root, &l.r.problem);
	if (!err)
		err = set_revision(p, yaml);
	if (!err && !load_sections(&l, root))
		err = QW_E_CONFIG;
	if (err) {
		policy_free(p);
		return report(problem, err, file, &l.r.problem);
	}
	*out = p;
	return 0;
}

void policy_free(struct policy *p)
{
	if (!p)
		return;
	qw_arena_fini(&p->arena);
	free(p);
}

const char *policy_revision(const struct policy *p)
{
	return p->revision;
}

void policy_counts_get(const struct policy *p, struct policy_counts *out)
{
	*out = (struct policy_counts){.roles = p->role_count,
		.rules = p->rule_count,
		.masks = p->mask_count,
		.cases = p->case_count,
		.limits = p->limit_count,
		.freezes = p->freeze_count,
		.untrusted = p->untrusted_count,
		.columns = p->columns_count,
		.detectors = p->detectors_count,
		.reviewed = p->reviewed_count};
}
