/*
 * Catalog functions that change nothing, whatever their arguments: a statement that calls only
 * these does not count as writing, so its record need not be on disk before it runs. It is no
 * permission: policies judge every call by itself.
 */
#include "facts.h"

#include <stdlib.h>

/* Sorted by bytes. */
static const char *const harmless[] = {
	/* clang-format off */
	"abs", "age", "array_agg", "array_append", "array_cat", "array_length", "array_lower", "array_position",
	"array_positions", "array_prepend", "array_remove", "array_replace", "array_to_json", "array_to_string",
	"array_upper", "ascii", "avg", "bit_and", "bit_length", "bit_or", "bool_and", "bool_or", "btrim",
	"cardinality", "cbrt", "ceil", "ceiling", "char_length", "character_length", "chr", "clock_timestamp",
	"col_description", "concat", "concat_ws", "convert_from", "convert_to", "corr", "cos", "count", "covar_pop",
	"covar_samp", "cume_dist", "current_database", "current_schema", "current_schemas", "current_setting", "date",
	"date_bin", "date_part", "date_trunc", "decode", "degrees", "dense_rank", "div", "encode", "enum_range",
	"every", "exp", "extract", "first_value", "floor", "format", "format_type", "gcd", "gen_random_uuid",
	"generate_series", "generate_subscripts", "has_any_column_privilege", "has_column_privilege",
	"has_schema_privilege", "has_table_privilege", "host", "inet_server_addr", "initcap", "isfinite", "json_agg",
	"json_array_elements", "json_array_elements_text", "json_array_length", "json_build_array",
	"json_build_object", "json_each", "json_each_text", "json_extract_path", "json_extract_path_text",
	"json_object", "json_object_agg", "json_object_keys", "json_strip_nulls", "json_to_record",
	"json_to_recordset", "json_typeof", "jsonb_agg", "jsonb_array_elements", "jsonb_array_elements_text",
	"jsonb_array_length", "jsonb_build_array", "jsonb_build_object", "jsonb_each", "jsonb_each_text",
	"jsonb_extract_path", "jsonb_extract_path_text", "jsonb_insert", "jsonb_object", "jsonb_object_agg",
	"jsonb_object_keys", "jsonb_path_exists", "jsonb_path_query", "jsonb_path_query_array",
	"jsonb_path_query_first", "jsonb_pretty", "jsonb_set", "jsonb_strip_nulls", "jsonb_to_record",
	"jsonb_to_recordset", "jsonb_typeof", "justify_days", "justify_hours", "justify_interval", "lag",
	"last_value", "lead", "left", "length", "like_escape", "ln", "log", "log10", "lower", "lpad", "ltrim",
	"make_date", "make_interval", "make_time", "make_timestamp", "make_timestamptz", "max", "md5", "min", "mod",
	"mode", "normalize", "now", "nth_value", "ntile", "num_nonnulls", "num_nulls", "numeric", "obj_description",
	"octet_length", "overlaps", "overlay", "parse_ident", "percent_rank", "percentile_cont", "percentile_disc",
	"pg_advisory_unlock_all" /* its own */,
	"pg_backend_pid", "pg_client_encoding", "pg_column_size", "pg_encoding_to_char", "pg_function_is_visible",
	"pg_get_constraintdef", "pg_get_expr", "pg_get_function_arguments", "pg_get_function_identity_arguments",
	"pg_get_function_result", "pg_get_functiondef", "pg_get_indexdef", "pg_get_keywords", "pg_get_partkeydef",
	"pg_get_ruledef", "pg_get_serial_sequence", "pg_get_triggerdef", "pg_get_userbyid", "pg_get_viewdef",
	"pg_is_in_recovery", "pg_my_temp_schema", "pg_postmaster_start_time", "pg_relation_size", "pg_size_pretty",
	"pg_table_is_visible", "pg_table_size", "pg_total_relation_size", "pg_type_is_visible", "pg_typeof", "pi",
	"position", "power", "quote_ident", "quote_literal", "quote_nullable", "radians", "random", "rank",
	"regexp_match", "regexp_matches", "regexp_replace", "regexp_split_to_array", "regexp_split_to_table",
	"regr_slope", "repeat", "replace", "reverse", "right", "round", "row_number", "row_to_json", "rpad", "rtrim",
	"scale", "sha224", "sha256", "sha384", "sha512", "shobj_description", "sign", "similar_to_escape", "sin",
	"split_part", "sqrt", "starts_with", "statement_timestamp", "stddev", "stddev_pop", "stddev_samp",
	"string_agg", "string_to_array", "string_to_table", "strpos", "substr", "substring", "sum", "tan", "text",
	"timeofday", "timezone", "to_char", "to_date", "to_hex", "to_json", "to_jsonb", "to_number", "to_regclass",
	"to_regtype", "to_timestamp", "to_tsquery", "to_tsvector", "transaction_timestamp", "translate", "trim_array",
	"trunc", "ts_headline", "ts_rank", "unnest", "upper", "var_pop", "var_samp", "variance", "version",
	"websearch_to_tsquery", "width_bucket",
	/* clang-format on */
};

static int compare(const void *key, const void *element)
{
	return strcmp(key, *(const char *const *)element);
}

/* An unqualified name may be shadowed by an overload of the user's; that still has to pass the
 * policy. */
bool spg_function_is_harmless(const char *schema, const char *name)
{
	if (!name || (schema && strcmp(schema, "pg_catalog") != 0))
		return false;
	return bsearch(name, harmless, QW_COUNT(harmless), sizeof(harmless[0]), compare) != NULL;
}
