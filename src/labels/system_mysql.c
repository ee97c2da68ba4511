#include "room.h"

/*
 * MySQL's and MariaDB's own schemas. What is listed names and counts things, but for the columns that are said to hold definitions
 * (in which literals may stand) or secrets: data, statements of others, variables. What is not listed is a secret: histograms, locks,
 * buffers and caches repeat data, `mysql` holds credentials and logs, performance_schema statements.
 */
struct known {
	const char *relation, *definitions, *secrets; /* each column with a blank on both sides */
};

static const struct known information_schema[] = {
	{"all_plugins", "", ""}, {"applicable_roles", "", ""}, {"administrable_role_authorizations", "", ""}, {"character_sets", "", ""},
	{"check_constraints", " check_clause ", ""}, {"collations", "", ""}, {"collation_character_set_applicability", "", ""},
	{"columns", " column_default column_type column_comment generation_expression ", ""}, {"column_privileges", "", ""},
	{"enabled_roles", "", ""}, {"engines", "", ""}, {"events", " event_definition event_comment ", ""}, {"geometry_columns", "", ""},
	{"global_status", "", ""}, {"global_variables", " variable_value ", ""}, {"index_statistics", "", ""}, {"keywords", "", ""},
	{"key_caches", "", ""}, {"key_column_usage", "", ""}, {"parameters", "", ""},
	{"partitions", " partition_expression subpartition_expression partition_description partition_comment ", ""},
	{"plugins", "", ""}, {"processlist", "", " info info_binary "}, {"profiling", "", ""}, {"referential_constraints", "", ""},
	{"role_column_grants", "", ""}, {"role_routine_grants", "", ""}, {"role_table_grants", "", ""},
	{"routines", " routine_definition routine_comment ", ""}, {"schemata", " schema_comment ", ""}, {"schema_privileges", "", ""},
	{"session_status", "", ""}, {"session_variables", " variable_value ", ""}, {"spatial_ref_sys", "", ""}, {"sql_functions", "", ""},
	{"statistics", " comment index_comment expression ", ""}, {"st_geometry_columns", "", ""}, {"st_spatial_reference_systems", "", ""},
	{"st_units_of_measure", "", ""},
	{"system_variables", " session_value global_value default_value variable_comment enum_value_list ", ""},
	{"tables", " table_comment create_options ", ""}, {"table_constraints", "", ""}, {"table_privileges", "", ""},
	{"table_statistics", "", ""}, {"triggers", " action_statement action_condition ", ""}, {"user_privileges", "", ""},
	{"user_statistics", "", ""}, {"views", " view_definition ", ""}, {"view_routine_usage", "", ""}, {"view_table_usage", "", ""},
};

static const struct known performance_schema[] = {
	{"global_status", "", ""}, {"global_variables", " variable_value ", ""}, {"session_status", "", ""},
	{"session_variables", " variable_value ", ""},
};

static const struct known mysql[] = {
	{"help_category", "", ""}, {"help_keyword", "", ""}, {"help_relation", "", ""}, {"help_topic", "", ""}, {"time_zone", "", ""},
	{"time_zone_leap_second", "", ""}, {"time_zone_name", "", ""},
	{"time_zone_transition", "", ""}, {"time_zone_transition_type", "", ""},
};

static bool holds(const char *columns, const char *column)
{
	size_t n = strlen(column);

	for (const char *at = n ? strstr(columns, column) : NULL; at; at = strstr(at + n, column))
		if (at[-1] == ' ' && at[n] == ' ')
			return true;
	return false;
}

static enum system_column kind_in(const struct known *list, size_t count, const char *relation, const char *column)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(list[i].relation, relation) != 0)
			continue;
		if (holds(list[i].secrets, column))
			return SYSTEM_SECRET;
		return holds(list[i].definitions, column) ? SYSTEM_DEFINITION : SYSTEM_PLAIN;
	}
	return SYSTEM_SECRET;
}

enum system_column labels_system_column_mysql(const char *schema, const char *relation, const char *column)
{
	if (strcmp(schema, "information_schema") == 0)
		return kind_in(information_schema, QW_COUNT(information_schema), relation, column);
	if (strcmp(schema, "performance_schema") == 0)
		return kind_in(performance_schema, QW_COUNT(performance_schema), relation, column);
	if (strcmp(schema, "mysql") == 0)
		return kind_in(mysql, QW_COUNT(mysql), relation, column);
	return SYSTEM_SECRET;
}
