/*
 * Statement kinds that do one thing to one object named in one field. What crosses the database's
 * border (extensions, servers, subscriptions, event triggers, languages, casts, operators ...) is
 * DDL_OTHER, so that "ddl.create" in a policy means tables, views, functions and the like.
 */
#include "../handlers.h"

#define RULE(tag, verb_, object_, how_, field_)                                                    \
	[T_##tag] = {.verb = QW_VERB_##verb_,                                                      \
		.object = OBJECT_##object_,                                                        \
		.how = DDL_NAME_##how_,                                                            \
		.field = offsetof(tag, field_)}
#define RULE_REPLACE(tag, verb_, object_, how_, field_)                                            \
	[T_##tag] = {.verb = QW_VERB_##verb_,                                                      \
		.object = OBJECT_##object_,                                                        \
		.how = DDL_NAME_##how_,                                                            \
		.field = offsetof(tag, field_),                                                    \
		.replace = offsetof(tag, replace)}
#define RULE_BARE(tag, verb_, object_)                                                             \
	[T_##tag] = {.verb = QW_VERB_##verb_, .object = OBJECT_##object_, .how = DDL_NAME_NONE}

/* Verb 0 is UNPARSED: no rule. */
static const struct ddl_rule rules[NODE_SHAPES] = {
	RULE(AlterCollationStmt, DDL_OTHER, COLLATION, LIST, collname),
	RULE(AlterDatabaseRefreshCollStmt, DDL_ALTER, DATABASE, TEXT, dbname),
	RULE(AlterDatabaseSetStmt, DDL_ALTER, DATABASE, TEXT, dbname),
	RULE(AlterDatabaseStmt, DDL_ALTER, DATABASE, TEXT, dbname),
	RULE_BARE(AlterDefaultPrivilegesStmt, DDL_GRANT, DEFACL),
	RULE(AlterEnumStmt, DDL_ALTER, TYPE, LIST, typeName),
	RULE(AlterEventTrigStmt, DDL_OTHER, EVENT_TRIGGER, TEXT, trigname),
	RULE(AlterExtensionStmt, DDL_OTHER, EXTENSION, TEXT, extname),
	RULE(AlterFdwStmt, DDL_OTHER, FDW, TEXT, fdwname),
	RULE(AlterForeignServerStmt, DDL_OTHER, FOREIGN_SERVER, TEXT, servername),
	RULE(AlterFunctionStmt, DDL_ALTER, FUNCTION, ARGS, func),
	RULE(AlterOpFamilyStmt, DDL_OTHER, OPFAMILY, LIST, opfamilyname),
	RULE(AlterOperatorStmt, DDL_OTHER, OPERATOR, ARGS, opername),
	RULE(AlterPolicyStmt, DDL_OTHER, POLICY, RELATION, table),
	RULE(AlterPublicationStmt, DDL_OTHER, PUBLICATION, TEXT, pubname),
	RULE(AlterSeqStmt, DDL_ALTER, SEQUENCE, RELATION, sequence),
	RULE(AlterStatsStmt, DDL_ALTER, STATISTIC_EXT, LIST, defnames),
	RULE(AlterSubscriptionStmt, DDL_OTHER, SUBSCRIPTION, TEXT, subname),
	RULE(AlterTSConfigurationStmt, DDL_OTHER, TSCONFIGURATION, LIST, cfgname),
	RULE(AlterTSDictionaryStmt, DDL_OTHER, TSDICTIONARY, LIST, dictname),
	RULE(AlterTableMoveAllStmt, DDL_OTHER, TABLESPACE, TEXT, orig_tablespacename),
	RULE(AlterTableSpaceOptionsStmt, DDL_OTHER, TABLESPACE, TEXT, tablespacename),
	RULE(AlterTypeStmt, DDL_ALTER, TYPE, LIST, typeName),
	RULE(AlterUserMappingStmt, DDL_OTHER, USER_MAPPING, TEXT, servername),
	RULE(ClusterStmt, MAINTAIN, TABLE, RELATION, relation),
	RULE(CompositeTypeStmt, DDL_CREATE, TYPE, RELATION, typevar),
	RULE_BARE(ConstraintsSetStmt, TX_SET, TABCONSTRAINT),
	RULE(CreateAmStmt, DDL_OTHER, ACCESS_METHOD, TEXT, amname),
	RULE_BARE(CreateCastStmt, DDL_OTHER, CAST),
	RULE(CreateConversionStmt, DDL_OTHER, CONVERSION, LIST, conversion_name),
	RULE(CreateDomainStmt, DDL_CREATE, DOMAIN, LIST, domainname),
	RULE(CreateEnumStmt, DDL_CREATE, TYPE, LIST, typeName),
	RULE(CreateEventTrigStmt, DDL_OTHER, EVENT_TRIGGER, TEXT, trigname),
	RULE(CreateExtensionStmt, DDL_OTHER, EXTENSION, TEXT, extname),
	RULE(CreateFdwStmt, DDL_OTHER, FDW, TEXT, fdwname),
	RULE(CreateForeignServerStmt, DDL_OTHER, FOREIGN_SERVER, TEXT, servername),
	RULE_REPLACE(CreateFunctionStmt, DDL_CREATE, FUNCTION, LIST, funcname),
	RULE(CreateOpClassStmt, DDL_OTHER, OPCLASS, LIST, opclassname),
	RULE(CreateOpFamilyStmt, DDL_OTHER, OPFAMILY, LIST, opfamilyname),
	RULE_REPLACE(CreatePLangStmt, DDL_OTHER, LANGUAGE, TEXT, plname),
	RULE(CreatePolicyStmt, DDL_OTHER, POLICY, RELATION, table),
	RULE(CreatePublicationStmt, DDL_OTHER, PUBLICATION, TEXT, pubname),
	RULE(CreateRangeStmt, DDL_CREATE, TYPE, LIST, typeName),
	RULE(CreateRoleStmt, DDL_ROLE, ROLE, TEXT, role),
	RULE(CreateSchemaStmt, DDL_CREATE, SCHEMA, TEXT, schemaname),
	RULE(CreateSeqStmt, DDL_CREATE, SEQUENCE, RELATION, sequence),
	RULE(CreateStatsStmt, DDL_CREATE, STATISTIC_EXT, RELATION, relations),
	RULE(CreateSubscriptionStmt, DDL_OTHER, SUBSCRIPTION, TEXT, subname),
	RULE(CreateTableSpaceStmt, DDL_OTHER, TABLESPACE, TEXT, tablespacename),
	[T_CreateTransformStmt] = {.verb = QW_VERB_DDL_OTHER,
		.object = OBJECT_TRANSFORM,
		.how = DDL_NAME_NONE,
		.replace = offsetof(CreateTransformStmt, replace)},
	RULE_REPLACE(CreateTrigStmt, DDL_CREATE, TRIGGER, RELATION, relation),
	RULE(CreateUserMappingStmt, DDL_OTHER, USER_MAPPING, TEXT, servername),
	RULE(CreatedbStmt, DDL_CREATE, DATABASE, TEXT, dbname),
	RULE_BARE(DropOwnedStmt, DDL_DROP, ROLE),
	RULE(DropSubscriptionStmt, DDL_DROP, SUBSCRIPTION, TEXT, subname),
	RULE(DropTableSpaceStmt, DDL_DROP, TABLESPACE, TEXT, tablespacename),
	RULE(DropUserMappingStmt, DDL_DROP, USER_MAPPING, TEXT, servername),
	RULE(DropdbStmt, DDL_DROP, DATABASE, TEXT, dbname),
	RULE(ImportForeignSchemaStmt, DDL_OTHER, SCHEMA, TEXT, local_schema),
	RULE(IndexStmt, DDL_CREATE, INDEX, RELATION, relation),
	RULE(LockStmt, LOCK, TABLE, RELATION, relations),
	RULE_BARE(ReassignOwnedStmt, DDL_GRANT, ROLE),
	RULE(RefreshMatViewStmt, MAINTAIN, MATVIEW, RELATION, relation),
	RULE_REPLACE(RuleStmt, DDL_CREATE, RULE, RELATION, relation),
	RULE(TruncateStmt, TRUNCATE, TABLE, RELATION, relations),
	RULE(VacuumStmt, MAINTAIN, TABLE, RELATION, rels),
	RULE_REPLACE(ViewStmt, DDL_CREATE, VIEW, RELATION, view),
};

const struct ddl_rule *spg_ddl_rule_of(NodeTag tag)
{
	return rules[tag].verb ? &rules[tag] : NULL;
}
