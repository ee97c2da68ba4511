/*
 * Native functions that change nothing, of either flavour. Not here: what waits, locks or reads files (sleep, benchmark, get_lock,
 * load_file, ..._wait), and what only the servers' own views may call. A native name always means the native function.
 */
#include "facts.h"

static const char *const names[] = {
	"abs", "acos", "add_months", "addtime", "aes_decrypt", "aes_encrypt", "any_value", "asin", "atan", "atan2",
	"bin", "bin_to_uuid", "binlog_gtid_pos", "bit_count", "bit_length", "ceil", "ceiling", "char_length",
	"character_length", "chr", "coalesce", "coercibility", "collation", "column_check", "column_exists",
	"column_json", "column_list", "compress", "concat", "concat_operator_oracle", "concat_ws", "connection_id",
	"contains", "conv", "convert_tz", "cos", "cot", "crc32", "crc32c", "current_role", "database", "date_format",
	"datediff", "dayname", "dayofmonth", "dayofweek", "dayofyear", "decode", "decode_oracle", "degrees",
	"des_decrypt", "des_encrypt", "elt", "encode", "encrypt", "exp", "export_set", "extractvalue", "field",
	"find_in_set", "floor", "format", "format_bytes", "format_pico_time", "found_rows", "from_base64",
	"from_days", "from_unixtime", "from_vector", "geometrycollection", "glength", "greatest", "gtid_subset",
	"gtid_subtract", "hex", "icu_version", "ifnull", "inet6_aton", "inet6_ntoa", "inet_aton", "inet_ntoa",
	"instr", "is_free_lock", "is_ipv4", "is_ipv4_compat", "is_ipv4_mapped", "is_ipv6", "is_used_lock", "is_uuid",
	"isnull", "json_array", "json_array_append", "json_array_insert", "json_compact", "json_contains",
	"json_contains_path", "json_depth", "json_detailed", "json_equals", "json_exists", "json_extract",
	"json_insert", "json_keys", "json_length", "json_loose", "json_merge", "json_merge_patch",
	"json_merge_preserve", "json_normalize", "json_object", "json_overlaps", "json_pretty", "json_query",
	"json_quote", "json_remove", "json_replace", "json_schema_valid", "json_schema_validation_report",
	"json_search", "json_set", "json_storage_free", "json_storage_size", "json_type", "json_unquote",
	"json_valid", "json_value", "last_day", "last_insert_id", "lcase", "least", "length", "lengthb",
	"linestring", "ln", "locate", "log", "log10", "log2", "lower", "lpad", "lpad_oracle", "ltrim",
	"ltrim_oracle", "make_set", "makedate", "maketime", "mbrcontains", "mbrcoveredby", "mbrcovers",
	"mbrdisjoint", "mbrequals", "mbrintersects", "mbroverlaps", "mbrtouches", "mbrwithin", "md5", "microsecond",
	"mod", "monthname", "multilinestring", "multipoint", "multipolygon", "name_const", "natural_sort_key",
	"nullif", "nvl", "nvl2", "oct", "octet_length", "old_password", "ord", "overlaps", "password", "period_add",
	"period_diff", "pi", "point", "polygon", "pow", "power", "quarter", "quote", "radians", "rand",
	"random_bytes", "regexp_instr", "regexp_like", "regexp_replace", "regexp_substr", "replace_oracle",
	"reverse", "round", "row_count", "rpad", "rpad_oracle", "rtrim", "rtrim_oracle", "schema", "sec_to_time",
	"sformat", "sha", "sha1", "sha2", "sign", "sin", "soundex", "space", "sqrt", "st_area", "st_asbinary",
	"st_asgeojson", "st_astext", "st_aswkb", "st_aswkt", "st_buffer", "st_buffer_strategy", "st_centroid",
	"st_contains", "st_convexhull", "st_crosses", "st_difference", "st_dimension", "st_disjoint", "st_distance",
	"st_distance_sphere", "st_endpoint", "st_envelope", "st_equals", "st_exteriorring", "st_frechetdistance",
	"st_geohash", "st_geomcollfromtext", "st_geomcollfromtxt", "st_geomcollfromwkb",
	"st_geometrycollectionfromtext", "st_geometrycollectionfromwkb", "st_geometryfromtext", "st_geometryfromwkb",
	"st_geometryn", "st_geometrytype", "st_geomfromgeojson", "st_geomfromtext", "st_geomfromwkb",
	"st_hausdorffdistance", "st_interiorringn", "st_intersection", "st_intersects", "st_isclosed", "st_isempty",
	"st_issimple", "st_isvalid", "st_latfromgeohash", "st_latitude", "st_length", "st_linefromtext",
	"st_linefromwkb", "st_lineinterpolatepoint", "st_lineinterpolatepoints", "st_linestringfromtext",
	"st_linestringfromwkb", "st_longfromgeohash", "st_longitude", "st_makeenvelope", "st_mlinefromtext",
	"st_mlinefromwkb", "st_mpointfromtext", "st_mpointfromwkb", "st_mpolyfromtext", "st_mpolyfromwkb",
	"st_multilinestringfromtext", "st_multilinestringfromwkb", "st_multipointfromtext", "st_multipointfromwkb",
	"st_multipolygonfromtext", "st_multipolygonfromwkb", "st_numgeometries", "st_numinteriorring",
	"st_numinteriorrings", "st_numpoints", "st_overlaps", "st_pointatdistance", "st_pointfromgeohash",
	"st_pointfromtext", "st_pointfromwkb", "st_pointn", "st_polyfromtext", "st_polyfromwkb",
	"st_polygonfromtext", "st_polygonfromwkb", "st_simplify", "st_srid", "st_startpoint", "st_swapxy",
	"st_symdifference", "st_touches", "st_transform", "st_union", "st_validate", "st_within", "st_x", "st_y",
	"str_to_date", "strcmp", "string_to_vector", "substr_oracle", "substring_index", "subtime", "sys_guid",
	"tan", "time_format", "time_to_sec", "timediff", "to_base64", "to_char", "to_days", "to_seconds",
	"to_vector", "ucase", "uncompress", "uncompressed_length", "unhex", "unix_timestamp", "updatexml", "upper",
	"uuid", "uuid_short", "uuid_to_bin", "vector_dim", "vector_to_string", "version", "week", "weekday",
	"weekofyear", "within", "yearweek"};

bool myfacts_is_harmless(const char *name)
{
	size_t low = 0, high = QW_COUNT(names);

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = strcmp(name, names[mid]);

		if (order == 0)
			return true;
		if (order < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return false;
}
