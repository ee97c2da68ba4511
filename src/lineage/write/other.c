/*
 * All other statements, by what they noted and what they hold: nothing sensitive may go into any part. What shows data that no tree tells
 * of is refused where there are masks; what changes definitions is the policy's.
 */
#include "../room.h"

static int no_tree(struct lineage *f, const char *what, const char *why)
{
	return lineage_refuse(f, "flow.utility", what, why);
}

/* What SHOW and its kin look at, as sqlparse's rules call it. */
static const struct {
	enum qw_verb verb;
	const char *kind, *why;
} telling[] = {
	{QW_VERB_SHOW, "engine", "the state of an engine repeats statements and data"},
	{QW_VERB_SHOW, "processlist", "it repeats the statements of others"},
	{QW_VERB_SHOW, "replication", "the state of replication repeats data"},
	{QW_VERB_ADMIN_SERVER, "logs", "logs repeat data"},
	{QW_VERB_ADMIN_SERVER, "explain", "the plan of another's statement repeats data"},
};

static int noted_relation(struct lineage *f, const struct qw_act *act)
{
	const struct catalog_relation *r = NULL;
	struct label label;
	int rc = names_relation(f, act->schema, act->name, &r);

	if (rc)
		return rc;
	label = labels_of(f->world->labels, r->oid, 0);
	/* CHECKSUM TABLE */
	if (act->verb == QW_VERB_SELECT && (label.kind != LABEL_PLAIN || r->kind == CATALOG_VIEW))
		return lineage_refuse(
			f, "flow.derived", lineage_relation_name(f, r), "a sum over rows tells of sensitive columns");
	return act->verb == QW_VERB_SELECT ? lineage_add_read(f, r->oid) : 0;
}

/* A procedure's rows cannot be masked: nobody knows where they come from. */
static int called(struct lineage *f, const struct qw_act *act)
{
	const char *schema = act->schema ? act->schema : f->database;

	for (size_t i = 0; schema && act->name && i < catalog_function_count(f->catalog); i++) {
		const struct catalog_function *c = catalog_function_at(f->catalog, i);

		if (c->kind == 'p' && names_match(c->name, act->name) == MATCH_YES &&
			names_match_table(f, c->schema, schema) == MATCH_YES && labels_function_is_plain(f->world->labels, c->oid))
			return 0;
	}
	return no_tree(f, act->name ? act->name : "CALL",
		"what a procedure reads and returns cannot be judged, and nobody has reviewed it");
}

static int noted(struct lineage *f, const struct qw_act *act, bool has_masks)
{
	if (act->verb == QW_VERB_HANDLER)
		return no_tree(f, "HANDLER", "it reads rows past every query");
	if (act->verb == QW_VERB_CALL && has_masks) /* CALL p(); functions are judged where they stand */
		return called(f, act);
	if ((act->verb == QW_VERB_COPY_FILE || act->verb == QW_VERB_COPY_IN) && has_masks)
		return no_tree(f, "LOAD", "what a file holds, and where it goes, cannot be judged");
	for (size_t i = 0; i < QW_COUNT(telling) && has_masks; i++)
		if (telling[i].verb == act->verb && act->kind_name && strcmp(telling[i].kind, act->kind_name) == 0)
			return no_tree(f, act->kind_name, telling[i].why);
	if (act->verb == QW_VERB_SELECT && act->kind == QW_OBJECT_RELATION && act->name)
		return noted_relation(f, act);
	return 0;
}

static bool changes_definitions(const struct my_statement *s, bool *copies)
{
	bool is_ddl = false;

	for (const struct my_noted *n = s->noted; n; n = n->next) {
		is_ddl |= qw_verb_is_ddl(n->act.verb);
		*copies |= n->act.verb == QW_VERB_DDL_CREATE_AS;
	}
	return is_ddl;
}

static int part(struct lineage *f, const struct my_part *p, bool only_queries)
{
	struct scope loose = {.is_loose = true};
	struct columns c;
	int rc = 0;

	if (p->query) {
		rc = lineage_query(f, NULL, NULL, p->query, &c);
		if (rc == 0)
			rc = lineage_clean(f, &c, &use_write);
	}
	if (rc == 0 && p->expr && !only_queries)
		rc = lineage_used_all(f, &loose, p->expr, &use_setting);
	if (rc == 0 && p->source && !only_queries)
		rc = lineage_unsupported(f, "a table in a place that is not known");
	if (rc == 0 && p->statement && !only_queries)
		rc = lineage_statement(f, p->statement);
	return rc;
}

/* PREPARE p FROM 'text': refused where running it would be. What it returns is for who runs it. */
static int prepared(struct lineage *f, const struct my_statement *s)
{
	struct mysql_dialect dialect = *f->world->dialect;
	struct qw_bytes text = f->text;
	uint32_t text_at = f->text_at;
	struct mysql_parsed p;
	int rc;

	dialect.prepares = true;
	rc = sqlparse_mysql(s->preset.inner, &dialect, f->world->limits, f->arena, &p);
	if (rc == QW_E_LIMIT)
		return lineage_refuse(f, "flow.size", "PREPARE", "the text that is prepared is too long to be judged");
	if (rc)
		return rc;
	if (p.facts.problem || p.facts.count != 1)
		return lineage_unsupported(f, "a text that is not understood");
	f->text = p.facts.list[0].text;
	f->text_at = p.trees[0]->at;
	rc = lineage_statement(f, p.trees[0]);
	f->text = text;
	f->text_at = text_at;
	if (rc == 0)
		f->out->output_count = 0;
	return rc;
}

int lineage_other(struct lineage *f, const struct my_statement *s)
{
	bool copies = false, is_ddl = changes_definitions(s, &copies), has_masks = !labels_is_empty(f->world->labels);
	int rc = 0;

	if (s->preset.inner_kind == QW_INNER_PREPARE) /* what is noted are the acts of the text */
		return prepared(f, s);
	for (const struct my_noted *n = s->noted; n && rc == 0 && !is_ddl; n = n->next)
		rc = noted(f, &n->act, has_masks);
	for (const struct my_part *p = s->parts; p && rc == 0; p = p->next)
		if (!is_ddl || copies)
			rc = part(f, p, is_ddl);
	return rc;
}
