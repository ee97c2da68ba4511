/* The `reviewed` section: code of users that somebody has read, pinned by its hash. */
#include "../policy_int.h"

static bool is_bare(const char *text)
{
	return !strchr(text, '*') && pattern_is_sane(text);
}

/* "public.total(integer, text)" in three parts; blanks after commas as the server writes them. */
static bool split_function(struct loader *l, const struct yaml_node *n, const char *text, struct policy_reviewed_entry *out)
{
	const char *open = strchr(text, '('), *dot = strchr(text, '.');
	size_t length = strlen(text);

	if (!open || !dot || dot == text || dot > open || open == dot + 1 || text[length - 1] != ')' || !is_bare(text) ||
		memchr(dot + 1, '.', (size_t)(open - dot) - 1)) {
		yaml_fail(&l->r, n, "bad function \"%.60s\": write schema.name(types of the arguments), as in public.total(integer, text)",
			text);
		return false;
	}
	out->schema = qw_arena_strdup(l->r.arena, qw_bytes(text, (size_t)(dot - text)));
	out->name = qw_arena_strdup(l->r.arena, qw_bytes(dot + 1, (size_t)(open - dot) - 1));
	out->arguments = qw_arena_strdup(l->r.arena, qw_bytes(open + 1, length - (size_t)(open - text) - 2));
	if (!out->schema || !out->name || !out->arguments)
		yaml_fail(&l->r, n, "out of memory");
	return out->schema && out->name && out->arguments;
}

static bool load_hash(struct loader *l, const struct yaml_node *n, const char **out)
{
	if (!yaml_string(&l->r, n, out))
		return false;
	if (strlen(*out) == 64 && strspn(*out, "0123456789abcdef") == 64)
		return true;
	yaml_fail(&l->r, n, "sha256 must be 64 lower case hex digits, quoted: copy what the refusal or the record shows");
	return false;
}

static bool load_entry(struct loader *l, const struct yaml_node *item, struct policy_reviewed_entry *e)
{
	static const char *const keys[] = {"function", "hazard", "sha256", "databases", "note", NULL};
	const struct yaml_node *function, *hazard, *hash, *note;
	const char *text;

	if (!yaml_only(&l->r, item, keys))
		return false;
	function = yaml_get(item, "function");
	hazard = yaml_get(item, "hazard");
	note = yaml_get(item, "note");
	if (!function == !hazard) {
		yaml_fail(&l->r, item, "an entry names one thing: write function: schema.name(types), or hazard: \"...\"");
		return false;
	}
	if (function && (!yaml_string(&l->r, function, &text) || !split_function(l, function, text, e)))
		return false;
	if (hazard && !yaml_string(&l->r, hazard, &e->hazard))
		return false;
	hash = function ? yaml_need(&l->r, item, "sha256") : yaml_get(item, "sha256");
	if ((function && !hash) || (hash && !load_hash(l, hash, &e->sha256)) || (note && !yaml_string(&l->r, note, &text)))
		return false;
	return load_strings(l, item, "databases", &e->databases);
}

bool load_reviewed(struct loader *l, const struct yaml_node *root)
{
	struct policy *p = l->p;
	const struct yaml_node *list, *item;
	size_t i;

	if (!load_list(l, root, "reviewed", REVIEWED_MAX, &list))
		return false;
	if (!list)
		return true;
	p->reviewed = load_alloc(l, list, list->count, sizeof(*p->reviewed));
	if (!p->reviewed)
		return false;
	for (item = list->first, i = 0; item; item = item->next, i++)
		if (!load_entry(l, item, &p->reviewed[i]))
			return false;
	p->reviewed_count = list->count;
	return true;
}
