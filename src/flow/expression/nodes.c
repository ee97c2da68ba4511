/* Nodes of expressions, with every field that a server of 13 to 18 prints (PostgreSQL nodes/primnodes.h). */
#include "nodes.h"

/* clang-format off */
/* One letter a kind keeps a node's fields on a line. */
#define _(name) {#name, NODE_FIELD_INERT}
#define C(name) {#name, NODE_FIELD_CHILD}
#define Q(name) {#name, NODE_FIELD_QUESTION}
#define W(name) {#name, NODE_FIELD_FILTER}
#define F(name) {#name, NODE_FIELD_FUNCTION}
#define M(name) {#name, NODE_FIELD_FUNCTION_MAYBE}
#define O(name) {#name, NODE_FIELD_OPERATOR}
#define P(name) {#name, NODE_FIELD_OPERATORS}
#define T(name) {#name, NODE_FIELD_TYPE}
#define Y(name) {#name, NODE_FIELD_TYPES}
#define D(name) {#name, NODE_FIELD_DOMAIN}
#define S(name) {#name, NODE_FIELD_SORTS}

static const struct node_field aggref_fields[] = {F(aggfnoid), T(aggtype), _(aggcollid),
	_(inputcollid), _(aggtranstype), _(aggargtypes), C(aggdirectargs), C(args), S(aggorder),
	S(aggdistinct), W(aggfilter), _(aggstar), _(aggvariadic), _(aggkind), _(aggpresorted),
	_(agglevelsup), _(aggsplit), _(aggno), _(aggtransno), _(location)};
static const struct node_field arraycoerceexpr_fields[] = {C(arg), C(elemexpr), T(resulttype),
	_(resulttypmod), _(resultcollid), _(coerceformat), _(location)};
static const struct node_field arrayexpr_fields[] = {T(array_typeid), _(array_collid),
	_(element_typeid), C(elements), _(multidims), _(list_start), _(list_end), _(location)};
static const struct node_field booleantest_fields[] = {C(arg), _(booltesttype), _(location)};
static const struct node_field boolexpr_fields[] = {_(boolop), C(args), _(location)};
static const struct node_field caseexpr_fields[] = {T(casetype), _(casecollid), Q(arg), C(args),
	C(defresult), _(location)};
static const struct node_field casetestexpr_fields[] = {T(typeId), _(typeMod), _(collation)};
static const struct node_field casewhen_fields[] = {Q(expr), C(result), _(location)};
static const struct node_field coalesceexpr_fields[] = {T(coalescetype), _(coalescecollid),
	C(args), _(location)};
static const struct node_field coercetodomain_fields[] = {C(arg), D(resulttype),
	_(resulttypmod), _(resultcollid), _(coercionformat), _(location)};
static const struct node_field coercetodomainvalue_fields[] = {T(typeId), _(typeMod),
	_(collation), _(location)};
static const struct node_field coerceviaio_fields[] = {C(arg), T(resulttype), _(resultcollid),
	_(coerceformat), _(location)};
static const struct node_field collateexpr_fields[] = {C(arg), _(collOid), _(location)};
static const struct node_field const_fields[] = {T(consttype), _(consttypmod), _(constcollid),
	_(constlen), _(constbyval), _(constisnull), _(location), _(constvalue)};
static const struct node_field convertrowtypeexpr_fields[] = {C(arg), T(resulttype),
	_(convertformat), _(location)};
static const struct node_field currentofexpr_fields[] = {_(cvarno), _(cursor_name),
	_(cursor_param)};
static const struct node_field distinctexpr_fields[] = {O(opno), M(opfuncid), _(opresulttype),
	_(opretset), _(opcollid), _(inputcollid), C(args), _(location)};
static const struct node_field fieldselect_fields[] = {C(arg), _(fieldnum), T(resulttype),
	_(resulttypmod), _(resultcollid)};
static const struct node_field fieldstore_fields[] = {C(arg), C(newvals), _(fieldnums),
	T(resulttype)};
static const struct node_field funcexpr_fields[] = {F(funcid), T(funcresulttype), _(funcretset),
	_(funcvariadic), _(funcformat), _(funccollid), _(inputcollid), C(args), _(location)};
static const struct node_field groupingfunc_fields[] = {C(args), _(refs), _(cols),
	_(agglevelsup), _(location)};
static const struct node_field inferenceelem_fields[] = {C(expr), _(infercollid),
	_(inferopclass)};
static const struct node_field jsonbehavior_fields[] = {_(btype), C(expr), _(coerce),
	_(location)};
