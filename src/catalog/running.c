/* What runs besides a statement's own work, while the snapshot grows: functions, operators, types, hazards. */
#include "builder.h"

#include <stdlib.h>

#include "qw/digest.h"
#include "qw/functions.h"

static const char *copied(struct catalog_builder *b, const char *text)
{
	return qw_arena_strdup(&b->c->arena, qw_bytes_from(text));
}

void catalog_set_server(struct catalog_builder *b, unsigned major, bool is_verified)
{
	b->c->server_major = major;
	b->c->is_verified = is_verified;
}

void catalog_set_quiet(struct catalog_builder *b, unsigned kinds)
{
	b->c->quiet = kinds;
}

static int add_name(struct catalog_builder *b, struct catalog_names *names, const char *name)
{
	const char *copy = copied(b, name);
	const char **list = catalog_grown(b, names->list, names->count, &names->cap, sizeof(*list));

	if (!copy || !list)
		return QW_E_NOMEM;
	names->list = list;
	list[names->count++] = copy;
	return 0;
}

static int add_pair(struct catalog_builder *b, struct catalog_pairs *pairs, uint32_t key, uint32_t value)
{
	struct catalog_pair *list = catalog_grown(b, pairs->list, pairs->count, &pairs->cap, sizeof(*list));

	if (!list)
		return QW_E_NOMEM;
	pairs->list = list;
	list[pairs->count++] = (struct catalog_pair){key, value};
	return 0;
}

int catalog_add_function(struct catalog_builder *b, const char *name)
{
	return name ? add_name(b, &b->c->functions, name) : QW_E_MALFORMED;
}

int catalog_add_type(struct catalog_builder *b, uint32_t oid, const char *name)
{
	struct catalog *c = b->c;
	struct catalog_named_type *list;
	int err = name ? add_name(b, &c->type_names, name) : 0;

	if (err || oid == 0)
		return err;
	if (name) {
		list = catalog_grown(b, c->named_types, c->named_type_count, &c->named_type_cap, sizeof(*list));
		if (!list)
			return QW_E_NOMEM;
		c->named_types = list;
		list[c->named_type_count++] =
			(struct catalog_named_type){.name = c->type_names.list[c->type_names.count - 1], .oid = oid};
	}
	return add_pair(b, &c->types, oid, 0);
}

int catalog_add_type_part(struct catalog_builder *b, uint32_t type_oid, uint32_t part_oid)
{
	return type_oid && part_oid ? add_pair(b, &b->c->parts, type_oid, part_oid) : QW_E_MALFORMED;
}

int catalog_add_operator(struct catalog_builder *b, uint32_t oid, uint32_t function_oid, const char *user_name)
{
	if (oid == 0)
		return QW_E_MALFORMED;
	if (user_name && add_name(b, &b->c->operator_names, user_name))
		return QW_E_NOMEM;
	return add_pair(b, &b->c->operators, oid, function_oid);
}

int catalog_add_function_known(struct catalog_builder *b, const struct catalog_function *f)
{
	struct catalog *c = b->c;
	struct catalog_function copy = *f, *list;
	const char **texts[] = {&copy.schema, &copy.name, &copy.args, &copy.language, &copy.owner, &copy.sha256};

	if (f->oid == 0)
		return QW_E_MALFORMED;
	for (size_t i = 0; i < QW_COUNT(texts); i++) {
		if (!*texts[i])
			return QW_E_MALFORMED;
		*texts[i] = copied(b, *texts[i]);
		if (!*texts[i])
			return QW_E_NOMEM;
	}
	copy.extension = f->extension ? copied(b, f->extension) : NULL;
	list = catalog_grown(b, c->known, c->known_count, &c->known_cap, sizeof(*list));
	if (!list || (f->extension && !copy.extension))
		return QW_E_NOMEM;
	c->known = list;
	list[c->known_count++] = copy;
	return 0;
}

static bool copy_columns(struct catalog_builder *b, const int16_t **columns, size_t count)
{
	int16_t *copy = qw_arena_alloc(&b->c->arena, (count + 1) * sizeof(*copy));

	if (copy && count)
		memcpy(copy, *columns, count * sizeof(*copy));
	*columns = copy;
	return copy != NULL;
}

