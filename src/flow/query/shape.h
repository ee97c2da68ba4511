/*
 * Shapes of the nodes that flow takes apart by name: every field that a server of 13 to 18 prints. A node with any other field
 * is refused, so that nothing of a new version can be overlooked. (Expressions are in nodes.c.)
 */
#ifndef FLOW_SHAPE_H
#define FLOW_SHAPE_H

#include "qw/querytree.h"

/* clang-format off */
#define QUERY_FIELDS(X) X(QUERY, commandType) X(QUERY, querySource) X(QUERY, canSetTag) \
	X(QUERY, utilityStmt) X(QUERY, resultRelation) X(QUERY, hasAggs) \
	X(QUERY, hasWindowFuncs) X(QUERY, hasTargetSRFs) X(QUERY, hasSubLinks) \
	X(QUERY, hasDistinctOn) X(QUERY, hasRecursive) X(QUERY, hasModifyingCTE) \
	X(QUERY, hasForUpdate) X(QUERY, hasRowSecurity) X(QUERY, hasGroupRTE) X(QUERY, isReturn) \
	X(QUERY, cteList) X(QUERY, rtable) X(QUERY, rteperminfos) X(QUERY, jointree) \
	X(QUERY, mergeActionList) X(QUERY, mergeTargetRelation) X(QUERY, mergeJoinCondition) \
	X(QUERY, mergeUseOuterJoin) X(QUERY, targetList) X(QUERY, override) X(QUERY, onConflict) \
	X(QUERY, returningOldAlias) X(QUERY, returningNewAlias) X(QUERY, returningList) \
	X(QUERY, groupClause) X(QUERY, groupDistinct) X(QUERY, groupingSets) \
	X(QUERY, havingQual) X(QUERY, windowClause) X(QUERY, distinctClause) \
	X(QUERY, sortClause) X(QUERY, limitOffset) X(QUERY, limitCount) X(QUERY, limitOption) \
	X(QUERY, rowMarks) X(QUERY, setOperations) X(QUERY, constraintDeps) \
	X(QUERY, withCheckOptions) X(QUERY, stmt_location) X(QUERY, stmt_len)
#define RTE_FIELDS(X) X(RTE, alias) X(RTE, eref) X(RTE, rtekind) X(RTE, relid) X(RTE, inh) \
	X(RTE, relkind) X(RTE, rellockmode) X(RTE, perminfoindex) X(RTE, tablesample) \
	X(RTE, subquery) X(RTE, security_barrier) X(RTE, jointype) X(RTE, joinmergedcols) \
	X(RTE, joinaliasvars) X(RTE, joinleftcols) X(RTE, joinrightcols) \
	X(RTE, join_using_alias) X(RTE, functions) X(RTE, funcordinality) X(RTE, tablefunc) \
	X(RTE, values_lists) X(RTE, ctename) X(RTE, ctelevelsup) X(RTE, self_reference) \
	X(RTE, coltypes) X(RTE, coltypmods) X(RTE, colcollations) X(RTE, enrname) \
	X(RTE, enrtuples) X(RTE, groupexprs) X(RTE, lateral) X(RTE, inFromCl) \
	X(RTE, requiredPerms) X(RTE, checkAsUser) X(RTE, selectedCols) X(RTE, insertedCols) \
	X(RTE, updatedCols) X(RTE, extraUpdatedCols) X(RTE, securityQuals)
#define VAR_FIELDS(X) X(VAR, varno) X(VAR, varattno) X(VAR, vartype) X(VAR, vartypmod) \
	X(VAR, varcollid) X(VAR, varnullingrels) X(VAR, varlevelsup) X(VAR, varreturningtype) \
	X(VAR, varnosyn) X(VAR, varattnosyn) X(VAR, location)
#define TARGET_FIELDS(X) X(TARGET, expr) X(TARGET, resno) X(TARGET, resname) \
	X(TARGET, ressortgroupref) X(TARGET, resorigtbl) X(TARGET, resorigcol) \
	X(TARGET, resjunk)
#define CTE_FIELDS(X) X(CTE, ctename) X(CTE, aliascolnames) X(CTE, ctematerialized) \
	X(CTE, ctequery) X(CTE, search_clause) X(CTE, cycle_clause) X(CTE, location) \
	X(CTE, cterecursive) X(CTE, cterefcount) X(CTE, ctecolnames) X(CTE, ctecoltypes) \
	X(CTE, ctecoltypmods) X(CTE, ctecolcollations)
