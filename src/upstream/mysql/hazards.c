/*
 * What writing to a table also does: triggers, and foreign keys' actions. A trigger that the login may not see is a hazard, too:
 * MySQL shows triggers only to who has the right TRIGGER.
 */
#include <stdio.h>
#include <string.h>

#include "reading.h"

enum { EVERY_WRITE = CATALOG_ON_INSERT | CATALOG_ON_UPDATE | CATALOG_ON_DELETE };

/* ---- triggers: schema, table, name, events, definition; the definition is NULL where only the trigger's name may be seen ---- */

static unsigned events_of(const char *text)
{
	return (strstr(text, "INSERT") ? CATALOG_ON_INSERT : 0u) | (strstr(text, "UPDATE") ? CATALOG_ON_UPDATE : 0u) |
		(strstr(text, "DELETE") ? CATALOG_ON_DELETE : 0u);
}

static int take_trigger(struct my_reading *rd, const char *const *row)
{
	const struct my_relation *r = row[0] && row[1] ? my_relation(rd, row[0], row[1]) : NULL;
	struct catalog_hazard h = {.on = EVERY_WRITE, .detail = row[4]};

	if (!r)
		return 0;
	if (row[3] && events_of(row[3]))
		h.on = events_of(row[3]);
	h.subject = r->oid;
	h.text = qw_arena_printf(&rd->arena, "trigger %s on %s.%s%s", row[2] ? row[2] : "?", r->schema, r->name,
		row[4] ? "" : ", whose definition may not be seen");
	return h.text ? catalog_add_hazard(rd->b, &h) : QW_E_NOMEM;
}

/* ---- may we see triggers? the names of schemas; "*" for everywhere, "schema.table" for a table ---- */

static int take_seen(struct my_reading *rd, const char *const *row)
{
	const char **list = my_grown(rd, rd->seen, rd->seen_count, &rd->seen_cap, sizeof(*list));

	if (!list)
		return QW_E_NOMEM;
	if (!row[0])
		return QW_E_MALFORMED;
	list[rd->seen_count] = row[1] ? qw_arena_printf(&rd->arena, "%s.%s", row[0], row[1]) : my_keep(rd, row[0], rd->folds_tables);
	rd->seen = list;
	return rd->seen[rd->seen_count++] ? 0 : QW_E_NOMEM;
}

static bool is_seen(const struct my_reading *rd, const struct my_relation *r)
{
	size_t n = strlen(r->schema);

	for (size_t i = 0; i < rd->seen_count; i++) {
		const char *s = rd->seen[i];

		if (strcmp(s, "*") == 0 || strcmp(s, r->schema) == 0)
			return true;
		if (strncmp(s, r->schema, n) == 0 && s[n] == '.' && strcmp(s + n + 1, r->name) == 0)
			return true;
	}
	return false;
}

static int mark_unseen(struct my_reading *rd)
{
	int err = 0;

	for (size_t i = 0; !err && i < rd->relation_count; i++) {
		const struct my_relation *r = &rd->relations[i];
		struct catalog_hazard h = {.subject = r->oid, .on = EVERY_WRITE};

		if (r->is_system || strcmp(r->kind, "VIEW") == 0 || is_seen(rd, r))
			continue;
		h.text = qw_arena_printf(&rd->arena, "triggers of %s.%s, which may not be seen (GRANT TRIGGER)", r->schema, r->name);
		err = h.text ? catalog_add_hazard(rd->b, &h) : QW_E_NOMEM;
	}
	return err ? my_fail_build(rd, err) : 0;
}

/* ---- foreign keys: referenced schema and table, schema and table, ON DELETE, ON UPDATE ---- */

static unsigned action_on(const char *rule, unsigned cascade)
{
	if (!rule || strcmp(rule, "CASCADE") == 0)
		return cascade;
	return strncmp(rule, "SET ", 4) == 0 ? CATALOG_ON_UPDATE : 0;
}

static int take_foreign_key(struct my_reading *rd, const char *const *row)
{
	const struct my_relation *to = row[0] && row[1] ? my_relation(rd, row[0], row[1]) : NULL;
	const struct my_relation *from = row[2] && row[3] ? my_relation(rd, row[2], row[3]) : NULL;
	struct catalog_hazard h = {.on = CATALOG_ON_DELETE, .then_on = action_on(row[4], CATALOG_ON_DELETE)};
	int err = 0;

	if (!to || !from)
		return 0;
	h.subject = to->oid;
	h.then_relation = from->oid;
	if (h.then_on)
		err = catalog_add_hazard(rd->b, &h);
	h.on = CATALOG_ON_UPDATE;
	h.then_on = action_on(row[5], CATALOG_ON_UPDATE);
	return err || !h.then_on ? err : catalog_add_hazard(rd->b, &h);
}

static const char triggers_sql[] =
	"SELECT EVENT_OBJECT_SCHEMA, EVENT_OBJECT_TABLE, TRIGGER_NAME, EVENT_MANIPULATION,"
	" CASE WHEN ACTION_STATEMENT IS NULL THEN NULL ELSE CONCAT_WS('\\n', TRIGGER_SCHEMA, EVENT_MANIPULATION, ACTION_TIMING,"
	" ACTION_ORDER, DEFINER, SQL_MODE, CHARACTER_SET_CLIENT, COLLATION_CONNECTION, DATABASE_COLLATION, ACTION_STATEMENT) END"
	" FROM information_schema.TRIGGERS";
#define ME "CONCAT('''', SUBSTRING_INDEX(CURRENT_USER(), '@', LENGTH(CURRENT_USER()) - LENGTH(REPLACE(CURRENT_USER(), '@', '')))," \
	" '''@''', SUBSTRING_INDEX(CURRENT_USER(), '@', -1), '''')"
/* Grants name databases by patterns. */
static const char seen_sql[] =
	"SELECT '*', NULL FROM information_schema.USER_PRIVILEGES WHERE PRIVILEGE_TYPE = 'TRIGGER' AND GRANTEE = " ME
	" UNION SELECT s.SCHEMA_NAME, NULL FROM information_schema.SCHEMATA s JOIN information_schema.SCHEMA_PRIVILEGES p"
	" ON s.SCHEMA_NAME LIKE p.TABLE_SCHEMA WHERE p.PRIVILEGE_TYPE = 'TRIGGER' AND p.GRANTEE = " ME
	" UNION SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLE_PRIVILEGES WHERE PRIVILEGE_TYPE = 'TRIGGER'"
	" AND GRANTEE = " ME;
static const char foreign_keys_sql[] =
	"SELECT UNIQUE_CONSTRAINT_SCHEMA, REFERENCED_TABLE_NAME, CONSTRAINT_SCHEMA, TABLE_NAME, DELETE_RULE, UPDATE_RULE"
	" FROM information_schema.REFERENTIAL_CONSTRAINTS";

int my_read_hazards(struct my_reading *rd)
{
	int err = my_rows(rd, triggers_sql, 5, take_trigger);

	if (!err)
		err = my_rows(rd, seen_sql, 2, take_seen);
	if (!err)
		err = mark_unseen(rd);
	return err ? err : my_rows(rd, foreign_keys_sql, 6, take_foreign_key);
}