static const struct catalog_rule *copy_rule(struct catalog_builder *b, const struct catalog_rule *from)
{
	struct catalog_rule *r = qw_arena_alloc(&b->c->arena, sizeof(*r));

	if (!r)
		return NULL;
	*r = *from;
	return copy_columns(b, &r->keys, r->key_count) && copy_columns(b, &r->parent_keys, r->parent_keys ? r->key_count : 0) &&
		copy_columns(b, &r->others, r->other_count) ? r : NULL;
}

int catalog_add_hazard(struct catalog_builder *b, const struct catalog_hazard *h)
{
	struct catalog *c = b->c;
	struct catalog_hazard copy = *h, *list;
	uint32_t *functions = qw_arena_alloc(&c->arena, h->function_count * sizeof(*functions));

	if (h->subject == 0 || (!h->text && !h->then_relation && !h->type))
		return QW_E_MALFORMED;
	copy.text = h->text ? copied(b, h->text) : NULL;
	copy.detail = h->detail ? copied(b, h->detail) : NULL;
	copy.sha256 = copy.said = NULL;
	copy.rule = h->rule ? copy_rule(b, h->rule) : NULL;
	list = catalog_grown(b, c->hazards, c->hazard_count, &c->hazard_cap, sizeof(*list));
	if (!functions || !list || (h->text && !copy.text) || (h->detail && !copy.detail) || (h->rule && !copy.rule))
		return QW_E_NOMEM;
	if (h->function_count)
		memcpy(functions, h->functions, h->function_count * sizeof(*functions));
	copy.functions = functions;
	c->hazards = list;
	list[c->hazard_count++] = copy;
	return 0;
}

/* ---- finishing ---- */

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int by_pair(const void *a, const void *b)
{
	const struct catalog_pair *left = a, *right = b;

	if (left->key != right->key)
		return left->key < right->key ? -1 : 1;
	return (left->value > right->value) - (left->value < right->value);
}

static int by_function(const void *a, const void *b)
{
	const struct catalog_function *left = a, *right = b;

	return (left->oid > right->oid) - (left->oid < right->oid);
}

/* What says the same comes in any order: then the pins are the same. */
static int by_subject(const void *a, const void *b)
{
	const struct catalog_hazard *left = a, *right = b;
	int order = (left->subject > right->subject) - (left->subject < right->subject);

	if (order == 0)
		order = strcmp(left->text ? left->text : "", right->text ? right->text : "");
	if (order == 0)
		order = strcmp(left->sha256, right->sha256);
	if (order == 0)
		order = (left->type > right->type) - (left->type < right->type);
	if (order == 0)
		order = (left->then_relation > right->then_relation) - (left->then_relation < right->then_relation);
	return order ? order : (left->on > right->on) - (left->on < right->on);
}

static int finish_pairs(struct catalog *c, struct catalog_pairs *pairs)
{
	size_t n = 0;

	if (pairs->count > 1)
		qsort(pairs->list, pairs->count, sizeof(*pairs->list), by_pair);
	for (size_t i = 0; i < pairs->count; i++)
		if (n == 0 || by_pair(&pairs->list[n - 1], &pairs->list[i]) != 0)
			pairs->list[n++] = pairs->list[i];
	pairs->count = n;
	pairs->values = qw_arena_alloc(&c->arena, n * sizeof(*pairs->values));
	if (!pairs->values)
		return QW_E_NOMEM;
	for (size_t i = 0; i < n; i++)
		pairs->values[i] = pairs->list[i].value;
	return 0;
}

static void finish_names(struct catalog_names *names)
{
	if (names->count > 1)
		qsort(names->list, names->count, sizeof(*names->list), by_text);
}

static int by_name_and_oid(const void *a, const void *b)
{
	const struct catalog_named_type *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order ? order : (x->oid > y->oid) - (x->oid < y->oid);
}