static const struct node_field jsonconstructorexpr_fields[] = {_(type), C(args), C(func),
	C(coercion), C(returning), _(absent_on_null), _(unique), _(location)};
static const struct node_field jsonexpr_fields[] = {_(op), _(column_name), C(formatted_expr),
	C(format), C(path_spec), C(returning), _(passing_names), C(passing_values), C(on_empty),
	C(on_error), _(use_io_coercion), _(use_json_coercion), _(wrapper), _(omit_quotes),
	_(collation), _(location)};
static const struct node_field jsonformat_fields[] = {_(format_type), _(encoding), _(location)};
static const struct node_field jsonispredicate_fields[] = {C(expr), C(format), _(item_type),
	_(unique_keys), _(location)};
static const struct node_field jsonreturning_fields[] = {C(format), T(typid), _(typmod)};
static const struct node_field jsontablepath_fields[] = {C(value), _(name)};
static const struct node_field jsontablepathscan_fields[] = {C(path), _(errorOnError), C(child),
	_(colMin), _(colMax)};
static const struct node_field jsontablesiblingjoin_fields[] = {C(lplan), C(rplan)};
static const struct node_field jsonvalueexpr_fields[] = {C(raw_expr), C(formatted_expr),
	C(format)};
static const struct node_field mergesupportfunc_fields[] = {_(msftype), _(msfcollid),
	_(location)};
static const struct node_field minmaxexpr_fields[] = {T(minmaxtype), _(minmaxcollid),
	_(inputcollid), _(op), C(args), _(location)};
static const struct node_field namedargexpr_fields[] = {C(arg), _(name), _(argnumber),
	_(location)};
static const struct node_field nextvalueexpr_fields[] = {_(seqid), _(typeId)};
static const struct node_field nullifexpr_fields[] = {O(opno), M(opfuncid), T(opresulttype),
	_(opretset), _(opcollid), _(inputcollid), C(args), _(location)};
static const struct node_field nulltest_fields[] = {C(arg), _(nulltesttype), _(argisrow),
	_(location)};
static const struct node_field opexpr_fields[] = {O(opno), M(opfuncid), T(opresulttype),
	_(opretset), _(opcollid), _(inputcollid), C(args), _(location)};
static const struct node_field rangetblfunction_fields[] = {C(funcexpr), _(funccolcount),
	_(funccolnames), Y(funccoltypes), _(funccoltypmods), _(funccolcollations), _(funcparams)};
static const struct node_field relabeltype_fields[] = {C(arg), T(resulttype), _(resulttypmod),
	_(resultcollid), _(relabelformat), _(location)};
static const struct node_field returningexpr_fields[] = {_(retlevelsup), _(retold), C(retexpr)};
static const struct node_field rowcompareexpr_fields[] = {_(cmptype), _(rctype), P(opnos),
	_(opfamilies), _(inputcollids), C(largs), C(rargs)};
static const struct node_field rowexpr_fields[] = {C(args), T(row_typeid), _(row_format),
	_(colnames), _(location)};
static const struct node_field scalararrayopexpr_fields[] = {O(opno), M(opfuncid),
	M(hashfuncid), M(negfuncid), _(useOr), _(inputcollid), C(args), _(location)};
static const struct node_field settodefault_fields[] = {_(typeId), _(typeMod), _(collation),
	_(location)};
static const struct node_field sqlvaluefunction_fields[] = {_(op), T(type), _(typmod),
	_(location)};
static const struct node_field subscriptingref_fields[] = {T(refcontainertype), _(refelemtype),
	T(refrestype), _(reftypmod), _(refcollid), C(refupperindexpr), C(reflowerindexpr),
	C(refexpr), C(refassgnexpr)};
static const struct node_field tablefunc_fields[] = {_(functype), C(ns_uris), _(ns_names),
	C(docexpr), C(rowexpr), _(colnames), Y(coltypes), _(coltypmods), _(colcollations),
	C(colexprs), C(coldefexprs), C(colvalexprs), C(passingvalexprs), _(notnulls), C(plan),
	_(ordinalitycol), _(location)};
static const struct node_field tablesampleclause_fields[] = {_(tsmhandler), C(args),
	C(repeatable)};
static const struct node_field targetentry_fields[] = {C(expr), _(resno), _(resname),
	_(ressortgroupref), _(resorigtbl), _(resorigcol), _(resjunk)};
