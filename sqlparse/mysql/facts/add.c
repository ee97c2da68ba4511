#include "facts.h"

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* ---- acts ---- */
static bool same_act(const void *left, const void *right)
{
	const struct qw_act *a = left, *b = right;

	return a->verb == b->verb && a->kind == b->kind && a->is_local == b->is_local && same_text(a->name, b->name) &&
	       same_text(a->schema, b->schema) && same_text(a->value, b->value) && same_text(a->kind_name, b->kind_name);
}

static void act(struct myfacts *f, const struct qw_act *a, bool writes)
{
	uint32_t hash = myfacts_hash(myfacts_hash(myfacts_hash((uint32_t)a->verb + 1, a->name), a->schema), a->value);

	f->reads |= a->verb == QW_VERB_SELECT;
	f->out->is_ddl |= qw_verb_is_ddl(a->verb);
	f->out->writes |= writes;
	(void)myfacts_put(f, &f->acts, sizeof(*a), a, hash, same_act);
}

void myfacts_act(struct myfacts *f, const struct qw_act *a)
{
	act(f, a, qw_verb_writes(a->verb));
}

void myfacts_on_table(struct myfacts *f, enum qw_verb verb, const char *schema, const char *name)
{
	myfacts_act(f, &(struct qw_act){
			       .verb = verb, .kind = QW_OBJECT_RELATION, .kind_name = "table", .schema = schema, .name = name});
}

void myfacts_bare(struct myfacts *f, enum qw_verb verb, const char *kind_name)
{
	myfacts_act(f, &(struct qw_act){.verb = verb, .kind = QW_OBJECT_NONE, .kind_name = kind_name});
}

void myfacts_call(struct myfacts *f, const char *schema, const char *name, bool is_word)
{
	bool harmless = is_word || (!schema && myfacts_is_harmless(name));

	act(f, &(struct qw_act){.verb = QW_VERB_CALL, .kind = QW_OBJECT_FUNCTION, .kind_name = "function", .schema = schema, .name = name},
		!harmless);
}

/* ---- relations ---- */
static bool same_relation(const void *left, const void *right)
{
	const struct qw_relation *a = left, *b = right;

	return same_text(a->name, b->name) && same_text(a->schema, b->schema) && same_text(a->alias, b->alias);
}

void myfacts_relation(struct myfacts *f, const struct my_source *s, bool is_written)
{
	struct qw_relation r = {.schema = s->schema, .name = s->name, .alias = s->alias};
	uint32_t hash = myfacts_hash(myfacts_hash(myfacts_hash(1, r.name), r.schema), r.alias);
	struct qw_relation *known = myfacts_put(f, &f->relations, sizeof(r), &r, hash, same_relation);

	if (known) {
		known->in_natural_join |= f->in_natural;
		known->is_written |= is_written;
	}
}

/* ---- columns ---- */
static bool same_column(const void *left, const void *right)
{
	const struct qw_colref *a = left, *b = right;

	return same_text(a->name, b->name) && same_text(a->qualifier, b->qualifier);
}

void myfacts_column(struct myfacts *f, const char *qualifier, const char *name)
{
	struct qw_colref c = {.qualifier = qualifier, .name = name};

	(void)myfacts_put(f, &f->columns, sizeof(c), &c, myfacts_hash(myfacts_hash(1, name), qualifier), same_column);
}

/* ---- operators, types, literals ---- */
static bool same_word(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right) == 0;
}

void myfacts_word(struct myfacts *f, struct myfacts_set *set, const char *word)
{
	if (word)
		(void)myfacts_put(f, set, sizeof(word), &word, myfacts_hash(1, word), same_word);
}

void myfacts_finish(struct myfacts *f)
{
	struct qw_statement *out = f->out;

	if (f->has_query && !f->reads)
		myfacts_bare(f, QW_VERB_SELECT, "query");
	if (!f->acts.count)
		(void)myparse_fail(f->p, "the gateway cannot tell what this statement does");
	out->acts = f->acts.items;
	out->act_count = f->acts.count;
	out->relations = f->relations.items;
	out->relation_count = f->relations.count;
	out->columns = f->columns.items;
	out->column_count = f->columns.count;
	out->operators = f->operators.items;
	out->operator_count = f->operators.count;
	out->types = f->types.items;
	out->type_count = f->types.count;
	if (!out->writes && out->named_op != QW_NAMED_EXECUTE) /* what is written may have been copied from a mask */
		return;
	out->literals = f->literals.items;
	out->literal_count = f->literals.count;
}