#define SETOP_FIELDS(X) X(SETOP, op) X(SETOP, all) X(SETOP, larg) X(SETOP, rarg) \
	X(SETOP, colTypes) X(SETOP, colTypmods) X(SETOP, colCollations) X(SETOP, groupClauses)
#define SORT_FIELDS(X) X(SORT, tleSortGroupRef) X(SORT, eqop) X(SORT, sortop) \
	X(SORT, reverse_sort) X(SORT, nulls_first) X(SORT, hashable)
#define WINDOW_FIELDS(X) X(WINDOW, name) X(WINDOW, refname) X(WINDOW, partitionClause) \
	X(WINDOW, orderClause) X(WINDOW, frameOptions) X(WINDOW, startOffset) \
	X(WINDOW, endOffset) X(WINDOW, runCondition) X(WINDOW, startInRangeFunc) \
	X(WINDOW, endInRangeFunc) X(WINDOW, inRangeColl) X(WINDOW, inRangeAsc) \
	X(WINDOW, inRangeNullsFirst) X(WINDOW, winref) X(WINDOW, copiedOrder)
#define CONFLICT_FIELDS(X) X(CONFLICT, action) X(CONFLICT, arbiterElems) \
	X(CONFLICT, arbiterWhere) X(CONFLICT, constraint) X(CONFLICT, onConflictSet) \
	X(CONFLICT, onConflictWhere) X(CONFLICT, exclRelIndex) X(CONFLICT, exclRelTlist)
#define ACTION_FIELDS(X) X(ACTION, matched) X(ACTION, matchKind) X(ACTION, commandType) \
	X(ACTION, override) X(ACTION, qual) X(ACTION, targetList) X(ACTION, updateColnos)
#define CHECK_FIELDS(X) X(CHECK, kind) X(CHECK, relname) X(CHECK, polname) X(CHECK, qual) \
	X(CHECK, cascaded)
#define ROWMARK_FIELDS(X) X(ROWMARK, rti) X(ROWMARK, strength) X(ROWMARK, waitPolicy) \
	X(ROWMARK, pushedDown)
#define JOIN_FIELDS(X) X(JOIN, jointype) X(JOIN, isNatural) X(JOIN, larg) X(JOIN, rarg) \
	X(JOIN, usingClause) X(JOIN, join_using_alias) X(JOIN, quals) X(JOIN, alias) \
	X(JOIN, rtindex)
#define FROM_FIELDS(X) X(FROM, fromlist) X(FROM, quals)
#define REF_FIELDS(X) X(REF, rtindex)
#define SUBLINK_FIELDS(X) X(SUBLINK, subLinkType) X(SUBLINK, subLinkId) X(SUBLINK, testexpr) \
	X(SUBLINK, operName) X(SUBLINK, subselect) X(SUBLINK, location)
#define PARAM_FIELDS(X) X(PARAM, paramkind) X(PARAM, paramid) X(PARAM, paramtype) \
	X(PARAM, paramtypmod) X(PARAM, paramcollid) X(PARAM, location)
#define CONST_FIELDS(X) X(CONST, consttype) X(CONST, consttypmod) X(CONST, constcollid) \
	X(CONST, constlen) X(CONST, constbyval) X(CONST, constisnull) X(CONST, location) \
	X(CONST, constvalue)
#define BOOL_FIELDS(X) X(BOOL, boolop) X(BOOL, args) X(BOOL, location)
#define RELABEL_FIELDS(X) X(RELABEL, arg) X(RELABEL, resulttype) X(RELABEL, resulttypmod) \
	X(RELABEL, resultcollid) X(RELABEL, relabelformat) X(RELABEL, location)
#define COLLATE_FIELDS(X) X(COLLATE, arg) X(COLLATE, collOid) X(COLLATE, location)
#define RETURNING_FIELDS(X) X(RETURNING, retlevelsup) X(RETURNING, retold) X(RETURNING, retexpr)
#define FUNCTION_FIELDS(X) X(FUNCTION, funcexpr) X(FUNCTION, funccolcount) \
	X(FUNCTION, funccolnames) X(FUNCTION, funccoltypes) X(FUNCTION, funccoltypmods) \
	X(FUNCTION, funccolcollations) X(FUNCTION, funcparams)
#define SAMPLE_FIELDS(X) X(SAMPLE, tsmhandler) X(SAMPLE, args) X(SAMPLE, repeatable)

