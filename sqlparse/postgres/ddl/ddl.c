/* DDL: the kinds that a rule describes, tables, and the parts of their definitions that touch other
 * relations. */
#include "../facts.h"
#include "../handlers.h"

static const void *pointer_at(const void *node, uint16_t offset)
{
	const void *p;

	memcpy(&p, (const char *)node + offset, sizeof(p));
	return p;
}

static bool replaces(const void *node, const struct ddl_rule *r)
{
	bool flag = false;

	if (r->replace)
		memcpy(&flag, (const char *)node + r->replace, sizeof(flag));
	return flag;
}

/* Relations below the statement are touched with its verb, unless their own handler knows better.
 */
static struct ctx defining(struct ctx ctx, enum qw_verb verb, int object)
{
	ctx.verb = (uint8_t)verb;
	ctx.object = (uint8_t)object;
	ctx.flags = CTX_TARGET;
	ctx.scope = NULL;
	return ctx;
}

static struct ctx reading(struct ctx ctx)
{
	ctx.verb = QW_VERB_SELECT;
	ctx.object = OBJECT_ANY_RELATION;
	ctx.flags = CTX_TARGET;
	return ctx;
}

static void named(
	struct walk *w, const struct frame *f, const struct ddl_rule *r, enum qw_verb verb)
{
	const void *field = pointer_at(f->node, r->field);
	int object = r->object;

	if (IsA(f->node, CreateFunctionStmt) && ((const CreateFunctionStmt *)f->node)->is_procedure)
		object = OBJECT_PROCEDURE;
	switch ((enum ddl_name)r->how) {
	case DDL_NAME_NONE:
		spg_facts_object(w, verb, object, NULL, NULL);
		break;
	case DDL_NAME_TEXT:
		spg_facts_object(w, verb, object, NULL, field);
		break;
	case DDL_NAME_LIST:
		spg_facts_object(w, verb, object, spg_name_schema(field), spg_name_last(field));
		break;
	case DDL_NAME_ARGS:
		spg_facts_object(w, verb, object,
			spg_name_schema(((const ObjectWithArgs *)field)->objname),
			spg_name_last(((const ObjectWithArgs *)field)->objname));
		break;
	case DDL_NAME_RELATION:
		if (!field)
			spg_facts_object(w, verb, object, NULL, NULL);
		break;
	}
}

void spg_on_ddl(struct walk *w, const struct frame *f)
{
	const struct ddl_rule *r = spg_ddl_rule_of(nodeTag(f->node));
	struct ctx ctx = defining(f->ctx, (enum qw_verb)r->verb, r->object);

	named(w, f, r, (enum qw_verb)r->verb);
	if (replaces(f->node, r)) {
		if (r->how == DDL_NAME_RELATION)
			ctx.flags |= CTX_REPLACE;
		else
			named(w, f, r, QW_VERB_DDL_REPLACE);
	}
	spg_ddl_functions(w, f->node);
	spg_walk_children(w, f, ctx, NULL);
}

/* A part that is called a statement in the tree only. */
void spg_on_plain(struct walk *w, const struct frame *f)
{
	spg_walk_children(w, f, f->ctx, NULL);
}

/* ---- CREATE TABLE ---- */

/* Parents change too: their queries return the child's rows. */
void spg_on_create_table(struct walk *w, const struct frame *f)
{
	const CreateStmt *s = f->node; /* the first member of CreateForeignTableStmt */
	int object = IsA(f->node, CreateForeignTableStmt) ? OBJECT_FOREIGN_TABLE : OBJECT_TABLE;
	struct ctx ctx = defining(f->ctx, QW_VERB_DDL_CREATE, object);

	if (object == OBJECT_FOREIGN_TABLE)
		spg_facts_object(w, QW_VERB_DDL_OTHER, OBJECT_FOREIGN_SERVER, NULL,
			((const CreateForeignTableStmt *)f->node)->servername);
	spg_walk_children(w, f, ctx, NULL);
	spg_walk_aim(w, s->inhRelations, defining(f->ctx, QW_VERB_DDL_ALTER, OBJECT_TABLE));
}

void spg_on_create_as(struct walk *w, const struct frame *f)
{
	const CreateTableAsStmt *s = f->node;
	struct ctx query = reading(f->ctx);

	query.flags = (uint16_t)((f->ctx.flags & CTX_EXPLAINED) | CTX_TOP);
	spg_walk_children(w, f, defining(f->ctx, QW_VERB_DDL_CREATE_AS, s->objtype), NULL);
	spg_walk_aim(w, s->query, query);
}