static const struct node_field windowfunc_fields[] = {F(winfnoid), T(wintype), _(wincollid),
	_(inputcollid), C(args), W(aggfilter), C(runCondition), _(winref), _(winstar),
	_(winagg), _(location)};
static const struct node_field xmlexpr_fields[] = {_(op), _(name), C(named_args), _(arg_names),
	C(args), _(xmloption), _(indent), T(type), _(typmod), _(location)};

static const struct node_type types[] = { /* sorted */
	{"AGGREF", NODE_AGGREGATE, "an argument of aggregate", aggref_fields, QW_COUNT(aggref_fields)},
	{"ARRAYCOERCEEXPR", NODE_PLAIN, "part of a cast", arraycoerceexpr_fields, QW_COUNT(arraycoerceexpr_fields)},
	{"ARRAYEXPR", NODE_PLAIN, "part of an array", arrayexpr_fields, QW_COUNT(arrayexpr_fields)},
	{"BOOLEANTEST", NODE_PLAIN, "part of a test", booleantest_fields, QW_COUNT(booleantest_fields)},
	{"BOOLEXPR", NODE_PLAIN, NULL, boolexpr_fields, QW_COUNT(boolexpr_fields)},
	{"CASEEXPR", NODE_PLAIN, "part of a CASE expression", caseexpr_fields, QW_COUNT(caseexpr_fields)},
	{"CASETESTEXPR", NODE_PLAIN, NULL, casetestexpr_fields, QW_COUNT(casetestexpr_fields)},
	{"CASEWHEN", NODE_PLAIN, "part of a CASE expression", casewhen_fields, QW_COUNT(casewhen_fields)},
	{"COALESCEEXPR", NODE_PLAIN, "part of COALESCE", coalesceexpr_fields, QW_COUNT(coalesceexpr_fields)},
	{"COERCETODOMAIN", NODE_PLAIN, "part of a cast", coercetodomain_fields, QW_COUNT(coercetodomain_fields)},
	{"COERCETODOMAINVALUE", NODE_PLAIN, NULL, coercetodomainvalue_fields, QW_COUNT(coercetodomainvalue_fields)},
	{"COERCEVIAIO", NODE_PLAIN, "part of a cast", coerceviaio_fields, QW_COUNT(coerceviaio_fields)},
	{"COLLATEEXPR", NODE_PLAIN, NULL, collateexpr_fields, QW_COUNT(collateexpr_fields)},
	{"CONST", NODE_PLAIN, NULL, const_fields, QW_COUNT(const_fields)},
	{"CONVERTROWTYPEEXPR", NODE_PLAIN, "part of a cast", convertrowtypeexpr_fields, QW_COUNT(convertrowtypeexpr_fields)},
	{"CURRENTOFEXPR", NODE_PLAIN, NULL, currentofexpr_fields, QW_COUNT(currentofexpr_fields)},
	{"DISTINCTEXPR", NODE_PLAIN, "compared by IS DISTINCT FROM", distinctexpr_fields, QW_COUNT(distinctexpr_fields)},
	{"FIELDSELECT", NODE_PLAIN, "part of a row", fieldselect_fields, QW_COUNT(fieldselect_fields)},
	{"FIELDSTORE", NODE_PLAIN, "part of a row", fieldstore_fields, QW_COUNT(fieldstore_fields)},
	{"FUNCEXPR", NODE_FUNCTION, "an argument of function", funcexpr_fields, QW_COUNT(funcexpr_fields)},
	{"GROUPINGFUNC", NODE_PLAIN, "an argument of GROUPING", groupingfunc_fields, QW_COUNT(groupingfunc_fields)},
	{"INFERENCEELEM", NODE_PLAIN, NULL, inferenceelem_fields, QW_COUNT(inferenceelem_fields)},
	{"JSONBEHAVIOR", NODE_PLAIN, "part of a JSON function", jsonbehavior_fields, QW_COUNT(jsonbehavior_fields)},
	{"JSONCONSTRUCTOREXPR", NODE_PLAIN, "part of a JSON constructor", jsonconstructorexpr_fields, QW_COUNT(jsonconstructorexpr_fields)},
	{"JSONEXPR", NODE_PLAIN, "part of a JSON function", jsonexpr_fields, QW_COUNT(jsonexpr_fields)},
	{"JSONFORMAT", NODE_PLAIN, NULL, jsonformat_fields, QW_COUNT(jsonformat_fields)},
	{"JSONISPREDICATE", NODE_PLAIN, "part of IS JSON", jsonispredicate_fields, QW_COUNT(jsonispredicate_fields)},
	{"JSONRETURNING", NODE_PLAIN, NULL, jsonreturning_fields, QW_COUNT(jsonreturning_fields)},
	{"JSONTABLEPATH", NODE_PLAIN, NULL, jsontablepath_fields, QW_COUNT(jsontablepath_fields)},
	{"JSONTABLEPATHSCAN", NODE_PLAIN, NULL, jsontablepathscan_fields, QW_COUNT(jsontablepathscan_fields)},
	{"JSONTABLESIBLINGJOIN", NODE_PLAIN, NULL, jsontablesiblingjoin_fields, QW_COUNT(jsontablesiblingjoin_fields)},
	{"JSONVALUEEXPR", NODE_PLAIN, "part of a JSON function", jsonvalueexpr_fields, QW_COUNT(jsonvalueexpr_fields)},
	{"MERGESUPPORTFUNC", NODE_PLAIN, NULL, mergesupportfunc_fields, QW_COUNT(mergesupportfunc_fields)},
	{"MINMAXEXPR", NODE_PLAIN, "part of GREATEST or LEAST", minmaxexpr_fields, QW_COUNT(minmaxexpr_fields)},
	{"NAMEDARGEXPR", NODE_PLAIN, NULL, namedargexpr_fields, QW_COUNT(namedargexpr_fields)},
	{"NEXTVALUEEXPR", NODE_PLAIN, NULL, nextvalueexpr_fields, QW_COUNT(nextvalueexpr_fields)},
	{"NULLIFEXPR", NODE_PLAIN, "part of NULLIF", nullifexpr_fields, QW_COUNT(nullifexpr_fields)},
	{"NULLTEST", NODE_PLAIN, "part of IS NULL", nulltest_fields, QW_COUNT(nulltest_fields)},
	{"OPEXPR", NODE_PLAIN, "an operand", opexpr_fields, QW_COUNT(opexpr_fields)},
	{"PARAM", NODE_PARAM, NULL, NULL, 0},
	{"RANGETBLFUNCTION", NODE_PLAIN, NULL, rangetblfunction_fields, QW_COUNT(rangetblfunction_fields)},
	{"RELABELTYPE", NODE_PLAIN, "part of a cast", relabeltype_fields, QW_COUNT(relabeltype_fields)},
	{"RETURNINGEXPR", NODE_PLAIN, NULL, returningexpr_fields, QW_COUNT(returningexpr_fields)},
	{"ROWCOMPAREEXPR", NODE_PLAIN, "part of a row comparison", rowcompareexpr_fields, QW_COUNT(rowcompareexpr_fields)},
	{"ROWEXPR", NODE_PLAIN, "part of a row", rowexpr_fields, QW_COUNT(rowexpr_fields)},
	{"SCALARARRAYOPEXPR", NODE_PLAIN, "an operand", scalararrayopexpr_fields, QW_COUNT(scalararrayopexpr_fields)},
	{"SETTODEFAULT", NODE_PLAIN, NULL, settodefault_fields, QW_COUNT(settodefault_fields)},
	{"SQLVALUEFUNCTION", NODE_PLAIN, NULL, sqlvaluefunction_fields, QW_COUNT(sqlvaluefunction_fields)},
	{"SUBLINK", NODE_SUBLINK, "the result of a subquery", NULL, 0},
	{"SUBSCRIPTINGREF", NODE_PLAIN, "part of a subscript", subscriptingref_fields, QW_COUNT(subscriptingref_fields)},
	{"TABLEFUNC", NODE_PLAIN, "part of XMLTABLE or JSON_TABLE", tablefunc_fields, QW_COUNT(tablefunc_fields)},
	{"TABLESAMPLECLAUSE", NODE_PLAIN, NULL, tablesampleclause_fields, QW_COUNT(tablesampleclause_fields)},
	{"TARGETENTRY", NODE_PLAIN, NULL, targetentry_fields, QW_COUNT(targetentry_fields)},
	{"VAR", NODE_VAR, NULL, NULL, 0},
	{"WINDOWFUNC", NODE_WINDOW, "an argument of window function", windowfunc_fields, QW_COUNT(windowfunc_fields)},
	{"XMLEXPR", NODE_PLAIN, "part of an XML function", xmlexpr_fields, QW_COUNT(xmlexpr_fields)},
};

/* clang-format on */

const struct node_type *node_type_find(const char *type)
{
	size_t low = 0, high = QW_COUNT(types);

	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = strcmp(type, types[middle].type);

		if (order == 0)
			return &types[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}
