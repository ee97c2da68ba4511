/* A statement, and the columns that the client gets. */
#include "room.h"

/* Of an expression the server says its text; a name of ours is for people. */
static const char *heading(struct lineage *f, const struct my_item *item, const struct column *c)
{
	struct qw_bytes text;

	if (c->name)
		return c->name;
	text = item ? lineage_text(f, item->expr) : qw_bytes(NULL, 0);
	return text.n ? qw_arena_strdup(f->arena, text) : "?column?";
}

static int output_of(struct lineage *f, const struct column *c, const char *name, const struct use *use, struct flow_output *out)
{
	if (!name)
		return QW_E_NOMEM;
	*out = (struct flow_output){.label = c->label, .name = name, .origin_relation = c->relation_oid, .origin_attnum = c->attnum};
	if (!lineage_is_sensitive(c))
		return 0;
	if (c->label.kind != LABEL_MASK || !c->label.spec)
		return lineage_refuse_column(f, c, use);
	return c->label.column ? lineage_add_labelled(f, c->label.column) : 0;
}

int lineage_outputs(struct lineage *f, const struct columns *c, const struct my_item *items, const struct use *use)
{
	struct flow_result *out = f->out;
	bool has_star = false;
	int rc = 0;

	for (const struct my_item *i = items; i; i = i->next)
		has_star |= i->expr->kind == MY_EXPR_STAR;
	if (has_star)
		items = NULL; /* they do not go one by one */
	out->outputs = qw_arena_alloc(f->arena, (c->count + 1) * sizeof(*out->outputs));
	if (!out->outputs)
		return QW_E_NOMEM;
	out->output_count = 0;
	for (size_t i = 0; i < c->count && rc == 0; i++) {
		rc = output_of(f, &c->items[i], heading(f, items, &c->items[i]), use, &out->outputs[i]);
		out->output_count++;
		items = items ? items->next : NULL;
	}
	return rc;
}

static const struct my_item *items_of(const struct my_query *q)
{
	const struct my_body *b = q->body;

	while (b->kind == MY_BODY_SET || b->kind == MY_BODY_QUERY)
		b = b->kind == MY_BODY_SET ? b->arms : b->query->body;
	return b->kind == MY_BODY_SELECT ? b->select->items : NULL;
}

static int query(struct lineage *f, const struct my_query *q)
{
	struct columns c;
	int rc = lineage_query(f, NULL, NULL, q, &c);

	return rc || q->into ? rc : lineage_outputs(f, &c, items_of(q), &use_output);
}

int lineage_statement(struct lineage *f, const struct my_statement *s)
{
	int rc = lineage_enter(f);

	if (rc)
		return rc;
	switch (s->kind) {
	case MY_STATEMENT_QUERY:
		rc = query(f, s->query);
		break;
	case MY_STATEMENT_INSERT:
		rc = lineage_insert(f, s->insert);
		break;
	case MY_STATEMENT_UPDATE:
		rc = lineage_update(f, s->update);
		break;
	case MY_STATEMENT_DELETE:
		rc = lineage_delete(f, s->del);
		break;
	case MY_STATEMENT_OTHER:
		rc = lineage_other(f, s);
		break;
	}
	if (rc == 0 && s->kind != MY_STATEMENT_OTHER && (s->noted || s->parts))
		rc = lineage_other(f, s);
	f->depth--;
	return rc;
}

int lineage_judge(const struct my_statement *s, struct qw_bytes text, const struct lineage_world *world, struct qw_arena *arena,
	struct flow_result *out)
{
	struct lineage f = {.world = world, .catalog = labels_catalog(world->labels), .arena = arena, .out = out, .text = text,
		.text_at = s->at, .database = world->database};
	int rc;

	*out = (struct flow_result){.is_refused = true};
	if (catalog_dialect(f.catalog) != CATALOG_MYSQL)
		return QW_E_UNSUPPORTED;
	rc = lineage_statement(&f, s);
	if (rc == QW_E_DENIED)
		return 0;
	out->is_refused = rc != 0;
	return rc;
}
