#include "room.h"

/*
 * Columns of the server's own catalogs that repeat data (statistics, large objects), hold credentials, or hold definitions in
 * which literals may stand. Everything else of pg_catalog names and numbers things.
 */
struct known {
	const char *relation, *columns; /* each with a blank on both sides */
	enum system_column kind;
};

static const struct known known[] = {
	{"pg_statistic", " stanullfrac stawidth stadistinct stanumbers1 stanumbers2 stanumbers3 stanumbers4 stanumbers5 stavalues1"
		" stavalues2 stavalues3 stavalues4 stavalues5 ", SYSTEM_SECRET},
	{"pg_statistic_ext_data", " stxdndistinct stxddependencies stxdmcv stxdexpr ", SYSTEM_SECRET},
	{"pg_authid", " rolpassword ", SYSTEM_SECRET},
	{"pg_user_mapping", " umoptions ", SYSTEM_SECRET},
	{"pg_subscription", " subconninfo ", SYSTEM_SECRET},
	{"pg_largeobject", " data ", SYSTEM_SECRET},
	{"pg_foreign_server", " srvoptions ", SYSTEM_SECRET},
	{"pg_foreign_data_wrapper", " fdwoptions ", SYSTEM_DEFINITION},
	{"pg_foreign_table", " ftoptions ", SYSTEM_DEFINITION},
	{"pg_proc", " prosrc probin prosqlbody proargdefaults proconfig ", SYSTEM_DEFINITION},
	{"pg_rewrite", " ev_qual ev_action ", SYSTEM_DEFINITION},
	{"pg_attrdef", " adbin ", SYSTEM_DEFINITION},
	{"pg_constraint", " conbin ", SYSTEM_DEFINITION},
	{"pg_index", " indexprs indpred ", SYSTEM_DEFINITION},
	{"pg_class", " relpartbound reloptions ", SYSTEM_DEFINITION},
	{"pg_partitioned_table", " partexprs ", SYSTEM_DEFINITION},
	{"pg_description", " description ", SYSTEM_DEFINITION},
	{"pg_shdescription", " description ", SYSTEM_DEFINITION},
	{"pg_trigger", " tgargs tgqual ", SYSTEM_DEFINITION},
	{"pg_policy", " polqual polwithcheck ", SYSTEM_DEFINITION},
	{"pg_enum", " enumlabel ", SYSTEM_DEFINITION},
	{"pg_db_role_setting", " setconfig ", SYSTEM_DEFINITION},
	{"pg_attribute", " attmissingval attfdwoptions attoptions ", SYSTEM_DEFINITION},
	{"pg_type", " typdefault typdefaultbin ", SYSTEM_DEFINITION},
	{"pg_statistic_ext", " stxexprs ", SYSTEM_DEFINITION},
	{"pg_publication_rel", " prqual ", SYSTEM_DEFINITION},
	{"pg_aggregate", " agginitval aggminitval ", SYSTEM_DEFINITION},
	{"pg_extension", " extcondition ", SYSTEM_DEFINITION},
	{"pg_seclabel", " label ", SYSTEM_DEFINITION},
	{"pg_shseclabel", " label ", SYSTEM_DEFINITION},
};

enum system_column labels_system_kind(const struct labels *l, const struct catalog_relation *r, const char *column)
{
	switch (catalog_dialect(l->catalog)) {
	case CATALOG_POSTGRES:
		return strcmp(r->schema, "pg_catalog") == 0 ? labels_system_column(r->name, column) : SYSTEM_PLAIN;
	case CATALOG_MYSQL:
		return labels_system_column_mysql(r->schema, r->name, column);
	}
	return SYSTEM_SECRET;
}

enum system_column labels_system_column(const char *relation, const char *column)
{
	size_t n = strlen(column);

	for (size_t i = 0; i < QW_COUNT(known); i++) {
		const char *at = known[i].columns;

		if (strcmp(known[i].relation, relation) != 0)
			continue;
		while (n && (at = strstr(at, column))) {
			if (at[-1] == ' ' && at[n] == ' ')
				return known[i].kind;
			at += n;
		}
		return SYSTEM_PLAIN;
	}
	return SYSTEM_PLAIN;
}
