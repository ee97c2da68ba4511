/*
 * Stored functions, procedures, packages and events. The server makes the sum over all that defines one; whose definition the login
 * may not see has the sum "unseen", which nobody can review: it could change behind our back.
 */
#include <stdlib.h>

#include "reading.h"

enum { FIRST_USER_OID = 16384 };

/* schema, name, kind, arguments, definer, definer's rights?, sum */
static int take_routine(struct my_reading *rd, const char *const *row)
{
	struct my_routine *list = my_grown(rd, rd->routines, rd->routine_count, &rd->routine_cap, sizeof(*list));
	struct catalog_function f = {.volatility = 'v', .language = "sql"};
	struct my_routine r;
	int err;

	for (size_t i = 0; i < 3; i++)
		if (!row[i])
			return QW_E_MALFORMED;
	r.oid = FIRST_USER_OID + (uint32_t)rd->routine_count;
	r.schema = my_keep(rd, row[0], rd->folds_tables);
	r.name = my_keep(rd, row[1], true); /* names of routines are compared so */
	if (!list || !r.schema || !r.name)
		return QW_E_NOMEM;
	rd->routines = list;
	list[rd->routine_count++] = r;
	f.oid = r.oid;
	f.schema = r.schema;
	f.name = r.name;
	f.args = row[3] ? row[3] : "";
	f.owner = row[4] ? row[4] : "";
	f.sha256 = row[6] && *row[6] ? row[6] : "unseen";
	f.kind = row[2][0] == 'P' ? (row[2][1] == 'R' ? 'p' : 'k') : row[2][0] == 'E' ? 'e' : 'f';
	f.is_security_definer = row[5] && row[5][0] == 'D';
	err = catalog_add_function_known(rd->b, &f);
	return err || f.kind == 'e' ? err : catalog_add_function(rd->b, r.name);
}

/* Parameters by a query of their own would be another look at another time: all of a routine is in one row. */
static const char routines_sql[] =
	"SELECT r.ROUTINE_SCHEMA, r.ROUTINE_NAME, r.ROUTINE_TYPE, p.args, r.DEFINER, r.SECURITY_TYPE,"
	" CASE WHEN r.ROUTINE_DEFINITION IS NULL THEN NULL ELSE SHA2(CONCAT_WS('\\0', r.ROUTINE_TYPE, r.ROUTINE_SCHEMA, r.ROUTINE_NAME,"
	" COALESCE(p.args, ''), COALESCE(p.everything, ''), COALESCE(r.DTD_IDENTIFIER, ''), r.ROUTINE_BODY,"
	" COALESCE(r.EXTERNAL_LANGUAGE, ''), r.IS_DETERMINISTIC, r.SQL_DATA_ACCESS, r.SECURITY_TYPE, r.SQL_MODE, r.DEFINER,"
	" r.CHARACTER_SET_CLIENT, r.COLLATION_CONNECTION, r.DATABASE_COLLATION, r.ROUTINE_DEFINITION), 256) END"
	" FROM information_schema.ROUTINES r LEFT JOIN (SELECT SPECIFIC_SCHEMA, SPECIFIC_NAME, ROUTINE_TYPE,"
	" GROUP_CONCAT(CASE WHEN ORDINAL_POSITION > 0 THEN DTD_IDENTIFIER END ORDER BY ORDINAL_POSITION SEPARATOR ', ') AS args,"
	" GROUP_CONCAT(CONCAT_WS(' ', ORDINAL_POSITION, PARAMETER_MODE, PARAMETER_NAME, DTD_IDENTIFIER, COLLATION_NAME)"
	" ORDER BY ORDINAL_POSITION SEPARATOR ', ') AS everything FROM information_schema.PARAMETERS"
	" GROUP BY SPECIFIC_SCHEMA, SPECIFIC_NAME, ROUTINE_TYPE) p"
	" ON p.SPECIFIC_SCHEMA = r.ROUTINE_SCHEMA AND p.SPECIFIC_NAME = r.SPECIFIC_NAME AND p.ROUTINE_TYPE = r.ROUTINE_TYPE"
	" ORDER BY CAST(r.ROUTINE_SCHEMA AS BINARY), CAST(r.ROUTINE_NAME AS BINARY), r.ROUTINE_TYPE";
static const char events_sql[] =
	"SELECT EVENT_SCHEMA, EVENT_NAME, 'EVENT', '', DEFINER, 'DEFINER', SHA2(CONCAT_WS('\\0', EVENT_SCHEMA, EVENT_NAME, DEFINER,"
	" SQL_MODE, STATUS, EVENT_TYPE, COALESCE(EXECUTE_AT, ''), COALESCE(INTERVAL_VALUE, ''), COALESCE(INTERVAL_FIELD, ''),"
	" ON_COMPLETION, EVENT_DEFINITION), 256)"
	" FROM information_schema.EVENTS ORDER BY CAST(EVENT_SCHEMA AS BINARY), CAST(EVENT_NAME AS BINARY)";

int my_read_routines(struct my_reading *rd)
{
	int err = my_rows(rd, routines_sql, 7, take_routine);

	return err ? err : my_rows(rd, events_sql, 7, take_routine);
}