static int children_of(struct catalog_builder *b)
{
	struct catalog *c = b->c;
	int err = 0;

	for (size_t i = 0; !err && i < c->count; i++)
		for (size_t k = 0; !err && k < c->relations[i]->parent_count; k++)
			err = add_pair(b, &c->children, c->relations[i]->parents[k], c->relations[i]->oid);
	return err;
}

/* Texts end in a zero byte each, so that none can pass for two. */
static int add_text(struct qw_digest *d, const char *text)
{
	return qw_digest_add(d, qw_bytes(text ? text : "", text ? strlen(text) + 1 : 1));
}

static const char *named(struct catalog *c, uint32_t oid)
{
	const struct catalog_function *f = catalog_function(c, oid);
	const struct functions_entry *e = f ? NULL : functions_by_oid(c->server_major, oid);

	if (f)
		return qw_arena_printf(&c->arena, "%s.%s(%s)", f->schema, f->name, f->args);
	if (e)
		return qw_arena_printf(&c->arena, "%s.%s(%s)", e->schema, e->name, e->args);
	return qw_arena_printf(&c->arena, "function %u", (unsigned)oid);
}

/* "... runs public.log(), public.count_up(integer)" */
static int say(struct catalog *c, struct catalog_hazard *h)
{
	for (size_t i = 0; h->text && i < h->function_count; i++) {
		const char *name = named(c, h->functions[i]);

		if (!name)
			return QW_E_NOMEM;
		h->text = qw_arena_printf(&c->arena, "%s%s %s", h->text, i ? "," : " runs", name);
		if (!h->text)
			return QW_E_NOMEM;
	}
	return 0;
}

static int pin(struct catalog *c, struct qw_digest *d, struct catalog_hazard *h)
{
	static const char hex[] = "0123456789abcdef";
	uint8_t sum[QW_DIGEST_BYTES];
	char *text = qw_arena_alloc(&c->arena, 2 * sizeof(sum) + 1);
	int err = text ? say(c, h) : QW_E_NOMEM;

	if (!err)
		err = qw_digest_start(d);
	if (!err)
		err = add_text(d, h->text);
	if (!err)
		err = add_text(d, h->detail);
	for (size_t i = 0; !err && i < h->function_count; i++) {
		const struct catalog_function *f = catalog_function(c, h->functions[i]);

		err = f ? add_text(d, f->sha256) : qw_digest_add(d, qw_bytes(&h->functions[i], sizeof(uint32_t)));
	}
	if (!err)
		err = qw_digest_end(d, sum);
	if (err)
		return err;
	for (size_t i = 0; i < sizeof(sum); i++) {
		text[2 * i] = hex[sum[i] >> 4];
		text[2 * i + 1] = hex[sum[i] & 15];
	}
	text[2 * sizeof(sum)] = '\0';
	h->sha256 = text;
	h->detail = NULL;
	if (h->text)
		h->said = qw_arena_printf(&c->arena, "%s [sha256 %s]", h->text, text);
	return h->text && !h->said ? QW_E_NOMEM : 0;
}

static int finish_hazards(struct catalog *c)
{
	struct qw_digest *d = qw_digest_new();
	int err = d ? 0 : QW_E_NOMEM;

	for (size_t i = 0; !err && i < c->hazard_count; i++)
		err = pin(c, d, &c->hazards[i]);
	qw_digest_free(d);
	if (!err && c->hazard_count > 1)
		qsort(c->hazards, c->hazard_count, sizeof(*c->hazards), by_subject);
	return err;
}

int catalog_finish_running(struct catalog_builder *b)
{
	struct catalog *c = b->c;
	int err = children_of(b);

	finish_names(&c->functions);
	finish_names(&c->operator_names);
	finish_names(&c->type_names);
	if (c->named_type_count > 1)
		qsort(c->named_types, c->named_type_count, sizeof(*c->named_types), by_name_and_oid);
	if (c->known_count > 1)
		qsort(c->known, c->known_count, sizeof(*c->known), by_function);
	if (!err)
		err = finish_pairs(c, &c->operators);
	if (!err)
		err = finish_pairs(c, &c->children);
	if (!err)
		err = finish_pairs(c, &c->parts);
	if (!err)
		err = finish_pairs(c, &c->types);
	return err ? err : finish_hazards(c);
}
