/* DROP, RENAME, OWNER, COMMENT, GRANT ...: statements about an object of any type. */
#include "../facts.h"
#include "../handlers.h"

static struct ctx about(struct ctx ctx, enum qw_verb verb, int object)
{
	ctx.verb = (uint8_t)verb;
	ctx.object = (uint8_t)object;
	ctx.flags = CTX_TARGET;
	ctx.scope = NULL;
	return ctx;
}

static const char *part(const List *name, int at)
{
	const Node *n = at >= 0 ? list_nth(name, at) : NULL;

	return n && IsA(n, String) ? strVal(n) : NULL;
}

/*
 * A dotted name. Of a trigger, rule, policy, constraint or column the relation comes before it, and
 * is the object that policies know; for DOMAIN CONSTRAINT, TRANSFORM and CAST the list starts with
 * a type, which is named instead; for operator classes and families with the access method.
 */
static void by_list(struct walk *w, enum qw_verb verb, int object, const List *name)
{
	const int count = list_length(name);
	const Node *first = count ? linitial(name) : NULL;

	if (first && IsA(first, TypeName)) {
		const List *type = ((const TypeName *)(const void *)first)->names;

		spg_facts_object(w, verb, object, spg_name_schema(type), spg_name_last(type));
	} else if (spg_object_hangs_on_relation(object) && count > 1) {
		spg_facts_act(w, &(struct qw_act){.verb = verb,
					 .kind = QW_OBJECT_RELATION,
					 .kind_name = spg_object_name(object),
					 .schema = part(name, count - 3),
					 .name = part(name, count - 2)});
		if (object == OBJECT_COLUMN)
			spg_facts_column(w, part(name, count - 2), part(name, count - 1), false);
	} else {
		bool has_schema =
			count > (object == OBJECT_OPCLASS || object == OBJECT_OPFAMILY ? 2 : 1);

		spg_facts_object(w, verb, object, has_schema ? spg_name_schema(name) : NULL,
			spg_name_last(name));
	}
}

/* Relations are left to the walk: their RangeVar carries verb and type. */
static void object_act(struct walk *w, enum qw_verb verb, int object, const Node *n)
{
	if (!n) {
		spg_facts_object(w, verb, object, NULL, NULL);
		return;
	}
	switch ((int)nodeTag(n)) {
	case T_RangeVar:
		break;
	case T_String:
		spg_facts_object(w, verb, object, NULL, strVal(n));
		break;
	case T_List:
		by_list(w, verb, object, (const List *)(const void *)n);
		break;
	case T_TypeName:
		by_list(w, verb, object, ((const TypeName *)(const void *)n)->names);
		break;
	case T_ObjectWithArgs:
		by_list(w, verb, object, ((const ObjectWithArgs *)(const void *)n)->objname);
		break;
	case T_RoleSpec:
		spg_facts_object(
			w, verb, object, NULL, ((const RoleSpec *)(const void *)n)->rolename);
		break;
	default:
		spg_facts_object(w, verb, object, NULL, NULL);
	}
}

static void object_acts(struct walk *w, enum qw_verb verb, int object, const List *objects)
{
	const ListCell *cell;

	if (!objects)
		spg_facts_object(w, verb, object, NULL, NULL);
	foreach (cell, objects)
		object_act(w, verb, object, lfirst(cell));
}

/* A relation field or an object field names it. */
static void one_object(struct walk *w, const struct frame *f, enum qw_verb verb, int object,
	const RangeVar *relation, const Node *named)
{
	if (!relation)
		object_act(w, verb, object, named);
	spg_walk_children(w, f, about(f->ctx, verb, object), NULL);
}

void spg_on_drop(struct walk *w, const struct frame *f)
{
	const DropStmt *s = f->node;

	object_acts(w, QW_VERB_DDL_DROP, s->removeType, s->objects);
	spg_walk_children(w, f, about(f->ctx, QW_VERB_DDL_DROP, s->removeType), NULL);
}

void spg_on_rename(struct walk *w, const struct frame *f)
{
	const RenameStmt *s = f->node;
	const bool is_part = s->renameType == OBJECT_COLUMN || s->renameType == OBJECT_ATTRIBUTE;

	if (is_part && s->relation)
		spg_facts_column(w, s->relation->relname, s->subname, false);
	if (!s->relation && !s->object) /* ROLE, SCHEMA, DATABASE, TABLESPACE */
		spg_facts_object(w, QW_VERB_DDL_RENAME, s->renameType, NULL, s->subname);
	else
		one_object(w, f, QW_VERB_DDL_RENAME,
			is_part ? (int)s->relationType : (int)s->renameType, s->relation,
			s->object);
}

void spg_on_alter_schema(struct walk *w, const struct frame *f)
{
	const AlterObjectSchemaStmt *s = f->node;

	one_object(w, f, QW_VERB_DDL_RENAME, s->objectType, s->relation, s->object);
}