/* Shape, and the node type that servers from 15 on print. */
#define SHAPES(X) X(QUERY, "QUERY") X(RTE, "RANGETBLENTRY") X(VAR, "VAR") \
	X(TARGET, "TARGETENTRY") X(CTE, "COMMONTABLEEXPR") X(SETOP, "SETOPERATIONSTMT") \
	X(SORT, "SORTGROUPCLAUSE") X(WINDOW, "WINDOWCLAUSE") X(CONFLICT, "ONCONFLICTEXPR") \
	X(ACTION, "MERGEACTION") X(CHECK, "WITHCHECKOPTION") X(ROWMARK, "ROWMARKCLAUSE") \
	X(JOIN, "JOINEXPR") X(FROM, "FROMEXPR") X(REF, "RANGETBLREF") X(SUBLINK, "SUBLINK") \
	X(PARAM, "PARAM") X(CONST, "CONST") X(BOOL, "BOOLEXPR") X(RELABEL, "RELABELTYPE") X(COLLATE, "COLLATEEXPR") \
	X(RETURNING, "RETURNINGEXPR") X(FUNCTION, "RANGETBLFUNCTION") \
	X(SAMPLE, "TABLESAMPLECLAUSE")

#define SHAPE_FIELD(shape, field) FIELD_##shape##_##field,
enum { QUERY_FIELDS(SHAPE_FIELD) QUERY_FIELD_COUNT };
enum { RTE_FIELDS(SHAPE_FIELD) RTE_FIELD_COUNT };
enum { VAR_FIELDS(SHAPE_FIELD) VAR_FIELD_COUNT };
enum { TARGET_FIELDS(SHAPE_FIELD) TARGET_FIELD_COUNT };
enum { CTE_FIELDS(SHAPE_FIELD) CTE_FIELD_COUNT };
enum { SETOP_FIELDS(SHAPE_FIELD) SETOP_FIELD_COUNT };
enum { SORT_FIELDS(SHAPE_FIELD) SORT_FIELD_COUNT };
enum { WINDOW_FIELDS(SHAPE_FIELD) WINDOW_FIELD_COUNT };
enum { CONFLICT_FIELDS(SHAPE_FIELD) CONFLICT_FIELD_COUNT };
enum { ACTION_FIELDS(SHAPE_FIELD) ACTION_FIELD_COUNT };
enum { CHECK_FIELDS(SHAPE_FIELD) CHECK_FIELD_COUNT };
enum { ROWMARK_FIELDS(SHAPE_FIELD) ROWMARK_FIELD_COUNT };
enum { JOIN_FIELDS(SHAPE_FIELD) JOIN_FIELD_COUNT };
enum { FROM_FIELDS(SHAPE_FIELD) FROM_FIELD_COUNT };
enum { REF_FIELDS(SHAPE_FIELD) REF_FIELD_COUNT };
enum { SUBLINK_FIELDS(SHAPE_FIELD) SUBLINK_FIELD_COUNT };
enum { PARAM_FIELDS(SHAPE_FIELD) PARAM_FIELD_COUNT };
enum { CONST_FIELDS(SHAPE_FIELD) CONST_FIELD_COUNT };
enum { BOOL_FIELDS(SHAPE_FIELD) BOOL_FIELD_COUNT };
enum { RELABEL_FIELDS(SHAPE_FIELD) RELABEL_FIELD_COUNT };
enum { COLLATE_FIELDS(SHAPE_FIELD) COLLATE_FIELD_COUNT };
enum { RETURNING_FIELDS(SHAPE_FIELD) RETURNING_FIELD_COUNT };
enum { FUNCTION_FIELDS(SHAPE_FIELD) FUNCTION_FIELD_COUNT };
enum { SAMPLE_FIELDS(SHAPE_FIELD) SAMPLE_FIELD_COUNT };

/* clang-format on */
enum shape {
#define X(shape, type) SHAPE_##shape,
	SHAPES(X)
#undef X
};

/*
 * slots[FIELD_...] := the value of each field; of a field that this version does not print, a value of kind NONE. `slots` has as
 * many as the shape has fields. False: `v` is no such node, or has a field that is not named here.
 */
bool shape_read(enum shape shape, const struct qtree_value *v, const struct qtree_value **slots);
#define SLOT(slots, shape, field) ((slots)[FIELD_##shape##_##field])

/* The type's name as servers from 15 on print it. */
const char *shape_type(const struct qtree_node *n);

#endif
