/* Names of things: dotted names of the tree, and what the kinds of objects are called. */
#include "facts.h"

static const char *part_at(const List *name, int at)
{
	const Node *n;

	if (!name || at < 0 || at >= list_length(name))
		return NULL;
	n = list_nth(name, at);
	return n && IsA(n, String) ? strVal(n) : NULL;
}

const char *spg_name_last(const List *name)
{
	return part_at(name, list_length(name) - 1);
}

const char *spg_name_schema(const List *name)
{
	return part_at(name, list_length(name) - 2);
}

static const char *const object_names[] = {
	[OBJECT_ACCESS_METHOD] = "access method",
	[OBJECT_AGGREGATE] = "aggregate",
	[OBJECT_AMOP] = "operator of an access method",
	[OBJECT_AMPROC] = "function of an access method",
	[OBJECT_ATTRIBUTE] = "attribute",
	[OBJECT_CAST] = "cast",
	[OBJECT_COLUMN] = "column",
	[OBJECT_COLLATION] = "collation",
	[OBJECT_CONVERSION] = "conversion",
	[OBJECT_DATABASE] = "database",
	[OBJECT_DEFAULT] = "default",
	[OBJECT_DEFACL] = "default privileges",
	[OBJECT_DOMAIN] = "domain",
	[OBJECT_DOMCONSTRAINT] = "domain constraint",
	[OBJECT_EVENT_TRIGGER] = "event trigger",
	[OBJECT_EXTENSION] = "extension",
	[OBJECT_FDW] = "foreign data wrapper",
	[OBJECT_FOREIGN_SERVER] = "server",
	[OBJECT_FOREIGN_TABLE] = "foreign table",
	[OBJECT_FUNCTION] = "function",
	[OBJECT_INDEX] = "index",
	[OBJECT_LANGUAGE] = "language",
	[OBJECT_LARGEOBJECT] = "large object",
	[OBJECT_MATVIEW] = "materialized view",
	[OBJECT_OPCLASS] = "operator class",
	[OBJECT_OPERATOR] = "operator",
	[OBJECT_OPFAMILY] = "operator family",
	[OBJECT_PARAMETER_ACL] = "parameter",
	[OBJECT_POLICY] = "policy",
	[OBJECT_PROCEDURE] = "procedure",
	[OBJECT_PUBLICATION] = "publication",
	[OBJECT_PUBLICATION_NAMESPACE] = "schema of a publication",
	[OBJECT_PUBLICATION_REL] = "table of a publication",
	[OBJECT_ROLE] = "role",
	[OBJECT_ROUTINE] = "routine",
	[OBJECT_RULE] = "rule",
	[OBJECT_SCHEMA] = "schema",
	[OBJECT_SEQUENCE] = "sequence",
	[OBJECT_SUBSCRIPTION] = "subscription",
	[OBJECT_STATISTIC_EXT] = "statistics",
	[OBJECT_TABCONSTRAINT] = "constraint",
	[OBJECT_TABLE] = "table",
	[OBJECT_TABLESPACE] = "tablespace",
	[OBJECT_TRANSFORM] = "transform",
	[OBJECT_TRIGGER] = "trigger",
	[OBJECT_TSCONFIGURATION] = "text search configuration",
	[OBJECT_TSDICTIONARY] = "text search dictionary",
	[OBJECT_TSPARSER] = "text search parser",
	[OBJECT_TSTEMPLATE] = "text search template",
	[OBJECT_TYPE] = "type",
	[OBJECT_USER_MAPPING] = "user mapping",
	[OBJECT_VIEW] = "view",
	[OBJECT_ANY_RELATION] = "relation",
};

const char *spg_object_name(int object)
{
	if (object < 0 || (size_t)object >= QW_COUNT(object_names) || !object_names[object])
		return "object";
	return object_names[object];
}

enum qw_object_kind spg_object_kind(int object)
{
	switch (object) {
	case OBJECT_TABLE:
	case OBJECT_VIEW:
	case OBJECT_INDEX:
	case OBJECT_SEQUENCE:
	case OBJECT_MATVIEW:
	case OBJECT_FOREIGN_TABLE:
	case OBJECT_ANY_RELATION:
		return QW_OBJECT_RELATION;
	case OBJECT_FUNCTION:
	case OBJECT_PROCEDURE:
	case OBJECT_AGGREGATE:
	case OBJECT_ROUTINE:
		return QW_OBJECT_FUNCTION;
	}
	return QW_OBJECT_OTHER;
}

bool spg_object_hangs_on_relation(int object)
{
	return object == OBJECT_TRIGGER || object == OBJECT_RULE || object == OBJECT_POLICY ||
	       object == OBJECT_COLUMN || object == OBJECT_TABCONSTRAINT;
}