void spg_on_alter_owner(struct walk *w, const struct frame *f)
{
	const AlterOwnerStmt *s = f->node;

	one_object(w, f, QW_VERB_DDL_GRANT, s->objectType, s->relation, s->object);
}

void spg_on_alter_depends(struct walk *w, const struct frame *f)
{
	const AlterObjectDependsStmt *s = f->node;

	one_object(w, f, QW_VERB_DDL_ALTER, s->objectType, s->relation, s->object);
}

void spg_on_comment(struct walk *w, const struct frame *f)
{
	const CommentStmt *s = f->node;

	one_object(w, f, QW_VERB_DDL_COMMENT, s->objtype, NULL, s->object);
	if (!w->acts.count)
		spg_facts_object(w, QW_VERB_DDL_COMMENT, s->objtype, NULL, NULL);
}

void spg_on_seclabel(struct walk *w, const struct frame *f)
{
	const SecLabelStmt *s = f->node;

	one_object(w, f, QW_VERB_DDL_COMMENT, s->objtype, NULL, s->object);
}

/* ON ALL TABLES IN SCHEMA s names the schema; ALTER DEFAULT PRIVILEGES nothing. */
void spg_on_grant(struct walk *w, const struct frame *f)
{
	const GrantStmt *s = f->node;
	int object = s->targtype == ACL_TARGET_ALL_IN_SCHEMA ? OBJECT_SCHEMA : (int)s->objtype;

	object_acts(w, QW_VERB_DDL_GRANT, object, s->objects);
	spg_walk_children(w, f, about(f->ctx, QW_VERB_DDL_GRANT, object), NULL);
}

void spg_on_grant_role(struct walk *w, const struct frame *f)
{
	const GrantRoleStmt *s = f->node;
	const ListCell *cell;

	foreach (cell, s->granted_roles)
		spg_facts_object(w, QW_VERB_DDL_GRANT, OBJECT_ROLE, NULL,
			((const AccessPriv *)lfirst(cell))->priv_name);
	spg_walk_children(w, f, f->ctx, NULL);
}

/* ---- roles ---- */

void spg_on_alter_role(struct walk *w, const struct frame *f)
{
	const AlterRoleStmt *s = f->node;

	object_act(w, QW_VERB_DDL_ROLE, OBJECT_ROLE, (const Node *)s->role);
	spg_walk_children(w, f, f->ctx, NULL);
}

/* The VariableSetStmt below gives its own act: what is set for later sessions is judged like SET.
 */
void spg_on_alter_role_set(struct walk *w, const struct frame *f)
{
	const AlterRoleSetStmt *s = f->node;

	object_act(w, QW_VERB_DDL_ROLE, OBJECT_ROLE, (const Node *)s->role);
	spg_walk_children(w, f, f->ctx, NULL);
}

void spg_on_drop_role(struct walk *w, const struct frame *f)
{
	const DropRoleStmt *s = f->node;

	object_acts(w, QW_VERB_DDL_DROP, OBJECT_ROLE, s->roles);
	object_acts(w, QW_VERB_DDL_ROLE, OBJECT_ROLE, s->roles);
	spg_walk_children(w, f, f->ctx, NULL);
}

/* ---- definitions, maintenance, extensions ---- */

/* Aggregates and types are everyday DDL; operators, collations, text search parsers are not. */
void spg_on_define(struct walk *w, const struct frame *f)
{
	const DefineStmt *s = f->node;
	enum qw_verb verb = s->kind == OBJECT_AGGREGATE || s->kind == OBJECT_TYPE
				    ? QW_VERB_DDL_CREATE
				    : QW_VERB_DDL_OTHER;

	spg_facts_object(
		w, verb, s->kind, spg_name_schema(s->defnames), spg_name_last(s->defnames));
	if (s->replace)
		spg_facts_object(w, QW_VERB_DDL_REPLACE, s->kind, spg_name_schema(s->defnames),
			spg_name_last(s->defnames));
	spg_ddl_functions(w, f->node);
	spg_walk_children(w, f, about(f->ctx, verb, s->kind), NULL);
}

void spg_on_reindex(struct walk *w, const struct frame *f)
{
	const ReindexStmt *s = f->node;
	int object = s->kind == REINDEX_OBJECT_INDEX ? OBJECT_INDEX : OBJECT_TABLE;

	if (!s->relation)
		spg_facts_object(w, QW_VERB_MAINTAIN,
			s->kind == REINDEX_OBJECT_SCHEMA ? OBJECT_SCHEMA : OBJECT_DATABASE, NULL,
			s->name);
	spg_walk_children(w, f, about(f->ctx, QW_VERB_MAINTAIN, object), NULL);
}

void spg_on_extension_contents(struct walk *w, const struct frame *f)
{
	const AlterExtensionContentsStmt *s = f->node;

	spg_facts_object(w, QW_VERB_DDL_OTHER, OBJECT_EXTENSION, NULL, s->extname);
	one_object(w, f, QW_VERB_DDL_OTHER, s->objtype, NULL, s->object);
}
