#include "room.h"

#include "qw/functions.h"

/*
 * Columns of the server's own catalogs that repeat data (statistics, large objects), hold credentials, or hold definitions in
 * which literals may stand. Everything else of pg_catalog names and numbers things.
 */
enum { HARMLESS = 1u << 30 }; /* no data stand in it */
struct known {
	const char *relation, *columns; /* each with a blank on both sides */
	enum system_column kind;
	/* of definitions: may be compared when the database has no data in this kind (CATALOG_QUIET_*); 0: never */
	unsigned unless;
};

static const struct known known[] = {
	{"pg_statistic", " stanullfrac stawidth stadistinct stanumbers1 stanumbers2 stanumbers3 stanumbers4 stanumbers5 stavalues1"
		" stavalues2 stavalues3 stavalues4 stavalues5 ", SYSTEM_SECRET, 0},
	{"pg_statistic_ext_data", " stxdndistinct stxddependencies stxdmcv stxdexpr ", SYSTEM_SECRET, 0},
	{"pg_authid", " rolpassword ", SYSTEM_SECRET, 0},
	{"pg_user_mapping", " umoptions ", SYSTEM_SECRET, 0},
	{"pg_subscription", " subconninfo ", SYSTEM_SECRET, 0},
	{"pg_largeobject", " data ", SYSTEM_SECRET, 0},
	{"pg_foreign_server", " srvoptions ", SYSTEM_SECRET, 0},
	{"pg_foreign_data_wrapper", " fdwoptions ", SYSTEM_DEFINITION, 0},
	{"pg_foreign_table", " ftoptions ", SYSTEM_DEFINITION, 0},
	{"pg_proc", " prosrc prosqlbody proconfig ", SYSTEM_DEFINITION, 0},
	{"pg_proc", " probin ", SYSTEM_DEFINITION, HARMLESS},
	{"pg_proc", " proargdefaults ", SYSTEM_DEFINITION, CATALOG_QUIET_ARGUMENTS},
	{"pg_rewrite", " ev_qual ev_action ", SYSTEM_DEFINITION, 0},
	{"pg_attrdef", " adbin ", SYSTEM_DEFINITION, CATALOG_QUIET_DEFAULTS},
	{"pg_constraint", " conbin ", SYSTEM_DEFINITION, CATALOG_QUIET_CHECKS},
	{"pg_index", " indexprs indpred ", SYSTEM_DEFINITION, CATALOG_QUIET_INDEXES},
	{"pg_class", " relpartbound ", SYSTEM_DEFINITION, 0},
	{"pg_class", " reloptions ", SYSTEM_DEFINITION, HARMLESS},
	{"pg_partitioned_table", " partexprs ", SYSTEM_DEFINITION, 0},
	{"pg_description", " description ", SYSTEM_DEFINITION, CATALOG_QUIET_COMMENTS},
	{"pg_shdescription", " description ", SYSTEM_DEFINITION, CATALOG_QUIET_COMMENTS},
	{"pg_trigger", " tgargs tgqual ", SYSTEM_DEFINITION, 0},
	{"pg_policy", " polqual polwithcheck ", SYSTEM_DEFINITION, 0},
	{"pg_enum", " enumlabel ", SYSTEM_DEFINITION, CATALOG_QUIET_ENUMS},
	{"pg_db_role_setting", " setconfig ", SYSTEM_DEFINITION, 0},
	{"pg_attribute", " attmissingval attfdwoptions ", SYSTEM_DEFINITION, 0},
	{"pg_attribute", " attoptions ", SYSTEM_DEFINITION, HARMLESS},
	{"pg_type", " typdefault typdefaultbin ", SYSTEM_DEFINITION, 0},
	{"pg_statistic_ext", " stxexprs ", SYSTEM_DEFINITION, 0},
	{"pg_publication_rel", " prqual ", SYSTEM_DEFINITION, CATALOG_QUIET_FILTERS},
	{"pg_aggregate", " agginitval aggminitval ", SYSTEM_DEFINITION, 0},
	{"pg_extension", " extcondition ", SYSTEM_DEFINITION, 0},
	{"pg_seclabel", " label ", SYSTEM_DEFINITION, 0},
	{"pg_shseclabel", " label ", SYSTEM_DEFINITION, 0},
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

static bool names_it(const char *names, const char *column)
{
	size_t n = strlen(column);

	for (const char *at = names; n && (at = strstr(at, column)); at += n)
		if (at[-1] == ' ' && at[n] == ' ')
			return true;
	return false;
}

static const struct known *find(const char *relation, const char *column)
{
	for (size_t i = 0; i < QW_COUNT(known); i++)
		if (strcmp(known[i].relation, relation) == 0 && names_it(known[i].columns, column))
			return &known[i];
	return NULL;
}

enum system_column labels_system_column(const char *relation, const char *column)
{
	const struct known *k = find(relation, column);

	return k ? k->kind : SYSTEM_PLAIN;
}

static bool may_hold_data(const struct labels *l, unsigned unless)
{
	return unless != HARMLESS && !(catalog_quiet(l->catalog) & unless);
}

bool labels_system_is_guarded(const struct labels *l, const char *relation, const char *column)
{
	const struct known *k = find(relation, column);

	return k && k->kind == SYSTEM_DEFINITION && may_hold_data(l, k->unless);
}

/* Functions that return definitions of a kind of which the catalog tells. What the others are given tells of what they return. */
static const struct {
	const char *name;
	unsigned unless;
} functions[] = {
	{"col_description", CATALOG_QUIET_COMMENTS}, {"obj_description", CATALOG_QUIET_COMMENTS},
	{"shobj_description", CATALOG_QUIET_COMMENTS}, {"pg_get_constraintdef", CATALOG_QUIET_CHECKS},
	{"pg_get_expr", HARMLESS}, {"pg_options_to_table", HARMLESS}, {"pg_get_function_arg_default", CATALOG_QUIET_ARGUMENTS},
	{"pg_get_function_arguments", CATALOG_QUIET_ARGUMENTS}, {"pg_get_indexdef", CATALOG_QUIET_INDEXES},
	{"pg_get_publication_tables", CATALOG_QUIET_FILTERS},
};

bool labels_system_returns_guarded(const struct labels *l, const struct functions_entry *e)
{
	for (size_t i = 0; i < QW_COUNT(functions); i++)
		if (strcmp(functions[i].name, e->name) == 0)
			return may_hold_data(l, functions[i].unless);
	return e->class == FUNCTIONS_LABEL && strcmp(e->category, "leak-definition") == 0;
}