/* REFERENCES puts triggers on the other table; keys make errors that tell of values. */
void spg_on_constraint(struct walk *w, const struct frame *f)
{
	const Constraint *c = f->node;

	spg_facts_columns(w, NULL, c->keys);
	spg_facts_columns(w, NULL, c->fk_attrs);
	spg_facts_columns(w, c->pktable ? c->pktable->relname : NULL, c->pk_attrs);
	spg_walk_children(w, f, f->ctx, NULL);
	spg_walk_aim(w, c->pktable, defining(f->ctx, QW_VERB_DDL_ALTER, OBJECT_TABLE));
}

void spg_on_like(struct walk *w, const struct frame *f)
{
	spg_walk_children(w, f, reading(f->ctx), NULL);
}

/* ---- ALTER TABLE ---- */

/* What loses something: data, a promise about data, or a protection. */
static bool loses(const AlterTableCmd *c)
{
	static const uint8_t lossy[] = {
		AT_DropNotNull,
		AT_DropExpression,
		AT_DropColumn,
		AT_DropColumnRecurse,
		AT_DropConstraint,
		AT_DropConstraintRecurse,
		AT_AlterColumnType,
		AT_DropCluster,
		AT_DropOids,
		AT_SetUnLogged,
		AT_DisableTrig,
		AT_DisableTrigAll,
		AT_DisableTrigUser,
		AT_DisableRule,
		AT_DropInherit,
		AT_DropOf,
		AT_DisableRowSecurity,
		AT_NoForceRowSecurity,
		AT_DetachPartition,
		AT_DetachPartitionFinalize,
		AT_DropIdentity,
	};

	for (size_t i = 0; i < QW_COUNT(lossy); i++)
		if (c->subtype == (AlterTableType)lossy[i])
			return true;
	return c->subtype == AT_ColumnDefault && !c->def;
}

static enum qw_verb cmd_verb(const AlterTableCmd *c)
{
	if (c->subtype == AT_ChangeOwner)
		return QW_VERB_DDL_GRANT;
	return loses(c) ? QW_VERB_DDL_ALTER_DROP : QW_VERB_DDL_ALTER;
}

void spg_on_alter_table(struct walk *w, const struct frame *f)
{
	const AlterTableStmt *s = f->node;
	struct ctx ctx = defining(f->ctx, QW_VERB_DDL_ALTER, s->objtype), silent = ctx;
	const ListCell *cell;

	foreach (cell, s->cmds)
		spg_facts_relation_act(w, cmd_verb(lfirst(cell)), s->objtype, s->relation);
	spg_facts_relation(w, s->relation, false, true);
	silent.flags |= CTX_SILENT;
	spg_walk_children(w, f, ctx, NULL);
	spg_walk_aim(w, s->relation, silent);
}

/* Most commands name a column; the name of a constraint or trigger among the columns only makes us
 * stricter. */
void spg_on_alter_table_cmd(struct walk *w, const struct frame *f)
{
	const AlterTableCmd *c = f->node;
	struct ctx ctx = f->ctx;

	if (c->name)
		spg_facts_column(w, NULL, c->name, false);
	if (loses(c))
		ctx.verb = QW_VERB_DDL_ALTER_DROP;
	ctx.object = OBJECT_TABLE;
	spg_walk_children(w, f, ctx, NULL);
	/* INHERIT and NO INHERIT hold the parent right here. */
	if (c->def && IsA(c->def, RangeVar))
		spg_walk_aim(w, c->def, defining(f->ctx, (enum qw_verb)ctx.verb, OBJECT_TABLE));
}

void spg_on_partition_cmd(struct walk *w, const struct frame *f)
{
	spg_walk_children(w, f, f->ctx, NULL);
}

void spg_on_alter_domain(struct walk *w, const struct frame *f)
{
	const AlterDomainStmt *s = f->node;
	bool drops = s->subtype == 'X' || s->subtype == 'N' || (s->subtype == 'T' && !s->def);
	enum qw_verb verb = drops ? QW_VERB_DDL_ALTER_DROP : QW_VERB_DDL_ALTER;

	spg_facts_object(
		w, verb, OBJECT_DOMAIN, spg_name_schema(s->typeName), spg_name_last(s->typeName));
	spg_walk_children(w, f, defining(f->ctx, verb, OBJECT_DOMAIN), NULL);
}

/* ---- parts that name columns ---- */

void spg_on_vacuum_relation(struct walk *w, const struct frame *f)
{
	const VacuumRelation *v = f->node;

	spg_facts_columns(w, v->relation ? v->relation->relname : NULL, v->va_cols);
	spg_walk_children(w, f, f->ctx, NULL);
}

void spg_on_publication_table(struct walk *w, const struct frame *f)
{
	const PublicationTable *p = f->node;

	spg_facts_columns(w, p->relation->relname, p->columns);
	spg_walk_children(w, f, f->ctx, NULL);
}
